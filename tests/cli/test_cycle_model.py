"""OUT/cycle_model.py: a program that needs NumPy alone and says what the model in this process says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from e3ne.backends.cycle_model.command import main
from e3ne.check import in_stream_order
from e3ne.dataset import Dataset, reference
from e3ne.design import Design
from e3ne.semantics.plan import INPUT, OUTPUT
from e3ne.semantics.snn import run_network
from tests.cli.command import e3ne_opt

Outcome = tuple[str, Mapping[str, np.ndarray]]

ALONE = """
import runpy, sys

class OnlyNumpy:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy"}:
            raise ImportError(f"{name} is not allowed here")

sys.meta_path.insert(0, OnlyNumpy())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_alone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a Python file in an isolated interpreter that can import nothing but its own library and NumPy."""
    command = [sys.executable, "-I", "-c", ALONE, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def images_of(design: Design, dataset: Dataset) -> np.ndarray:
    """Sixteen images for a design."""
    return (reference("lenet5", training=False) if design.plan.name == "lenet5" else dataset).images[:16]


@pytest.fixture(scope="module", params=["tiny", "lenet5"])
def design(request: pytest.FixtureRequest) -> Design:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def ran(design: Design, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the program prints, and the traces that it writes."""
    folder = tmp_path_factory.mktemp("model")
    np.save(folder / "images.npy", images_of(design, dataset))
    run = run_alone(design.folder / "cycle_model.py", folder / "images.npy", "-o", folder / "traces.npz")
    assert (run.returncode, run.stderr) == (0, "")
    with np.load(folder / "traces.npz") as archive:
        return run.stdout, dict(archive)


@pytest.mark.parametrize("module", ["xdsl", "torch", "e3ne", "networkx", "rich"])
def test_the_interpreter_is_alone(module: str, tmp_path: Path) -> None:
    (tmp_path / "imports.py").write_text(f"import numpy, {module}\n")
    assert f"{module} is not allowed here" in run_alone(tmp_path / "imports.py").stderr


def test_equals_the_model_in_this_process(design: Design, dataset: Dataset, ran: Outcome) -> None:
    found, plan = ran[1], design.plan
    times = plan.schedule(16).times
    values = plan.run(plan.pack(images_of(design, dataset)))
    names = [INPUT, *(stream.name for stream in plan.streams), OUTPUT]
    assert set(found) == {f"{name}.{what}" for name in names for what in ("transfers", "values")}
    for name in names:
        assert np.array_equal(found[f"{name}.transfers"], times[name]), name
        assert np.array_equal(found[f"{name}.values"], values[name]), name


def test_gives_the_results_of_the_integer_network(design: Design, dataset: Dataset, ran: Outcome) -> None:
    text, found = ran
    results = in_stream_order(run_network(design.integer, images_of(design, dataset)).outputs[0], 16)
    assert np.array_equal(found[f"{OUTPUT}.values"].reshape(16, -1), results)
    printed = re.findall(r"^image (\d+): (.*)$", text, re.MULTILINE)
    assert [(int(n), [int(value) for value in values.split()]) for n, values in printed] == [
        (number, row.tolist()) for number, row in enumerate(results)
    ]


def test_tells_the_cycles_of_the_report(design: Design, ran: Outcome) -> None:
    text, found = ran
    first, last = found[f"{INPUT}.transfers"], found[f"{OUTPUT}.transfers"]
    assert last[0, -1] - first[0, 0] + 1 == design.report["latency_cycles"]
    assert last[-1, -1] - last[-2, -1] == design.report["interval_cycles"]
    assert f"latency {design.report['latency_cycles']} cycles" in text
    assert f"interval {design.report['interval_cycles']} cycles" in text


def test_is_what_e3ne_opt_prints(tiny: Design) -> None:
    ran = e3ne_opt(str(tiny.folder / "ir" / "07-buffered.mlir"), "-t", "cycle-model")
    assert (ran.status, ran.output) == (0, (tiny.folder / "cycle_model.py").read_text())


def test_forms_of_images(tiny: Design, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = np.rint(dataset.images[:5] * 255).astype(np.uint8)
    np.save(tmp_path / "bytes.npy", raw)
    np.save(tmp_path / "planes.npy", raw[:, 0])
    np.savez(tmp_path / "x.npz", x=raw.astype(np.float64) / 255, y=np.arange(5))
    texts: set[str] = set()
    for name in ("bytes.npy", "planes.npy", "x.npz"):
        assert main(tiny.plan, [str(tmp_path / name), "--count", "3"]) == 0
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1
    assert texts.pop().count("image ") == 3 + 1  # one in the heading


def test_random_images_without_a_file(tiny: Design, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tiny.plan, ["--count", "2"]) == 0
    assert "net: 2 images" in capsys.readouterr().out


def broken_file(path: Path, kind: str) -> None:
    good = np.full((3, 1, 8, 8), 0.5)
    arrays: dict[str, np.ndarray] = {
        "of another shape": np.zeros((3, 1, 8, 9)),
        "flat": np.zeros(64),
        "empty": good[:0],
        "not a number": np.where(np.arange(8) == 3, np.nan, good),
        "above 1": good * 3,
        "negative": -good,
        "integers": np.ones((3, 1, 8, 8), np.int64),
        "pickled": np.array([{"a": 1}], dtype=object),
        "text": np.full((3, 1, 8, 8), "1"),
        "complex": good + 0j,
        "records": np.zeros((3, 1, 8, 8), [("x", float), ("y", int)]),
    }
    if kind in arrays:
        np.save(path, arrays[kind])
    elif kind == "without x":
        with path.open("wb") as file:
            np.savez(file, y=good)
    elif kind == "truncated":
        with path.open("wb") as file:
            np.savez(file, x=good)
        path.write_bytes(path.read_bytes()[:300])
    elif kind != "missing":
        path.write_bytes(b"" if kind == "no bytes" else b"not an array")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "No such file or directory"),
        ("no bytes", "not an .npy file, or an .npz file with an array x"),
        ("other bytes", "not an .npy file, or an .npz file with an array x"),
        ("pickled", "not an .npy file, or an .npz file with an array x"),
        ("truncated", "not an .npy file, or an .npz file with an array x"),
        ("without x", "not an .npy file, or an .npz file with an array x"),
        ("of another shape", "images of shape (1, 8, 9), but the network takes (1, 8, 8)"),
        ("flat", "but the network takes (1, 8, 8)"),
        ("empty", "there are no images"),
        ("not a number", "must hold floats in 0 to 1, or bytes"),
        ("above 1", "must hold floats in 0 to 1, or bytes"),
        ("negative", "must hold floats in 0 to 1, or bytes"),
        ("integers", "must hold floats in 0 to 1, or bytes"),
        ("text", "the array holds <U1, not numbers"),
        ("complex", "the array holds complex128, not numbers"),
        ("records", "the array holds [('x', '<f8'), ('y', '<i8')], not numbers"),
    ],
)
def test_broken_images(
    tiny: Design, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    broken_file(tmp_path / "images.npy", kind)
    with pytest.raises(SystemExit) as end:
        main(tiny.plan, [str(tmp_path / "images.npy"), "-o", str(tmp_path / "traces.npz")])
    captured = capsys.readouterr()
    assert (end.value.code, captured.out) == (2, "")
    assert message in captured.err
    assert str(tmp_path / "images.npy") in captured.err
    assert not (tmp_path / "traces.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--count", "0"), "--count must be at least 1"), (("-o", "nowhere/traces.npz"), "there is no such folder")],
)
def test_broken_options(tiny: Design, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    run = run_alone(tiny.folder / "cycle_model.py", *arguments)
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr
