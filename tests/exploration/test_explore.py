"""`e3ne explore` on a tiny network: points that can be built, going on where it ended, bad input."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import cast
from unittest.mock import patch

import numpy as np
import pytest

from e3ne.design import Design
from e3ne.exploration.explore import Exploration
from tests.cli.command import e3ne

NETWORK = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)).eval()
"""

Found = dict[str, list[dict[str, object]]]


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The model and its images."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "net.py").write_text(NETWORK)
    rng = np.random.default_rng(7)
    np.savez(folder / "images.npz", x=rng.random((40, 1, 8, 8), dtype=np.float32), y=rng.integers(0, 5, 40))
    return [f"{folder / 'net.py'}:make", "--data", str(folder / "images.npz")]


@pytest.fixture(scope="module")
def out(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, or at least far advanced, exploration of two precisions."""
    folder = tmp_path_factory.mktemp("explored") / "out"
    with patch("e3ne.exploration.hardware.FIRST", (1.0, 2.0)), patch("e3ne.exploration.hardware.THEN", ()):
        ran = e3ne("explore", *arguments, "-o", folder, "--steps", 2, "--weight-bits", "2,3", "--accuracy-floor", 0)
    assert ran.status == 0, ran.message
    return folder


def _state(folder: Path) -> Found:
    return cast(Found, json.loads((folder / "explore.json").read_text()))


def test_files(out: Path) -> None:
    names = {path.name for path in out.iterdir()}
    assert names >= {"explore.json", "front.csv", "points", "networks"}
    state = _state(out)
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == state["front"]


def test_layers_of_mixed_precision_are_explored(out: Path) -> None:
    state = _state(out)
    assert len(state["mixed"]) == 2
    assert {str(point["network"]) for point in state["points"]} >= {"t2w2", "t2w3", *map(str, state["mixed"])}


def test_points_are_what_their_commands_build(out: Path) -> None:
    state = _state(out)
    points = state["points"]
    mixed = next(point for point in points if "=" in str(point["network"]))
    fast = next(point for point in points if str(point["goal"]).startswith("latency"))
    for point in (points[0], mixed, fast):
        ran = e3ne(*shlex.split(str(point["command"]))[1:])
        assert ran.status == 0, ran.message
        report = Design(out / "designs" / str(point["name"])).report
        assert (report["latency_cycles"], report["interval_cycles"]) == (point["latency"], point["interval"])
        estimated = cast(dict[str, dict[str, float]], report["resources"])["estimated"]
        measured = {name: (estimated[name], point[name]) for name in ("lut", "ff", "bram36")}
        assert all(built == explored for built, explored in measured.values()), measured
        assert cast(dict[str, float], report["accuracy"])["integer"] == point["accuracy"]


def test_goes_on_where_it_ended(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["explore", *arguments, "-o", str(out), "--steps", "2", "--weight-bits", "2"]
    with patch.object(Exploration, "_advance", side_effect=KeyboardInterrupt):
        assert e3ne(*command).status == 130
    assert _state(out)["networks"].keys() == {"t2w2"}  # pyright: ignore
    with (
        patch("e3ne.exploration.hardware.FIRST", (2.0,)),
        patch("e3ne.exploration.hardware.THEN", ()),
        patch("e3ne.exploration.networks.Networks._make", side_effect=AssertionError("made again")),
    ):
        ran = e3ne(*command)
        assert ran.status == 0, ran.message
        points = _state(out)["points"]
        assert points
        assert e3ne(*command).status == 0
    assert _state(out)["points"] == points


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--steps", "conv=3"], "the same number of time steps"),
        (["--steps", "9"], "--steps is '9'"),
        (["--weight-bits", "1,2"], "--weight-bits is '1,2'"),
        (["--accuracy-floor", "101"], "--accuracy-floor"),
        (["--device", "none"], "--device"),
        (["--minutes", "0"], "positive"),
        (["--data", "missing.npz"], "missing.npz"),
    ],
)
def test_mistakes(tmp_path: Path, wrong: list[str], message: str) -> None:
    ran = e3ne("explore", "lenet5", "-o", tmp_path / "out", *wrong)
    assert ran.status == 2
    assert message in ran.message
    assert len(ran.message.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    ran = e3ne("explore", "lenet5", "-o", tmp_path)
    assert ran.status == 2
    assert "not an exploration" in ran.message
