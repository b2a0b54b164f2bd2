"""The order of the work: breadth first, so that little time gives a coarse front and more time a finer one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from e3ne.exploration.clock import Clock, TimeUpError
from e3ne.exploration.hardware import Hardware, read_point
from e3ne.exploration.mixed import best_step, precision_of
from e3ne.exploration.networks import Networks
from e3ne.exploration.point import Network, Precision
from e3ne.exploration.state import State

Show = Callable[[str], None]

NETWORK_SHARE = 0.25
"""Of the time, for networks before the first hardware; what is not measured then comes later."""
VISIT = 4
"""Goals of a network before another one's turn: the first goal takes longest, since it finds the candidates."""
TASK_SHARE = 0.1
TASK_SECONDS = 90.0
"""A goal may take so much of the time, or so many seconds if that is more; it is left out when it takes longer."""
KEPT = 6
"""Networks whose candidates are kept in memory."""
COARSE_ROUNDS = 1
"""Rounds before layers are lowered one by one."""


@dataclass
class Exploration:
    """Works until the time is up or nothing is left to do. All that is found is in the state."""

    networks: Networks
    precisions: Sequence[Precision]
    arguments: Sequence[str]
    """of e3ne compile: the model and its images"""
    floor: float | None
    """percent; None: half a point below the float network"""
    clock: Clock
    show: Show
    _kept: dict[str, Hardware] = field(default_factory=dict[str, Hardware])
    _lowest: bool = False

    @property
    def state(self) -> State:
        """What is found so far."""
        return self.networks.state

    def run(self) -> bool:
        """Whether nothing is left to do."""
        before = self.state.seconds
        try:
            return self._work()
        except TimeUpError:
            return False
        finally:
            self.state.seconds = before + self.clock.passed
            self.state.save()

    def _work(self) -> bool:
        self._tell("the float network")
        self.networks.measure_float()
        for precision in self._unmeasured():
            if self.clock.passed > NETWORK_SHARE * self.clock.seconds and self.state.networks:
                break
            self._measure(precision)
        rounds = 0
        while True:
            rounds += 1
            done = [self._advance(precision) for precision in self._ranked()]
            for precision in self._unmeasured()[:1]:
                self._measure(precision)
                done.append(True)
            if rounds >= COARSE_ROUNDS:
                done.append(self._lower())
            if not any(done):
                return True

    def _unmeasured(self) -> list[Precision]:
        """Those that come fine-tuned first, then from many bits to few."""
        missing = [precision for precision in self.precisions if precision.name not in self.state.networks]
        return sorted(missing, key=lambda p: (not self.networks.is_tuned(p), -p.steps - p.weight_bits, -p.steps))

    def _measure(self, precision: Precision) -> None:
        self._tell(f"{precision.name}: the integer network")
        with self.clock.limit(self.clock.left):
            self.networks.get(precision)

    def _ranked(self) -> list[Precision]:
        """Networks above the floor first, those that another one makes useless last, then by accuracy."""
        names = [precision.name for precision in self.precisions] + self.state.mixed
        found = [self.state.networks[name] for name in names if name in self.state.networks]
        floor = self.accuracy_floor

        def rank(network: Network) -> tuple[bool, bool, float]:
            useless = any(_replaces(other, network) for other in found)
            return (network.accuracy or 0.0) < floor, useless, -(network.accuracy or 0.0)

        return [precision_of(network) for network in sorted(found, key=rank)]

    @property
    def accuracy_floor(self) -> float:
        """Percent of the test images."""
        if self.floor is not None:
            return self.floor
        return (self.state.float_accuracy or 0.0) - 0.5

    def _advance(self, precision: Precision) -> bool:
        """Tries some goals of a network; whether there was one."""
        for number in range(VISIT):
            # Made anew where a task was interrupted.
            hardware = self._hardware(precision)
            task = hardware.next_task()
            if task is None:
                return number > 0
            self._tell(f"{precision.name}: {task.name}")
            try:
                with self.clock.limit(max(TASK_SECONDS, TASK_SHARE * self.clock.seconds)):
                    point = hardware.reach(task)
            except TimeUpError:
                # What was interrupted may be half done: its candidates are not used again.
                self._kept.pop(precision.name, None)
                self.clock.check()
                point = None
            hardware.keep(task, point)
        return True

    def _hardware(self, precision: Precision) -> Hardware:
        hardware = self._kept.pop(precision.name, None)
        if hardware is None:
            with self.clock.limit(self.clock.left):
                network, module = self.networks.get(precision), self.networks.module(precision)
                options = self.networks.options(precision)
                hardware = Hardware(self.state, network, options, self.arguments, module)
        self._kept[precision.name] = hardware
        while len(self._kept) > KEPT:
            self._kept.pop(next(iter(self._kept)))
        return hardware

    def _lower(self) -> bool:
        """Lowers the weights of one layer; whether that was possible."""
        start = max(self.precisions, key=lambda p: (p.steps, p.weight_bits))
        if self.state.mixed:
            start = precision_of(self.state.networks[self.state.mixed[-1]])
        like = [p for p in self.state.points if p.network == Precision(start.steps, start.weight_bits).name]
        if self._lowest or not like:
            return False
        self._tell(f"{start.name}: which layer needs fewer bits")
        widths = sorted({precision.weight_bits for precision in self.precisions})
        with self.clock.limit(self.clock.left):
            step = best_step(
                self.networks, start, widths, self.accuracy_floor, read_point(self.state, like[0]), self.clock.check
            )
        if step is None:
            self._lowest = True
            return False
        self.state.mixed.append(step.precision.name)
        self.state.save()
        return True

    def _tell(self, what: str) -> None:
        state, clock = self.state, self.clock
        count = f"{len(state.points)} points, {len(state.front)} on the front"
        self.show(f"{what} ({count}; {clock.passed / 60:.1f} of {clock.seconds / 60:g} min)")


def _replaces(other: Network, network: Network) -> bool:
    """Whether a uniform network has no more steps and bits than another one, and is as accurate."""
    if other is network or other.weight_bits_by_layer or network.weight_bits_by_layer:
        return False
    smaller = other.steps <= network.steps and other.weight_bits <= network.weight_bits
    return smaller and (other.accuracy or 0.0) >= (network.accuracy or 0.0)
