"""Calibration: features against synthesis, the fit, the data files, the command."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from e3ne.calibration.calibrate import FEWEST, KINDS, Calibration, KindResult, as_json, fit_kind
from e3ne.calibration.command import errors_table
from e3ne.calibration.drawing import Draw, UnusableDrawError
from e3ne.calibration.fit import errors, fit, held_out
from e3ne.calibration.measure import measure
from e3ne.calibration.samples import SHARES, draw_samples
from e3ne.devices.costs import Coefficients, coefficients
from e3ne.devices.families import FAMILIES, Family
from e3ne.devices.memories import Memory, block_rams, memory_luts
from e3ne.dialects.dataflow import UnitOp
from e3ne.errors import E3neError
from e3ne.units.features import Features
from e3ne.units.interface import cost_of
from e3ne.units.registry import UNITS, unit_for
from tests.cli.command import e3ne


@pytest.fixture(scope="module")
def units() -> list[UnitOp]:
    return draw_samples(60, 1)


def test_every_unit_is_drawn_the_same_way_twice(units: list[UnitOp]) -> None:
    assert {op.name for op in units} == set(UNITS)
    again = draw_samples(60, 1)
    assert [op.unit_name for op in again] == [op.unit_name for op in units]
    assert [unit_for(op).features(op) for op in again] == [unit_for(op).features(op) for op in units]


def test_more_samples_add_to_those_there_are(units: list[UnitOp]) -> None:
    assert {op.unit_name for op in units} < {op.unit_name for op in draw_samples(90, 1)}


@pytest.mark.parametrize("family", FAMILIES)
def test_data_files_have_every_part_of_every_kind(family: Family, units: list[UnitOp]) -> None:
    known = coefficients(family)
    for op in units:
        features = unit_for(op).features(op)
        kind = known[features.kind]
        assert set(kind.lut) == set(features.lut)
        assert set(kind.ff) == set(features.ff)
        assert min([*kind.lut.values(), *kind.ff.values()]) >= 0
        cost = unit_for(op).cost(op, family)
        assert cost.lut >= 0
        assert cost.ff >= 0
        assert cost.cycles == features.cycles > 0


def test_an_unknown_family() -> None:
    with pytest.raises(E3neError, match="no device family 'max10'; there are: xcup, xc7, ecp5"):
        coefficients("max10")
    ran = e3ne("calibrate", "--family", "max10")
    assert ran.status == 2
    assert "invalid choice: 'max10'" in ran.message
    assert len(ran.message.splitlines()) == 1


@pytest.mark.parametrize(
    ("memory", "xcup", "ecp5"),
    [
        (Memory(512, 36, "block", rom=True), 0.5, 0.5),
        (Memory(513, 36, "block", rom=True), 1.0, 1.0),
        (Memory(1024, 18, "block", ports=2), 0.5, 0.5),
        (Memory(16, 37, "block"), 1.0, 1.0),
        (Memory(3, 0, "block"), 0.0, 0.0),
        # Three banks of 512 words lie side by side in the words of 36 bits of one block; of slices there are two.
        (Memory(1152, 12, "block", rom=True), 0.5, 1.0),
    ],
)
def test_blocks(memory: Memory, xcup: float, ecp5: float) -> None:
    assert (block_rams(memory, "xcup"), block_rams(memory, "ecp5")) == (xcup, ecp5)


@pytest.mark.parametrize(
    ("memory", "xcup", "ecp5"),
    [
        # Two RAM32M16; one; three, with a LUT for each bit and each enable: two banks of RAM64M8 would be dearer.
        (Memory(32, 28, "distributed"), 16, 84),
        (Memory(32, 2, "distributed"), 8, 12),
        (Memory(84, 9, "distributed"), 3 * 8 + 9 + 3, 6 * 3 * 6),
        # At one address: RAM32M16, RAM64X1S, RAM128X1S, three banks of RAM64X1S, RAM256X1S.
        (Memory(24, 75, "distributed", shared=True), 40, 6 * 19 * 2),
        (Memory(40, 9, "distributed", shared=True), 9, 6 * 3 * 3),
        (Memory(84, 9, "distributed", shared=True), 18, 6 * 3 * 6),
        (Memory(150, 9, "distributed", shared=True), 3 * 9 + 9 + 3, 6 * 3 * 10),
        (Memory(220, 9, "distributed", shared=True), 36, 6 * 3 * 14),
        # A bit out of three banks of a block; slices have none.
        (Memory(1152, 12, "block", rom=True), 12, 0),
    ],
)
def test_luts_of_memories(memory: Memory, xcup: float, ecp5: float) -> None:
    """As Yosys 0.70 makes them for xcup, alone in a module; on ECP5 a TRELLIS_DPR16X4 takes six."""
    assert (memory_luts(memory, "xcup"), memory_luts(memory, "ecp5")) == (xcup, ecp5)


def test_fit_finds_what_made_the_numbers_and_stays_where_there_are_none() -> None:
    rng = np.random.default_rng(3)
    counts = [{"a": float(a), "b": float(b), "never": 0.0} for a, b in rng.integers(20, 200, (200, 2))]
    found = fit(counts, [5.0] * 200, [5 + 0.5 * c["a"] + 2 * c["b"] for c in counts], {"b": 2.0, "never": 3.0})
    assert found == pytest.approx({"a": 0.5, "b": 2.0, "never": 3.0}, rel=0.3)
    assert fit([{"a": 10.0}], [50.0], [40.0], {}) == {"a": 0.0}


def test_errors_are_those_of_units_that_a_fit_has_not_seen() -> None:
    """Units alike are estimated exactly; one that is not like the others has no other that would show what it takes."""
    alike = [{"a": 100.0, "odd": 0.0}] * 20
    same = held_out(alike, [0.0] * 20, [100.0] * 20, {})
    assert same is not None
    assert same.worst == 0
    found = held_out([*alike, {"a": 0.0, "odd": 100.0}], [0.0] * 21, [*[100.0] * 20, 200.0], {})
    assert found is not None
    assert found.worst == pytest.approx(50.0)


def test_one_unit_alone_is_held_against_nothing() -> None:
    assert held_out([{"a": 100.0}], [0.0], [90.0], {}) is None
    only = KindResult(1, Coefficients({}, {}), None, None, 0)
    table = errors_table(Calibration("xcup", "", "", 0, 1, {"sink": only}))
    assert [list(column.cells) for column in table.columns][2:8] == [["-"]] * 6


def test_too_few_samples_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A kind without costs would break every compilation that meets it."""
    ran = e3ne("calibrate", "--family", "ecp5", "--samples", 12, "-o", tmp_path / "costs")
    assert (ran.status, ran.output) == (2, "")
    assert "--samples is 12: too few of argmax (1), " in ran.message
    assert not (tmp_path / "costs").exists()


