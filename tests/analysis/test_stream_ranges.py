"""No value of any stream leaves the interval that the analysis gives; what does not fit is refused by name."""

from __future__ import annotations

import random

import numpy as np
import pytest
from xdsl.context import Context

from e3ne.analysis.stream_ranges import UnitRange, stream_ranges
from e3ne.dialects.dataflow import LifOp, SinkOp, SumFramesOp, UnitOp, number, units_of
from e3ne.errors import E3neError
from e3ne.passes.dataflow_check_ranges import DataflowCheckRangesPass
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.batch import data_of, random_runs
from e3ne.verification.lowering import Lowered, lower
from e3ne.verification.random_cases import random_case
from tests.hardware.spiking_cases import SPIKING

CASES = {name: case for group in SPIKING.values() for name, case in group.items()}


def within(design: Lowered) -> int:
    """Streams whose values were compared; fails where one leaves its interval."""
    graph, plan = find_graph(design.graph), design.plan
    known = {each.unit: each for each in stream_ranges(graph) if each.what == "an element of its stream"}
    assert all(each.fits for each in stream_ranges(graph))
    found = plan.run(plan.pack(data_of(plan, random_runs(design, 4, seed=1)[0].codes)))
    for stream in plan.streams:
        if stream.layout.repeat == 1:
            values = stream.decode(found[stream.name])
            reached = known[stream.name]
            assert reached.low <= values.min(), stream.name
            assert values.max() <= reached.high, stream.name
    return len(plan.streams)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_stay_within(seed: int) -> None:
    case = random_case(random.Random(seed))
    assert within(lower(case.network("random", seed), case.decisions)) > 1


@pytest.mark.parametrize("name", CASES)
def test_spiking_networks_stay_within(name: str) -> None:
    case = CASES[name]
    assert within(lower(case.network(name), case.decisions)) > 1


@pytest.mark.parametrize(
    ("kind", "name", "what"),
    [(LifOp, "membrane_bits", "a membrane reaches"), (SumFramesOp, "value_bits", "a sum over frames reaches")],
)
def test_what_does_not_fit_is_named(kind: type[UnitOp], name: str, what: str) -> None:
    case = CASES["same_subtract_gt"]
    design = lower(case.network("narrow"), case.decisions)
    unit = next(unit for unit in units_of(find_graph(design.graph)) if isinstance(unit, kind))
    unit.properties[name] = number(2)
    with pytest.raises(E3neError, match=rf"unit \w+: {what} -?\d+ \.\.\. \d+, which 2 bits \(two's complement\)"):
        DataflowCheckRangesPass().apply(Context(), design.graph)


def test_every_integer_is_listed() -> None:
    case = CASES["same_subtract_gt"]
    design = lower(case.network("listed"), case.decisions)
    graph = find_graph(design.graph)
    units = {unit.unit_name for unit in units_of(graph)}
    assert {each.unit for each in stream_ranges(graph)} == units
    sink = next(each for each in stream_ranges(graph) if each.what == "a result")
    assert sink.bits < 0
    assert isinstance(list(units_of(graph))[-1], SinkOp)


def test_bits() -> None:
    assert UnitRange("u", "x", 0, 15, 4).fits
    assert not UnitRange("u", "x", 0, 16, 4).fits
    assert not UnitRange("u", "x", -1, 3, 4).fits
    assert UnitRange("u", "x", -8, 7, -4).fits
    assert not UnitRange("u", "x", -9, 7, -4).fits
    assert not UnitRange("u", "x", -8, 8, -4).fits
    assert UnitRange("u", "x", 0, 0, 1).needed == 1
    assert np.sign(UnitRange("u", "x", 0, 0, -1).needed) == -1
