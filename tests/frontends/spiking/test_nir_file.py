"""NIR files: geometry, structure, snapped parameters, what is refused, and files of our own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Pool,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.nir_writer import write_nir
from e3ne.frontends.spiking.numbers import snapped
from e3ne.frontends.spiking.reference import simulate
from tests.frontends.spiking.files import AFFINE, CHAIN, EDGES, INPUT, LIF, OUTPUT, h5py, write


def problems(path: Path, dialect: str | None = "snntorch") -> str:
    with pytest.raises(E3neError) as error:
        read_nir(path, dialect)
    return str(error.value)


def with_lif(**changes: object) -> dict[str, object]:
    return {**CHAIN, "lif": {**LIF, **changes}}


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


def test_without_a_dialect_nothing_is_guessed(tmp_path: Path) -> None:
    text = problems(write(tmp_path / "net.nir", CHAIN, EDGES), None)
    for word in (
        "node 'lif': LIF leaves open",
        "time step",
        "resets",
        "snntorch, spikingjelly, norse, sinabs, literal",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("dialect", "word"),
    [
        ("brian", "'brian' is unknown"),
        ("spyx", "'spyx' is not supported: Spyx compares the membrane that the step before has left"),
        ("norse:norm_input=true", "no setting 'norm_input'"),
        ("spikingjelly:dt=-1", "positive number"),
        ("snntorch:reset_mechanism=late", "subtract, zero or none"),
        ("norse", "node 'lif': its r is 2, where norse writes 1"),
        ("sinabs", "node 'lif': its r is 2"),
        ("spikingjelly:dt=1e-3", "neither 1 nor tau/dt"),
    ],
)
def test_wrong_dialects(dialect: str, word: str, tmp_path: Path) -> None:
    assert word in problems(write(tmp_path / "net.nir", CHAIN, EDGES), dialect)


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


NAN = np.array([1.0, np.nan, 1.0, 1.0])


@pytest.mark.parametrize(
    ("nodes", "edges", "words"),
    [
        (with_lif(tau=NAN), EDGES, ["node 'lif': its tau has an element that is not a number"]),
        (with_lif(v_threshold=NAN * 2), EDGES, ["node 'lif': its v_threshold has an element that is not"]),
        (with_lif(v_threshold=np.full(4, np.inf)), EDGES, ["node 'lif': its v_threshold has an infinite element"]),
        (with_lif(tau=np.zeros(4)), EDGES, ["node 'lif': its r is"]),
        ({**CHAIN, "input": INPUT | {"shape": np.array([2**40])}}, EDGES, ["node 'input': its shape (1099511627776,)"]),
        (with_lif(r="much"), EDGES, ["node 'lif': its r is the text 'much'"]),
        (with_lif(r=np.ones(3)), EDGES, ["node 'lif': its r has shape (3,)"]),
        (with_lif(type="AdLIF"), EDGES, ["node 'lif': type AdLIF is not supported", "CubaLIF"]),
        (with_lif(type="LI"), EDGES, ["node 'lif': LI does not spike"]),
        ({**CHAIN, "fc": {"type": "Affine", "bias": np.zeros(4)}}, EDGES, ["node 'fc': its weight is missing"]),
        ({**CHAIN, "fc": AFFINE | {"weight": np.eye(4)}}, EDGES, ["node 'fc': its weights take 4 inputs"]),
        ({**CHAIN, "fc": AFFINE | {"bias": np.zeros(3)}}, EDGES, ["node 'fc': its bias has shape (3,)"]),
        ({**CHAIN, "fc": {"weight": np.eye(4)}}, EDGES, ["node 'fc' has no type"]),
        ({**CHAIN, "input": INPUT | {"shape": np.array([3, 3])}}, EDGES, ["node 'input': its shape is (3, 3)"]),
        (CHAIN, [*EDGES, ("lif", "fc")], ["nodes 'fc', 'lif' form a cycle"]),
        (CHAIN, [*EDGES, ("lif", "lif")], ["nodes 'lif' form a cycle"]),
        (CHAIN, [*EDGES, ("gone", "lif")], ["'gone', which is not there"]),
        (CHAIN, [*EDGES, ("fc", "lif")], ["the edge from 'fc' to 'lif' is there twice"]),
        (CHAIN, EDGES[:2], ["node 'lif' does not get to the output"]),
        (CHAIN, EDGES[1:], ["node 'fc' does not get anything from the input"]),
        ({**CHAIN, "other": OUTPUT}, [*EDGES, ("fc", "other")], ["one Output, not 2: other, output"]),
        ({"fc": AFFINE}, [], ["one Input, not 0", "one Output, not 0"]),
        ({}, [], ["the graph has no nodes"]),
        (
            with_lif(tau=NAN) | {"x": {"type": "Warp"}, "fc": AFFINE | {"weight": NAN}},
            [*EDGES, ("lif", "x"), ("x", "lif")],
            ["node 'lif': its tau", "node 'x': type Warp", "node 'fc': its weight has", "form a cycle"],
        ),
    ],
)
def test_bad_files(nodes: dict[str, object], edges: list[tuple[str, str]], words: list[str], tmp_path: Path) -> None:
    text = problems(write(tmp_path / "bad.nir", nodes, edges))
    for word in words:
        assert word in text


def test_files_that_are_no_nir(tmp_path: Path) -> None:
    path = tmp_path / "bad.nir"
    assert "does not exist" in problems(path)
    path.write_bytes(b"not HDF5")
    assert "not a readable HDF5 file" in problems(path)
    whole = write(path, CHAIN, EDGES).read_bytes()
    for part in range(1, 16):
        path.write_bytes(whole[: len(whole) * part // 16])
        assert "not a readable HDF5 file" in problems(path)
    with h5py.File(path, "w") as file:
        file["data"] = 1
    assert "holds no NIR graph" in problems(path)


DAMAGE = [
    *(np.array([]), np.array(0), np.array([np.nan]), -np.ones(4), np.ones((4, 4)), "text", np.ones(1, complex)),
    *(np.array(10**18), np.array([-1, 2]), np.zeros((2, 0)), np.array([True]), np.array(1e300), h5py.Empty("f4")),
    np.array(["a", "b"], dtype=h5py.string_dtype()),
]


@pytest.mark.parametrize("own", [False, True])
def test_any_field_may_be_anything(own: bool, tmp_path: Path) -> None:
    """Fields taken away, put elsewhere or replaced: a network, or a message."""
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    if own:
        pytest.importorskip("nir")
        write_nir(everything(), path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(50):
        path.write_bytes(whole)
        with h5py.File(path, "a") as file:
            names: list[str] = []
            file.visit(names.append)
            name = names[random.integers(1, len(names))]
            match random.integers(3):
                case 0:
                    file.move(name, f"{name}x")
                case 1:
                    del file[name]
                case _:
                    del file[name]
                    file[name] = DAMAGE[random.integers(len(DAMAGE))]
        try:
            network = read_nir(path, "literal")
            simulate(network, np.ones((1, 2, *network.input_shape)))
        except E3neError:
            refused += 1
    assert 20 < refused < 50


def test_the_packages_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", CHAIN, EDGES)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'e3ne[nir]'" in problems(path)
    with pytest.raises(E3neError, match="e3ne\\[nir\\]"):
        write_nir(everything(), tmp_path / "net.nir")


def test_parameters_that_give_no_number(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", with_lif(tau=np.zeros(4)), EDGES)
    assert "node 'lif': its parameters give a decay that is infinite" in problems(path, "literal")


def test_groups_that_hold_one_another_in_a_circle(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif/again"] = file["node"]
    assert "nested more than" in problems(path)


def test_links_and_great_sizes_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif/extra"] = h5py.ExternalLink("other.h5", "/secret")
    assert "is a link to somewhere else" in problems(path)
    path = write(tmp_path / "big.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif"].create_dataset("w_in", shape=(2**40,), chunks=(2**20,), dtype="f4")
    assert "MiB" in problems(path)


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


def everything() -> SpikingNetwork:
    """A network with all that a file of our own can say."""
    random = np.random.default_rng(0)
    one, zero = np.ones(1), np.zeros(1)
    plain = Neuron(one, one * 0.9, one, "gt", "subtract", "next_step", zero, zero)
    full = Neuron(
        *(random.random(4), random.random(4), random.random(4), "ge", "value", "same_step", zero - 0.25, zero + 0.125),
        **{"loses_input": True, "least": zero - 2, "synapse_decay": random.random(4)},
    )
    still = Neuron(one, one, one, "ge", "subtract", "same_step", zero, zero, several=True)
    loop = Neuron(
        *(one, one * 0.3, one, "gt", "none", "compared", zero, zero),
        **{"recurrent": random.random((5, 5)), "recurrent_bias": random.random(5)},
    )
    grouped = Convolution(random.random((4, 2, 2, 2)), random.random(4), padding=(0, 0, 1, 1), groups=2)
    nodes = [
        Node("z", Convolution(random.random((4, 2, 3, 3)), None, padding=(1, 1, 1, 1)), (-1,), (4, 6, 6)),
        Node("n", full, (0,), (4, 6, 6)),
        Node("even", grouped, (1,), (4, 6, 6)),
        Node("a", Add(), (2, 1, 0), (4, 6, 6)),
        Node("input", still, (3,), (4, 6, 6)),
        Node("p", Pool("sum", (2, 3), (2, 3)), (4,), (4, 3, 2)),
        Node("q", Pool("average", (3, 1), (1, 1), (1, 0, 1, 0)), (5,), (4, 3, 2)),
        Node("s", Scale(0.375), (6,), (4, 3, 2)),
        Node("f", Flatten(), (7,), (24,)),
        Node("b", Linear(random.random((5, 24)), random.random(5)), (8,), (5,)),
        Node("m", loop, (9,), (5,)),
        Node("c", Linear(random.random((3, 5)), None), (10,), (3,)),
        Node("output", plain, (11,), (3,)),
    ]  # fmt: skip
    return SpikingNetwork("all of it", (2, 6, 6), nodes)


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


@pytest.mark.parametrize(
    ("node", "word"),
    [
        (Node("pool", Pool("max", (2, 2), (2, 2)), (-1,), (2, 3, 3)), "no maximum pool"),
        (Node("a/b", Scale(2.0), (-1,), (2, 6, 6)), "this name"),
        (Node("p", Pool("sum", (2, 2), (2, 2), (0, 0, 1, 1)), (-1,), (2, 3, 3)), "both sides"),
    ],
)
def test_what_nir_cannot_say(node: Node, word: str, tmp_path: Path) -> None:
    pytest.importorskip("nir")
    with pytest.raises(E3neError, match=word):
        write_nir(SpikingNetwork("net", (2, 6, 6), [node]), tmp_path / "net.nir")
    assert not (tmp_path / "net.nir").exists()


def test_metadata_that_are_not_complete(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    path = tmp_path / "net.nir"
    write_nir(everything(), path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/n/metadata/fires"]
        file["node/nodes/m/metadata/decay"][()] = np.nan
        del file["node/metadata/e3ne"]
        file["node/metadata/e3ne"] = "1"
    text = problems(path, None)
    assert "node 'n': its metadata say fires = None" in text