def test_a_kind_without_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(family: str) -> dict[str, Coefficients]:
        del family
        return {}

    monkeypatch.setattr("e3ne.units.interface.coefficients", nothing)
    with pytest.raises(E3neError, match="costs of sink on family 'xc7' are not known: run e3ne calibrate"):
        cost_of(Features("sink", {}, {}, (), 1), "xc7")


def test_errors_are_relative() -> None:
    found = errors([11.0, 20.0], [10.0, 20.0])
    assert (found.mean, found.worst) == (5.0, 10.0)


def test_too_large_draws_are_refused() -> None:
    draws = [Draw("x", str(seed), False) for seed in range(40)]
    refused = 0
    for make in SHARES:
        for draw in draws:
            try:
                make(draw)
            except UnusableDrawError:
                refused += 1
    assert refused


@pytest.mark.skipif(importlib.util.find_spec("pyosys") is None, reason="needs Yosys")
def test_flip_flops_and_blocks_of_small_units_are_those_of_synthesis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    small = [op for op in draw_samples(60, 0) if op.unit_name.split("_")[0] in ("sink", "source", "fifo")]
    found = list(measure(small[:6], "xcup"))
    for measured, op in zip(found, small, strict=False):
        cost = unit_for(op).cost(op)
        assert abs(cost.ff - measured.ff) <= 1
        assert cost.bram36 == measured.bram36
        assert abs(cost.lut - measured.lut) <= max(8, 0.3 * measured.lut)
    result = fit_kind([m for m in found if m.features.kind == found[0].features.kind], "xcup")
    assert result.samples
    # What was synthesised once is not again.
    monkeypatch.setattr("e3ne.calibration.measure.synthesise_apart", None)
    assert list(measure(small[:6], "xcup")) == found


def test_data_file_says_where_it_comes_from() -> None:
    for family in FAMILIES:
        path = Path(as_json.__code__.co_filename).parents[1] / "devices" / f"costs-{family}.json"
        data = json.loads(path.read_text())
        assert data["family"] == family
        assert data["tool"].startswith("Yosys ")
        assert tuple(sorted(data["kinds"])) == KINDS
        assert min(kind["samples"] for kind in data["kinds"].values()) >= FEWEST
        assert data["samples"] == sum(kind["samples"] for kind in data["kinds"].values())
        for kind in data["kinds"].values():
            assert set(kind["errors"]) == {"lut", "ff"}
