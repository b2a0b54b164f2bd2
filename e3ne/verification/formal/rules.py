"""Which rules each kind of unit is proved to obey, and the proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from e3ne.dialects.dataflow import (
    ArgmaxOp,
    FifoOp,
    FireOp,
    LifOp,
    MatvecOp,
    MaxPoolOp,
    PoolOp,
    ReplayOp,
    ResizeOp,
    SinkOp,
    SourceOp,
    SumFramesOp,
    UnitOp,
    WindowOp,
)
from e3ne.errors import E3neError
from e3ne.verification.formal.argmax_rules import prove_argmax
from e3ne.verification.formal.checker import Checker
from e3ne.verification.formal.circuit import read_circuit
from e3ne.verification.formal.fifo_rules import add_fifo
from e3ne.verification.formal.fire_rules import add_fire
from e3ne.verification.formal.handshake_rules import add_counters, add_handshake, independence
from e3ne.verification.formal.induction import Outcome, Prover
from e3ne.verification.formal.matvec_rules import add_matvec, prove_sums
from e3ne.verification.formal.port_rules import add_sink, add_source
from e3ne.verification.formal.replay_rules import add_replay
from e3ne.verification.formal.resize_rules import add_resize
from e3ne.verification.formal.window_rules import add_window


def _nothing_more(c: Checker, op: UnitOp) -> None:
    """Only what all units obey."""


def _no_values(c: Checker, op: UnitOp) -> None:
    """Only what all units obey, which says nothing of what they compute."""
    c.missing.append(f"the values of {op.name}")


KINDS: dict[type[UnitOp], tuple[str, Callable[[Checker, Any], None]]] = {
    SourceOp: ("source", add_source),
    WindowOp: ("window", add_window),
    MatvecOp: ("matvec", add_matvec),
    MaxPoolOp: ("max-pool", _nothing_more),
    FireOp: ("fire", add_fire),
    LifOp: ("lif", _no_values),
    SumFramesOp: ("sum", _no_values),
    PoolOp: ("pool", _no_values),
    FifoOp: ("fifo", add_fifo),
    ResizeOp: ("resize", add_resize),
    ReplayOp: ("replay", add_replay),
    ArgmaxOp: ("argmax", _nothing_more),
    SinkOp: ("sink", add_sink),
}
"""For each kind of unit its name, and what it is proved to obey beside what all units do."""


def kinds() -> list[str]:
    """The names of the kinds of units."""
    return [name for name, _ in KINDS.values()]


def kind_of(op: UnitOp) -> str:
    """The name of a unit's kind; raises E3neError if there are no rules for it."""
    found = KINDS.get(type(op))
    if found is None:
        raise E3neError(f"unit {op.unit_name}: there are no rules to prove for {op.name}")
    return found[0]


def checker_of(op: UnitOp, verilog: str) -> Checker:
    """The printed module of a unit with all its properties."""
    checker = Checker(verilog, op.unit_name, port_bits(verilog, "s_data"), port_bits(verilog, "m_data"))
    kind_of(op)
    add_handshake(checker)
    add_counters(checker)
    KINDS[type(op)][1](checker, op)
    return checker


def prove_unit(op: UnitOp, verilog: str) -> Sequence[Outcome]:
    """All that is proved of a unit; raises E3neError if its Verilog cannot be read."""
    checker = checker_of(op, verilog)
    circuit = read_circuit(checker.text(), op.unit_name)
    missing = [Outcome(f"no rules for {what}", "skipped", "") for what in checker.missing]
    values: list[Outcome] = []
    if isinstance(op, MatvecOp):
        values = prove_sums(circuit, op)
    elif isinstance(op, ArgmaxOp):
        values = prove_argmax(circuit, op)
    return [independence(circuit), *Prover(circuit, checker.splits).prove(), *values, *missing]


def widths_of(verilog: str) -> str:
    """The widths of both ports."""
    return f"{port_bits(verilog, 's_data')} → {port_bits(verilog, 'm_data')}"


def port_bits(verilog: str, port: str) -> int:
    """The width of a port; raises E3neError if there is none."""
    found = re.search(rf"put wire (?:\[(\d+):0\] )?{port}\b", verilog)
    if found is None:
        raise E3neError(f"a unit without port {port}")
    return int(found.group(1) or 0) + 1
