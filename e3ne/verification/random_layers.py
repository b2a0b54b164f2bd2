"""Random layers of random networks: windows, synapses, pools, neurons of both kinds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeVar

from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.lif_rules import FIRES, RESETS, TIMINGS, rule_problem
from e3ne.dialects.snn import (
    BipolarAttr,
    MembraneType,
    PhaseAttr,
    RadixAttr,
    TrainType,
    TtfsAttr,
    TtfsLinearAttr,
    WeightedAttr,
    Window,
)
from e3ne.verification.networks import NetworkBuilder
from e3ne.verification.specification import Layer

Options = dict[str, Any]
Choice = TypeVar("Choice")

TAPS_OF_SUMS = 9
BITS_OF_SUMS = 5
"""Of what is summed: sums of sums would get long."""


class LayerDrawer:
    """Draws layer after layer and keeps them in `layers`; the builder says what shapes have become of the input."""

    def __init__(self, rng: random.Random, builder: NetworkBuilder, seed: int) -> None:
        self.rng, self.builder, self.seed = rng, builder, seed
        self.layers: list[Layer] = []

    @property
    def is_map(self) -> bool:
        """Whether there are still pixels."""
        return len(self.builder.shape) == 3

    @property
    def frames(self) -> int:
        """Time steps that are numbers by themselves."""
        value = self.builder.value.type
        return value.frames if isinstance(value, MembraneType) else self._train().encoding.frames

    def append(self, kind: str, **options: Any) -> None:
        """Appends a layer."""
        layer = Layer(len(self.layers) + 1, kind, options)
        layer.append(self.builder, self.seed)
        self.layers.append(layer)

    def over_map(self) -> None:
        """A convolution with neurons, or a pool."""
        kind = self.rng.choice(("conv", "conv", "conv", "max", "sum"))
        window = self._window(can_pad=kind == "max" or self._train().encoding.has_zero)
        if kind == "conv":
            self._conv(window)
            self.neurons()
        elif kind == "max" and not window.padding_only(*self.builder.shape[1:]):
            self._max_pool(window)
        elif kind == "sum" and window.taps <= TAPS_OF_SUMS and self._train().encoding.bits <= BITS_OF_SUMS:
            self.append("sum_pool", kernel=window.kernel, stride=window.stride, padding=window.padding)

    def dense(self, *, neurons: bool = True) -> None:
        """A dense layer, with neurons or without."""
        self.append("linear", outputs=self._size(6), **self._weights())
        if neurons:
            self.neurons()

    def neurons(self) -> None:
        """Neurons that fit the membranes; sometimes a pool or a flattening before them."""
        if self.is_map and self._one_in(8):
            self._max_pool(self._window(can_pad=False, side_by_side=self._one_in(2)))
        if self.is_map and self._one_in(10):
            self.append("flatten")
        if self.frames > 1 or self._one_in(10):
            self._lif()
        else:
            self._fire()

    def end(self) -> None:
        """Sums over time steps and a class, where they may be."""
        value = self.builder.value.type
        several = isinstance(value, TrainType) and value.encoding.bits > 1
        if several and self.frames == 1 and not self._one_in(10):
            self.dense(neurons=False)
        elif self.frames > 1 and not self._one_in(10 if several else 3):
            self.append("sum_steps")
        value = self.builder.value.type
        if isinstance(value, MembraneType) and value.frames == 1 and not self.is_map and self._one_in(3):
            self.append("argmax")

    def encoding(self) -> WeightedAttr:
        """Of one frame; radix half of the time."""
        rng = self.rng
        others = (
            PhaseAttr.of(rng.randint(1, 3), rng.randint(1, 4)),
            TtfsAttr.of(rng.randint(1, 6)),
            TtfsLinearAttr.of(rng.randint(1, 20)),
            BipolarAttr.of(rng.randint(1, 5)),
        )
        return RadixAttr.of(self._edge((1, 8), 1, 5)) if rng.random() < 0.5 else rng.choice(others)

    def _conv(self, window: Window) -> None:
        channels = self.builder.shape[0]
        groups = self.rng.choice([number for number in range(1, channels + 1) if channels % number == 0])
        self.append(
            "conv",
            outputs=groups * self.rng.randint(1, 3),
            kernel=window.kernel,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
            groups=groups,
            **self._weights(),
        )

    def _weights(self) -> Options:
        options: Options = {"weight_bits": self._edge((1, 8), 1, 5), "bias": self._one_in(3)}
        if self._one_in(12):
            options["spread"] = self.rng.choice(("zero", "least", "greatest"))
        return options

    def _max_pool(self, window: Window) -> None:
        self.append(
            "max_pool",
            kernel=window.kernel,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
        )

    def _fire(self) -> None:
        encoding = self.encoding()
        options: Options = {
            "fraction_bits": self._edge((0, 9), 0, 4),
            "per_layer": self._one_in(3),
            "even": isinstance(encoding, RadixAttr) and self._one_in(4),
            "encoding": encoding,
        }
        self.append("fire", **options, **self._level())

    def _lif(self) -> None:
        rng = self.rng
        rules = [
            (fires, reset, timing)
            for fires in FIRES
            for reset in RESETS
            for timing in TIMINGS
            if rule_problem(fires, reset, timing, several=False, loses_input=False) is None
        ]
        special = [("ge", "subtract", "same_step"), *((fires, "value", "next_step") for fires in FIRES)]
        fires, reset, timing = rng.choice(special if self._one_in(4) else rules)
        options: Options = {"fires": fires, "reset": reset, "timing": timing}
        for name in ("several", "loses_input"):
            wanted = {"several": name == "several", "loses_input": name == "loses_input"}
            if rule_problem(fires, reset, timing, **wanted) is None:
                options[name] = rng.random() < 0.5
        options["decay_bits"] = self._edge((0, 12), 1, 6)
        options["gain_bits"] = self._edge((0, 8), 0, 5)
        options["decay"] = rng.choice((0.0, 0.5, 0.875, 1.0, 1.0))
        if self._one_in(3):
            options["synapse_decay"] = rng.choice((0.0, 0.5, 0.75, 1.0))
        for name, odds in (("least", 4), ("per_channel", 2)):
            options[name] = self._one_in(odds)
        options["resting"] = not self._one_in(3)
        if not self.is_map and not options.get("several") and self._one_in(3):
            options["recurrent_bits"] = rng.randint(1, 4)
        options |= self._level()
        try:
            self.append("lif", **options)
        except VerifyException:
            # More spikes a step than trains can have.
            self.append("lif", **options | {"several": False})

    def _level(self) -> Options:
        return {"level": self.rng.choice(("low", "high"))} if self._one_in(8) else {}

    def _window(self, *, can_pad: bool, side_by_side: bool = False) -> Window:
        """One that fits the map: small, at times padded so far that it is larger than the map."""
        rng, (height, width) = self.rng, self.builder.shape[1:]
        for _ in range(20):
            kernel = self._edge((1, 5), 1, 3), self._edge((1, 5), 1, 3)
            if side_by_side:
                window = Window(kernel, kernel)
            else:
                padding = self._quadruple(2) if can_pad and self._one_in(2) else (0, 0, 0, 0)
                dilation = (rng.randint(1, 3), rng.randint(1, 3)) if self._one_in(4) else (1, 1)
                window = Window(kernel, (rng.randint(1, 3), rng.randint(1, 3)), padding, dilation)
            if min(window.positions(height, width)) >= 1:
                return window
        return Window((1, 1))

    def _quadruple(self, most: int) -> tuple[int, int, int, int]:
        top, left, bottom, right = (self.rng.randint(0, most) for _ in range(4))
        return top, left, bottom, right

    def _train(self) -> TrainType:
        train = self.builder.value.type
        assert isinstance(train, TrainType)
        return train

    def _size(self, most: int) -> int:
        return self._edge((1, 2 * most), 1, most)

    def _edge(self, edges: Sequence[int], low: int, high: int) -> int:
        """An ordinary number, and one time in six an edge."""
        return self.rng.choice(edges) if self._one_in(6) else self.rng.randint(low, high)

    def _one_in(self, count: int) -> bool:
        return self.rng.randrange(count) == 0
