"""What values can be is followed through registers, choices and lanes side by side, and holds when hardware runs."""

from __future__ import annotations

import random

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.bit_values import Lanes, Values
from e3ne.analysis.stream_ranges import stream_ranges
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of
from e3ne.pipeline_runner import new_context, run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.semantics.rtl import Evaluator
from e3ne.verification.lowering import lower
from e3ne.verification.ranges import known_units
from tests.hardware.spiking_cases import RECURRENT, RULES

LANES = Lanes(4, -3, 5)


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        ("%y = rtl.extract %s from 4 : i12 -> i4", (-3, 5)),
        ("%y = rtl.extract %s from 0 : i12 -> i3", (-4, 3)),  # -3 … 5 are more than three bits hold
        ("%y = rtl.extract %s from 3 : i12 -> i4", (-8, 7)),  # parts of two lanes
        ('%r = rtl.register "r" %s : i12\n%y = rtl.extract %r from 8 : i12 -> i4', (-3, 5)),
        ('%r = rtl.register "r" %s reset 6 : i12\n%y = rtl.extract %r from 0 : i12 -> i4', (-3, 6)),
        ('%r = rtl.register "r" %s reset 6 : i12\n%y = rtl.extract %r from 4 : i12 -> i4', (-3, 5)),
        (
            "%e = rtl.extract %s from 4 : i12 -> i4\n%w = rtl.sext %e : i4 -> i6\n%c = rtl.constant 7 : i6\n"
            "%a = rtl.add %w, %c : i6\n%o = rtl.concat %a, %go : i6, i1\n%y = rtl.extract %o from 1 : i7 -> i5",
            (4, 12),
        ),
        (
            "%e = rtl.extract %s from 0 : i12 -> i4\n%z = rtl.constant 0 : i2\n%y = rtl.concat %e, %z : i4, i2",
            (-12, 20),
        ),
        (
            "%e = rtl.extract %s from 0 : i12 -> i4\n%c = rtl.constant 7 : i4\n%y = rtl.mux %go, %e, %c : i4",
            (-3, 7),
        ),
        ("%e = rtl.extract %s from 0 : i12 -> i4\n%y = rtl.not %e : i4", (-6, 2)),
        ('%r = rtl.register "r" %y : i4\n%c = rtl.constant 1 : i4\n%y = rtl.add %r, %c : i4', (-8, 7)),
        ('%r = rtl.register "r" %y reset 2 : i4\n%c = rtl.constant 5 : i4\n%y = rtl.mux %go, %c, %c : i4', (5, 5)),
        ("%y = rtl.replicate %go : i1 -> i4", (-8, 7)),
        ("%c = rtl.constant 5 : i4\n%e = rtl.extract %s from 0 : i12 -> i4\n%y = rtl.and %e, %c : i4", (0, 5)),
        ('%y = rtl.table %go, #rtl.words<4, "3"> : i1', (0, 3)),
        ('%y = rtl.table %go, #rtl.words<4, "3e"> : i1', (-2, 3)),
        (
            "%e = rtl.extract %s from 0 : i12 -> i4\n%w = rtl.sext %e : i4 -> i8\n"
            "%y = rtl.extract %w from 3 : i8 -> i4",  # its sign, and the bit below
            (-1, 0),
        ),
    ],
)
def test_followed(body: str, signed: tuple[int, int]) -> None:
    width = {(-12, 20): 6, (4, 12): 5, (-4, 3): 3}.get(signed, 4)
    text = f"rtl.module @m(%s: i12, %go: i1) -> (y: i{width}) {{\n{body}\nrtl.output %y : i{width}\n}}"
    module = Parser(new_context(), text).parse_module().body.block.first_op
    assert isinstance(module, rtl.ModuleOp)
    values = Values({module.block.args[0]: LANES})
    assert values.of(module.output_op.operands[0]).signed() == signed


def test_a_long_pipeline() -> None:
    stages = "\n".join(f"%r{n + 1} = rtl.register %r{n} : i4" for n in range(3000))
    text = f"rtl.module @m(%a: i2) -> (y: i4) {{\n%r0 = rtl.zext %a : i2 -> i4\n{stages}\nrtl.output %r3000 : i4\n}}"
    module = Parser(new_context(), text).parse_module().body.block.first_op
    assert isinstance(module, rtl.ModuleOp)
    assert Values().of(module.output_op.operands[0]).unsigned() == (0, 3)


@pytest.mark.parametrize("name", ["several_least", "synapse", "decays_differ", "no_decay", "chunks", "one_beat"])
def test_hardware_stays_within(name: str) -> None:
    case = (RULES | RECURRENT)[name]
    graph = lower(case.network(name), case.decisions).graph
    known = known_units(graph, stream_ranges(find_graph(graph)))
    hardware = graph.clone()
    run_passes(hardware, "convert-dataflow-to-rtl,canonicalize,cse")
    rng, checked = random.Random(name), 0
    for module in hardware.body.block.ops:
        if isinstance(module, rtl.ModuleOp) and (unit := known.get(module.sym_name.data)) and unit.input is not None:
            checked += _run(hardware, module, unit.input, rng)
    assert checked > 10_000


def _run(design: ModuleOp, module: rtl.ModuleOp, lanes: Lanes, rng: random.Random) -> int:
    """Values that were compared: those of every cycle, from when every register has taken what was given to it."""
    port = module.block.args[module.input_names.index("s_data")]
    values, evaluator, checked = Values({port: lanes}), Evaluator(design, module), 0
    for cycle in range(300):
        data = 0
        for _ in range(width_of(port) // lanes.bits):
            data = data << lanes.bits | rng.randint(lanes.low, lanes.high) % (1 << lanes.bits)
        evaluator.prepare({"s_data": data, "s_valid": 1, "m_ready": 1}, cycle == 0)
        if cycle >= 100:
            for value, number in evaluator.values.items():
                known = values.of(value)
                assert (number - known.low) % (1 << known.width) <= known.high - known.low, (
                    f"{value}: {number}, {known}"
                )
                checked += 1
        evaluator.commit()
    return checked
