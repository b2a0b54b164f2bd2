"""NIR files: geometry, structure, snapped parameters, and files of our own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Neuron,
)
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.nir_writer import write_nir
from e3ne.frontends.spiking.numbers import snapped
from e3ne.frontends.spiking.reference import simulate
from tests.frontends.spiking.files import (
    AFFINE,
    CHAIN,
    EDGES,
    INPUT,
    LIF,
    OUTPUT,
    everything,
    problems,
    with_lif,
    write,
)

pytestmark = pytest.mark.usefixtures("in_process")


def test_a_chain(tmp_path: Path) -> None:
    network = read_nir(write(tmp_path / "net.nir", CHAIN, EDGES), "snntorch")
    assert (network.name, network.input_shape) == ("net", (3,))
    assert [node.name for node in network.nodes] == ["fc", "lif"]
    neuron = network.nodes[1].operation
    assert isinstance(neuron, Neuron)
    assert neuron.decay.tolist() == [0.5]
    assert (neuron.fires, neuron.reset, neuron.timing) == ("gt", "subtract", "next_step")


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("snntorch:reset_mechanism=zero", ("value", "next_step")),
        ("snntorch:reset_mechanism=zero,reset_delay=false", ("value", "same_step")),
        ("snntorch:reset_mechanism=none", ("none", "same_step")),
        ("snntorch:reset_delay=false", ("subtract", "compared")),
        ("spikingjelly", ("value", "same_step")),
        ("literal", ("value", "same_step")),
    ],
)
def test_dialects(dialect: str, expected: tuple[str, str], tmp_path: Path) -> None:
    neuron = read_nir(write(tmp_path / "net.nir", CHAIN, EDGES), dialect).nodes[1].operation
    assert isinstance(neuron, Neuron)
    assert (neuron.reset, neuron.timing) == expected


def test_short_decimals_and_dyadics_are_restored() -> None:
    meant = np.array([0.9, 0.55, 0.875, 0.9999, 0.1, 1 - 2**-9])
    stored = 1.0 - 1e-4 / (1e-4 / (1 - meant.astype(np.float32))).astype(np.float32).astype(np.float64)
    assert (stored != meant).any()
    assert snapped(stored, 1.0).tolist() == meant.tolist()
    trained = np.array([0.8171937465, -0.0001231])
    assert snapped(trained).tolist() == trained.tolist()
    assert snapped(np.array([np.inf, 0.00029])).tolist() == [np.inf, 0.00029]


def test_no_leak_is_tau_and_r_infinite(tmp_path: Path) -> None:
    infinite = np.full(4, np.inf)
    network = read_nir(write(tmp_path / "net.nir", with_lif(tau=infinite, r=infinite), EDGES), "snntorch")
    neuron = network.nodes[1].operation
    assert isinstance(neuron, Neuron)
    assert (neuron.decay.tolist(), neuron.gain.tolist()) == ([1.0], [1.0])


def test_edges_in_any_order_fan_in_and_a_recurrent_edge(tmp_path: Path) -> None:
    back = {"type": "Affine", "weight": np.eye(4) / 2, "bias": np.full(4, 0.25)}
    nodes = {**CHAIN, "again": back, "a_side": AFFINE}
    edges = [("lif", "output"), ("again", "lif"), ("fc", "lif"), ("a_side", "lif"), ("lif", "again"), ("input", "fc")]
    network = read_nir(write(tmp_path / "net.nir", nodes, [*edges, ("input", "a_side")]), "snntorch")
    assert [node.name for node in network.nodes] == ["a_side", "fc", "lif.sum", "lif"]
    assert network.nodes[2].operation == Add()
    assert network.nodes[2].inputs == (1, 0)
    neuron = network.nodes[3].operation
    assert isinstance(neuron, Neuron)
    assert neuron.recurrent is not None
    assert neuron.recurrent_bias is not None
    # two ones are added; a spike comes back as a half, a quarter is always there
    results = simulate(network, np.ones((1, 2, 3)))
    assert results["lif.sum"][0, 0].tolist() == [2, 2, 2, 0]
    assert results["lif"][0, :, 3].tolist() == [0, 0]


def test_subgraphs_are_taken_apart(tmp_path: Path) -> None:
    inner = {
        "type": "NIRGraph",
        "nodes": {"input": {**INPUT, "shape": np.array([4])}, "lif": LIF, "w_rec": AFFINE | {"weight": np.eye(4)}}
        | {"output": OUTPUT},
        "edges": [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    }
    network = read_nir(write(tmp_path / "net.nir", {**CHAIN, "lif": inner}, EDGES), "snntorch")
    assert [node.name for node in network.nodes] == ["fc", "lif.lif"]
    neuron = network.nodes[1].operation
    assert isinstance(neuron, Neuron)
    assert np.array_equal(neuron.recurrent, np.eye(4))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        ({"stride": 2, "padding": 1, "dilation": 1}, ((2, 2), (1, 1, 1, 1), (1, 1))),
        ({"stride": (2, 1), "padding": [1, 0], "dilation": np.array([1, 2])}, ((2, 1), (1, 0, 1, 0), (1, 2))),
        ({"stride": np.array(1), "padding": "same", "dilation": 1}, ((1, 1), (0, 1, 1, 1), (1, 1))),
        ({"stride": np.array([1]), "padding": "valid", "dilation": [1]}, ((1, 1), (0, 0, 0, 0), (1, 1))),
    ],
)
def test_geometry_in_all_its_forms(geometry: dict[str, object], expected: object, tmp_path: Path) -> None:
    weight = np.random.default_rng(0).integers(-9, 9, (4, 1, 2, 3)) / 8
    values = {key: np.array(value) if isinstance(value, list | tuple) else value for key, value in geometry.items()}
    conv = {"type": "Conv2d", "weight": weight, "bias": np.zeros(4), "groups": 2, **values}
    nodes = {"input": INPUT | {"shape": np.array([2, 6, 7])}, "conv": conv, "output": OUTPUT}
    network = read_nir(write(tmp_path / "net.nir", nodes, [("input", "conv"), ("conv", "output")]))
    operation = network.nodes[0].operation
    assert isinstance(operation, Convolution)
    assert (operation.stride, operation.padding, operation.dilation) == expected
    assert simulate(network, np.ones((1, 1, 2, 6, 7)))["conv"].shape[2:] == network.nodes[0].shape
    torch = pytest.importorskip("torch")
    padding = geometry["padding"] if isinstance(geometry["padding"], str) else operation.padding[:2]
    values = np.random.default_rng(1).integers(0, 2, (1, 2, 6, 7)).astype(np.float64)
    function = torch.nn.functional.conv2d
    arguments = (None, operation.stride, padding, operation.dilation, 2)
    wanted = function(torch.from_numpy(values), torch.from_numpy(weight), *arguments).numpy()
    assert np.array_equal(simulate(network, values[:, None])["conv"][:, 0], wanted)


def map_of(parameter: np.ndarray) -> dict[str, object]:
    shape = (2, 3, 3)
    lif = {name: np.ones(shape) for name in ("tau", "r", "v_leak", "v_threshold")} | {"v_leak": np.zeros(shape)}
    lif |= {"type": "LIF", "tau": np.full(shape, 2e-4), "r": np.full(shape, 2.0), "v_threshold": parameter}
    return {"input": INPUT | {"shape": np.array([1, 2, 3, 3])}, "lif": lif, "output": OUTPUT}


def test_full_parameters_become_one_for_each_channel(tmp_path: Path) -> None:
    edges = [("input", "lif"), ("lif", "output")]
    full = np.array([1.0, 1.5]).reshape(2, 1, 1) * np.ones((2, 3, 3))
    network = read_nir(write(tmp_path / "net.nir", map_of(full), edges), "snntorch")
    neuron = network.nodes[0].operation
    assert isinstance(neuron, Neuron)
    assert neuron.threshold.tolist() == [1.0, 1.5]
    full[1, 2, 2] = 2
    text = problems(write(tmp_path / "net.nir", map_of(full), edges))
    assert "node 'lif': its v_threshold varies within a channel" in text


def same(first: object, second: object) -> bool:
    """Whether two networks, nodes or operations are equal in all fields."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    if type(first) is not type(second):
        return False
    if hasattr(first, "__dataclass_fields__"):
        return all(same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first))
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


def test_our_own_files_are_read_back_unchanged(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    network = everything()
    write_nir(network, tmp_path / "net.nir")
    again = read_nir(tmp_path / "net.nir")
    assert same(network, again)
    assert not same(network, read_nir(write(tmp_path / "other.nir", CHAIN, EDGES), "snntorch"))
    inputs = (np.random.default_rng(1).random((2, 5, 2, 6, 6)) < 0.5).astype(np.float64)
    first, second = simulate(network, inputs), simulate(again, inputs)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert set(nir.read(tmp_path / "net.nir", type_check=False).nodes) >= set(first)
