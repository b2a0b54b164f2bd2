"""NIR files that `e3ne compile` refuses: exit status 2, one message that names the file and the node, no output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.command import Ran, e3ne
from tests.frontends.spiking.files import AFFINE, CHAIN, EDGES, with_lif, write

NAN, INFINITE = np.array([1.0, np.nan, 1.0, 1.0]), np.full(4, np.inf)
CUBA = {"type": "CubaLIF", **{name: np.ones(4) for name in ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold")}}


def refused(path: Path, *options: str) -> str:
    """The message of a compilation, which leaves nothing behind."""
    np.savez(path.with_name("spikes.npz"), x=np.ones((2, 5, 3), np.uint8))
    out = path.with_name("out")
    ran: Ran = e3ne("compile", path, "--data", path.with_name("spikes.npz"), *options, "-o", out)
    assert (ran.status, ran.output) == (2, "")
    assert ran.message.count("e3ne: ") == 1
    assert "Traceback" not in ran.message
    assert {each.name for each in path.parent.iterdir()} <= {path.name, "spikes.npz"}
    return ran.message


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.nir"
    assert refused(path) == f"e3ne: NIR file '{path}' does not exist\n"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (CHAIN, ("LIF leaves open the time step", "how and when it resets", "the first membrane")),
        (
            with_lif(type="IF"),
            ("IF leaves open the time step", "whether it fires at or only above", "how often it may"),
        ),
        ({**CHAIN, "lif": CUBA}, ("CubaLIF leaves open", "whether the current acts in the same step")),
    ],
)
def test_without_a_dialect(nodes: dict[str, object], words: tuple[str, ...], tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", nodes, EDGES)
    first, node, dialects = refused(path).splitlines()
    assert first == f"e3ne: NIR file '{path}' cannot be imported:"
    assert node.startswith("  - node 'lif': ")
    assert [word for word in words if word not in node] == []
    assert "one of snntorch, spikingjelly, norse, sinabs, literal" in dialects


@pytest.mark.parametrize(
    ("nodes", "edges", "problem"),
    [
        (with_lif(tau=NAN), EDGES, "node 'lif': its tau has an element that is not a number"),
        (with_lif(v_threshold=INFINITE), EDGES, "node 'lif': its v_threshold has an infinite element"),
        ({**CHAIN, "fc": AFFINE | {"bias": NAN}}, EDGES, "node 'fc': its bias has an element that is not a number"),
        ({**CHAIN, "fc": AFFINE | {"bias": INFINITE}}, EDGES, "node 'fc': its bias has an infinite element"),
        (CHAIN, [*EDGES, ("lif", "fc")], "nodes 'fc', 'lif' form a cycle; "),
        (with_lif(type="AdLIF"), EDGES, "node 'lif': type AdLIF is not supported; supported are Affine, "),
        (
            {**CHAIN, "fc": AFFINE | {"weight": np.eye(4)}},
            EDGES,
            "node 'fc': its weights take 4 inputs, but its input has 3",
        ),
    ],
)
def test_networks_that_are_none(
    nodes: dict[str, object], edges: list[tuple[str, str]], problem: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "net.nir", nodes, edges)
    first, line = refused(path, "--dialect", "snntorch").splitlines()
    assert first == f"e3ne: NIR file '{path}' cannot be imported:"
    assert line.startswith(f"  - {problem}")


@pytest.mark.parametrize("damage", ["text", "half", "inside"])
def test_damaged_files(damage: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", CHAIN, EDGES)
    whole = path.read_bytes()
    inside = whole[:100] + np.random.default_rng(0).bytes(900) + whole[1000:]
    path.write_bytes({"text": b"hello", "half": whole[: len(whole) // 2], "inside": inside}[damage])
    message = refused(path, "--dialect", "snntorch")
    assert message.startswith(f"e3ne: NIR file '{path}' is not a readable HDF5 file: ")
    assert len(message.splitlines()) == 1


def test_what_does_not_go_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", CHAIN, EDGES)
    assert refused(path, "--dialect", "brian").startswith("e3ne: NIR dialect 'brian' is unknown; known are snntorch, ")
    assert "node 'lif': its r is 2, where norse writes 1" in refused(path, "--dialect", "norse")
    shape = refused(path, "--dialect", "snntorch", "--input-shape", "4,1,1")
    assert "images differ in shape: --input-shape (4, 1, 1), --data (3, 1, 1)" in shape
