"""Executes a module before and after each pass of a pipeline and stops at the first pass that changes a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from e3ne.errors import E3neError, ResultsChangedError
from e3ne.passes.effects import Effect, effect_of
from e3ne.pipeline_runner import print_module
from e3ne.semantics.plan import Plan
from e3ne.verification.semantics.finding import Finding, describe_input
from e3ne.verification.semantics.hardware import as_before, as_predicted
from e3ne.verification.semantics.programs import Data, Graph, Hardware, Network, program_of
from e3ne.verification.semantics.relations import relate
from e3ne.verification.semantics.reproducer import Reproducer
from e3ne.verification.semantics.smallest import smallest

SEED = 1


@dataclass(frozen=True)
class _State:
    """A module, what it computes, and for hardware the graph that it was made of, with the passes since then."""

    module: ModuleOp
    program: Network | Graph | Hardware | None
    plan: Plan | None = None
    origin: ModuleOp | None = None
    since: tuple[str, ...] = ()


class PassChecker:
    """The callback of a `PassPipeline`: `count` random inputs for each pass, `say` is told what was compared.

    Raises `ResultsChangedError` for the first pass that breaks its rule, after writing a reproducer into `folder`.
    """

    def __init__(self, count: int, folder: Path, say: Callable[[str], None]) -> None:
        self.count, self.folder, self.say = count, folder, say
        self.before: _State | None = None

    def __call__(self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
        """Called before the first pass and after each."""
        started = time.perf_counter()
        copy = module.clone()
        if previous is None or self.before is None:
            self.before = _state_of(copy, None, "")
            return
        if print_module(copy) == print_module(self.before.module):
            self.before = replace(self.before, since=(*self.before.since, str(previous.pipeline_pass_spec())))
            self.say(f"{previous.name}: the module has not changed")
            return
        compared = self._check(self.before, copy, previous)
        self.say(f"{previous.name}: {compared} ({time.perf_counter() - started:.1f} s)")

    def _check(self, before: _State, module: ModuleOp, applied: ModulePass) -> str:
        spec, effect = str(applied.pipeline_pass_spec()), effect_of(applied)
        try:
            after = _state_of(module, before, spec)
            judge = self._judge(before, after, effect)
            if judge is None:
                self.before = after
                return "not executed, because the module has no single program before or after it"
            data = self._inputs(before, after)
            finding = judge(data)
        except (E3neError, VerifyException) as error:
            what = f"pass '{spec}': what is behind it cannot be compared: {error}"
            raise ResultsChangedError(self._report(before, module, spec, what, None)) from error
        if not finding.holds:
            rule = f"pass '{spec}' breaks its rule ({effect.value}): {finding.message}"
            raise ResultsChangedError(self._report(before, module, spec, rule, _shrunk(data, finding, judge, after)))
        self.before = after
        return f"{_level(before)} to {_level(after)}, {finding.compared}"

    def _judge(self, before: _State, after: _State, effect: Effect) -> Callable[[Data], Finding] | None:
        """What compares the two on some inputs; None where nothing can be."""
        old, new = before.program, after.program
        if isinstance(new, Hardware):
            plan = after.plan
            if plan is not None:
                return lambda data: as_predicted(plan, new, data)
            return (lambda data: as_before(old, new, len(data), SEED)) if isinstance(old, Hardware) else None
        if old is None or new is None or isinstance(old, Hardware):
            return None
        return lambda data: relate(effect, old, new, data)

    def _inputs(self, before: _State, after: _State) -> Data:
        generator = np.random.default_rng(SEED)
        if after.plan is not None:
            return Graph(after.plan, False).draw(self.count, generator)
        if isinstance(after.program, Network | Graph):
            return after.program.draw(self.count, generator)
        return np.zeros((self.count, 1))

    def _report(self, before: _State, module: ModuleOp, spec: str, what: str, data: Data | None) -> str:
        shown = "" if data is None else f"\nsmallest input found: {describe_input(data)}"
        start = before.module if before.origin is None else before.origin
        passes = (spec,) if before.origin is None else (*before.since, spec)
        reproducer = Reproducer(start, before.module, module, passes, self.count, data)
        written = reproducer.write(self.folder, what + shown)
        return f"{what}{shown}\nwritten to {self.folder}: {', '.join(written)}; again: {reproducer.command}"


def _state_of(module: ModuleOp, before: _State | None, spec: str) -> _State:
    program = program_of(module)
    if isinstance(program, Graph):
        return _State(module, program, program.plan, module)
    if isinstance(program, Hardware) and before is not None:
        return _State(module, program, before.plan, before.origin, (*before.since, spec) if before.origin else ())
    return _State(module, program)


def _level(state: _State) -> str:
    return "no program" if state.program is None else state.program.level


def _shrunk(data: Data, finding: Finding, judge: Callable[[Data], Finding], after: _State) -> Data | None:
    """The smallest input that still shows it; of hardware, whose simulation takes long, the one in which it began."""
    if not finding.wrong.any():
        return None
    first = data[int(finding.wrong.argmax())]
    if isinstance(after.program, Hardware):
        return first

    def shows(candidates: Data) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        wrong = judge(candidates).wrong
        return wrong if wrong.size else np.zeros(len(candidates), np.bool_)

    return smallest(first, shows) if shows(first[None]).any() else first
