"""What a choice takes at least, told before it is built, against what it takes when it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.choice.floors import least_cycles, least_lut
from e3ne.choice.goal import Goal
from e3ne.choice.sites import sites_of
from e3ne.dialects.dataflow import MatvecOp, StreamType
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.networks import NetworkBuilder
from tests.choice.every_design import undecided
from tests.choice.networks import dense, pooled


def wide() -> ModuleOp:
    """A layer that is large beside its control, for folds of all kinds."""
    return NetworkBuilder("wide", (48, 1, 1), 2, 7).linear(24, weight_bits=3).build()


@pytest.mark.parametrize("lut_inputs", [6, 4])
@pytest.mark.parametrize("network", [pooled, dense, wide])
def test_no_choice_takes_less_than_its_floor(network: Callable[[], ModuleOp], lut_inputs: int) -> None:
    module = undecided(network())
    if lut_inputs == 4:
        run_passes(module, "dataflow-set-target")
    goal = Goal("latency", family="ecp5" if lut_inputs == 4 else "xcup")
    streams: list[StreamType | None] = [None]
    built = tight = 0
    for site in sites_of(find_graph(module), {}, {}, goal):
        given: dict[StreamType | None, None] = {}
        for stream in streams:
            for family in site.families(stream):
                for candidate in family.candidates(float("inf")):
                    given[candidate.given] = None
                    if not isinstance(site.op, MatvecOp) or site.for_width:
                        continue
                    lut = least_lut(site.op, site.weights, stream, candidate.choice)
                    assert lut <= candidate.cost.lut, candidate.choice
                    assert least_cycles(site.op, site.weights, stream, candidate.choice) <= candidate.interval()
                    built += 1
                    tight += lut > candidate.cost.lut / 8
        streams = list(given)
    assert built > 20
    assert tight, "the floors say nothing"
