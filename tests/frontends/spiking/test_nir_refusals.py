"""NIR files whose network is refused: one message with all problems, each with its node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Node, Pool, Scale, SpikingNetwork
from e3ne.frontends.spiking.nir_writer import write_nir
from tests.frontends.spiking.files import (
    AFFINE,
    CHAIN,
    EDGES,
    INPUT,
    OUTPUT,
    everything,
    h5py,
    problems,
    with_lif,
    write,
)

pytestmark = pytest.mark.usefixtures("in_process")


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


def test_the_packages_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", CHAIN, EDGES)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'e3ne[nir]'" in problems(path)
    with pytest.raises(E3neError, match="e3ne\\[nir\\]"):
        write_nir(everything(), tmp_path / "net.nir")


def test_parameters_that_give_no_number(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", with_lif(tau=np.zeros(4)), EDGES)
    assert "node 'lif': its parameters give a decay that is infinite" in problems(path, "literal")


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
