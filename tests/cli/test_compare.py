"""`e3ne compare`: every encoding against time steps, what is impossible with its reason, files, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e3ne.dataset import Dataset
from tests.cli.command import compiled, e3ne

ENCODINGS = ("radix", "rate", "phase", "ttfs", "ttfs-linear", "bipolar", "direct")


def test_every_encoding(network: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "compared"
    ran = e3ne("compare", network, "--data", data, "--steps", "4,2,16", "-o", out)
    assert ran.status == 0, ran.message
    found = json.loads((out / "compare.json").read_text())
    assert found["samples"] == found["counted"] == 40
    assert [(e["encoding"], e["steps"]) for e in found["entries"]] == [(k, t) for k in ENCODINGS for t in (2, 4, 16)]
    for entry in found["entries"]:
        possible = entry["steps"] < 16 or entry["encoding"] not in ("radix", "ttfs", "bipolar")
        assert (entry["accuracy"] is not None) == possible == (not entry["reason"])
        assert possible or "at most 8 bits" in entry["reason"]
        assert (entry["spikes"] is not None) == possible
    by = {(e["encoding"], e["steps"]): e for e in found["entries"]}
    # One spike of a pixel or neuron at most, and exactly T digits of each bipolar neuron.
    neurons = 4 * 36 + 4 * 9
    assert by["ttfs", 4]["spikes"] <= 64 + neurons
    assert by["bipolar", 4]["spikes"] - by["bipolar", 2]["spikes"] >= 2 * neurons
    assert by["bipolar", 4]["trains"] == ["radix<4>", "bipolar<4>"]
    assert by["radix", 4]["accuracy"] == by["phase", 4]["accuracy"] == by["bipolar", 4]["accuracy"]
    assert (out / "compare.svg").stat().st_size > 1000
    assert "16" in ran.output
    assert "calibrated only" in ran.output


def test_entries_are_what_compile_makes(network: str, data: Path, dataset: Dataset, tmp_path: Path) -> None:
    options = ("--encoding", "ttfs-linear", "--steps", 6, "--weight-bits", 3)
    report = compiled(network, "--data", data, *options, out=tmp_path / "out").report
    ran = e3ne(
        "compare", network, "--data", data, "--encodings", "ttfs-linear", "--steps", 6, "--weight-bits", 3, "-o",
        tmp_path / "compared",
    )  # fmt: skip
    assert ran.status == 0, ran.message
    (entry,) = json.loads((tmp_path / "compared" / "compare.json").read_text())["entries"]
    assert entry["accuracy"] == report["accuracy"]["integer"]  # type: ignore[index]
    assert entry["spikes"] == pytest.approx(report["spikes"], abs=0.05)
    assert entry["synaptic_operations"] == pytest.approx(report["synaptic_operations"], abs=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--encodings", "radix,morse,dots"), "--encodings has 'morse', 'dots'; supported: bipolar, phase, radix"),
        (("--steps", "2,x"), "--steps is '2,x'; supported: numbers of 1 to 4096, separated by commas"),
        (("--weight-bits", "1"), "--weight-bits is 1; supported: 2 to 16"),
        (("-o", "."), "exists and is not a comparison of e3ne's"),
    ],
)
def test_refused(network: str, data: Path, options: tuple[str, ...], message: str) -> None:
    ran = e3ne("compare", network, "--data", data, *options)
    assert ran.status == 2
    assert message in ran.message


def test_a_plot_of_a_former_run_goes(network: str, data: Path, dataset: Dataset, tmp_path: Path) -> None:
    """Without labels there is nothing to draw, and the old drawing is of something else."""
    options = ("--encodings", "radix", "--steps", 2, "-o", tmp_path / "compared")
    assert e3ne("compare", network, "--data", data, *options).status == 0
    assert (tmp_path / "compared" / "compare.svg").exists()
    Dataset(dataset.images, None, "").save(tmp_path / "plain.npz")
    assert e3ne("compare", network, "--data", tmp_path / "plain.npz", *options).status == 0
    assert [path.name for path in (tmp_path / "compared").iterdir()] == ["compare.json"]
