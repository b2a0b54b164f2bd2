"""Interval analysis of random networks, of both levels of hardware: `python -m e3ne.verification.ranges`.

Every integer of a dataflow graph has to fit its bits. An addition of `rtl` stays within its width, or counts, or is
part of a sum modulo 2^width. Where intervals do not tell, in the heaps of bits of synapses alone, the proofs
of these units do (`python -m e3ne.verification.proofs`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track
from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.bit_ranges import Kind, sums_of
from e3ne.analysis.bit_values import Lanes
from e3ne.analysis.stream_ranges import STREAM, UnitRange, stream_ranges
from e3ne.dialects.dataflow import SinkOp, TransformOp, producer, units_of
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.random_networks import accepted_networks
from e3ne.verification.table import Row, finish

HEAPS = "_matvec"
"""How modules of synapses end."""


def count(graph: ModuleOp) -> tuple[Counter[str], list[str]]:
    """What was decided of the integers of a laid-out graph and of the additions of its hardware, and what fails."""
    integers = stream_ranges(find_graph(graph))
    failures = [each.message() for each in integers if not each.fits]
    hardware = graph.clone()
    run_passes(hardware, "convert-dataflow-to-rtl,canonicalize,cse")
    sums = sums_of(hardware, lanes_of(graph, integers))
    failures += [each.message() for each in sums if each.kind is Kind.WRAPS and not each.module.endswith(HEAPS)]
    return Counter({"integers": len(integers), **Counter(each.kind.name for each in sums)}), failures


def lanes_of(graph: ModuleOp, integers: Sequence[UnitRange]) -> dict[str, Lanes]:
    """What the ports of units take: elements of streams, as the analysis of the graph has them; no digits of trains."""
    streams = {each.unit: each for each in integers if each.what == STREAM}
    found: dict[str, Lanes] = {}
    for unit in units_of(find_graph(graph)):
        if isinstance(unit, TransformOp | SinkOp) and unit.input_type.steps == 1:
            given = streams[producer(unit.input).unit_name]
            found[unit.unit_name] = Lanes(unit.input_type.element_bits, given.low, given.high)
    return found


def main() -> int:
    """Exit status 1 where anything may overflow."""
    parser = argparse.ArgumentParser(description="Interval analysis of random networks, at both levels of hardware.")
    parser.add_argument("--count", type=int, default=100, help="how many networks (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn with (default 0)")
    parser.add_argument("--json", type=Path, help="where the rows are written")
    options = parser.parse_args()
    started, total, failures = time.perf_counter(), Counter[str](), list[str]()
    for design in track(accepted_networks(options.count, options.seed), "networks", options.count):
        found, wrong = count(design.graph)
        total += found
        failures += [f"{design.name}: {each}" for each in wrong]
    for message in failures:
        print(message, file=sys.stderr)
    sums = total.total() - total["integers"]
    note = ", ".join(f"{total[kind.name]:,} {kind.value.split(':')[0]}" for kind in Kind)
    rows = [
        Row("integers of dataflow graphs that fit", total["integers"], len([f for f in failures if "unit" in f])),
        Row("additions of rtl", sums, len([f for f in failures if "module @" in f]), total["WRAPS"], note),
    ]
    return finish("ranges", rows, time.perf_counter() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
