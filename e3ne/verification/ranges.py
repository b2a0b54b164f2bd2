"""Interval analysis of random networks, of both levels of hardware: `python -m e3ne.verification.ranges`.

Every integer of a dataflow graph has to fit its bits. An addition of `rtl` stays within its width, or counts, or is
right modulo 2^width. Of the heaps of bits of synapses, intervals tell nothing: the proofs of these units do
(`python -m e3ne.verification.proofs`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.bit_ranges import Kind, Known, sums_of
from e3ne.analysis.bit_values import Lanes
from e3ne.analysis.ranges import drive_range
from e3ne.analysis.stream_ranges import STREAM, SUMS, UnitRange, stream_ranges
from e3ne.dialects.dataflow import LifOp, SinkOp, TransformOp, producer, units_of
from e3ne.dialects.parameter import signed_width
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.progress import Steps
from e3ne.verification.random_networks import accepted_networks
from e3ne.verification.table import Row, finish


def count(graph: ModuleOp) -> tuple[Counter[str], list[str], list[str]]:
    """What was decided of a laid-out graph and its hardware; integers that do not fit, additions that are wrong."""
    integers = stream_ranges(find_graph(graph))
    hardware = graph.clone()
    run_passes(hardware, "convert-dataflow-to-rtl,canonicalize,cse")
    sums = sums_of(hardware, known_units(graph, integers))
    return (
        Counter({"integers": len(integers), **Counter(each.kind.name for each in sums)}),
        [each.message() for each in integers if not each.fits],
        [each.message() for each in sums if each.kind is Kind.WRAPS],
    )


def known_units(graph: ModuleOp, integers: Sequence[UnitRange]) -> dict[str, Known]:
    """What the analysis of a graph tells of units, by name: elements of streams but digits of trains, and sums."""
    streams = {each.unit: each for each in integers if each.what == STREAM}
    sums = {each.unit: abs(each.needed) for each in integers if each.what in SUMS}
    found: dict[str, Known] = {}
    for unit in units_of(find_graph(graph)):
        lanes, fed_back = None, None
        gain = unit.gain_bits.value.data if isinstance(unit, LifOp) else 0
        if isinstance(unit, TransformOp | SinkOp) and unit.input_type.steps == 1:
            given = streams[producer(unit.input).unit_name]
            lanes = Lanes(unit.input_type.element_bits, given.low, given.high)
        if isinstance(unit, LifOp) and unit.is_recurrent:
            reached = drive_range(0, 0, unit.recurrence(), (1 << unit.spike_bits.value.data) - 1)
            fed_back = signed_width(np.array(reached))
        found[unit.unit_name] = Known(lanes, sums.get(unit.unit_name), gain, fed_back)
    return found


def main() -> int:
    """Exit status 1 where anything may overflow."""
    parser = argparse.ArgumentParser(description="Interval analysis of random networks, at both levels of hardware.")
    parser.add_argument("--count", type=int, default=100, help="how many networks (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn with (default 0)")
    parser.add_argument("--json", type=Path, help="where the rows are written")
    options = parser.parse_args()
    started, total = time.perf_counter(), Counter[str]()
    overflows: list[str] = []
    wrong: list[str] = []
    with Steps() as progress:
        task = progress.add_task("networks", total=options.count)
        for design in accepted_networks(options.count, options.seed):
            found, *messages = count(design.graph)
            total += found
            for which, more in zip((overflows, wrong), messages, strict=True):
                which += [f"{design.name}: {each}" for each in more]
            progress.advance(task)
    for message in overflows + wrong:
        print(message, file=sys.stderr)
    sums = total.total() - total["integers"]
    note = ", ".join(f"{total[kind.name]:,} {kind.value.split(':')[0]}" for kind in Kind)
    rows = [
        Row("integers of dataflow graphs that fit", total["integers"], len(overflows)),
        Row("additions of rtl", sums, len(wrong), total["HEAP"], note),
    ]
    return finish("ranges", rows, time.perf_counter() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
