"""NIR files: HDF5 with a graph in it. Damaged bytes are in tests/frontends/spiking/test_nir_damage.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from tests.frontends.spiking.files import AFFINE, CHAIN, EDGES, LIF, with_lif, write
from tests.hostile.case import Arguments, add, compile_, refused

OPTIONS = ("--dialect", "snntorch", "--time-steps", "4")


def _given(nodes: Mapping[str, object], edges: Sequence[tuple[str, str]], folder: Path) -> Arguments:
    write(folder / "net.nir", nodes, edges)  # type: ignore[arg-type]
    return compile_(folder / "net.nir", *OPTIONS)


def _bad(name: str, nodes: Mapping[str, object], *says: str, edges: Sequence[tuple[str, str]] = EDGES) -> None:
    add(f"nir/{name}", partial(_given, nodes, edges), "net.nir", *says)


def _file(name: str, change: Callable[[h5py.File], None], *says: str) -> None:
    def make(folder: Path) -> Arguments:
        with h5py.File(write(folder / "net.nir", CHAIN, EDGES), "a") as file:
            change(file)
        return compile_(folder / "net.nir", *OPTIONS)

    add(f"nir/{name}", make, "net.nir", *says)


def _bytes(name: str, content: bytes) -> None:
    def make(folder: Path) -> Arguments:
        (folder / "net.nir").write_bytes(content)
        return compile_(folder / "net.nir", *OPTIONS)

    add(f"nir/{name}", make, "net.nir")


_bytes("empty", b"")
_bytes("text", b"hello")
_bytes("a_signature_alone", b"\x89HDF\r\n\x1a\n")
_bytes("zeros_behind_a_signature", b"\x89HDF\r\n\x1a\n" + b"\0" * 10_000)
_bad("no_nodes", {})
_bad("no_edges", CHAIN, edges=[])
_bad("a_circle", CHAIN, "'fc'", "'lif'", edges=[*EDGES, ("lif", "fc")])
_bad("an_edge_to_nowhere", CHAIN, "nowhere", edges=[*EDGES, ("lif", "nowhere")])
_bad("a_node_that_is_its_own_input", CHAIN, "'lif'", edges=[*EDGES, ("lif", "lif")])
_bad("an_unknown_type", with_lif(type="Evil"), "'lif'", "Evil")
_bad("a_type_that_is_a_number", with_lif(type=np.ones(3)), "'lif'")
_bad("a_name_of_10000_characters", {**CHAIN, "x" * 10_000: LIF}, "xxx")
_bad("weights_that_do_not_fit", {**CHAIN, "fc": {**AFFINE, "weight": np.eye(4)}}, "'fc'")
_bad("weights_of_no_rows", {**CHAIN, "fc": {**AFFINE, "weight": np.zeros((0, 3))}}, "'fc'")
_bad("weights_of_texts", {**CHAIN, "fc": {**AFFINE, "weight": "hello"}}, "'fc'")
_bad("weights_that_are_no_numbers", {**CHAIN, "fc": {**AFFINE, "bias": np.full(4, np.nan)}}, "'fc'", "not a number")
_bad("weights_beyond_floats", {**CHAIN, "fc": {**AFFINE, "bias": np.full(4, 1e300)}}, "fc")
add("nir/a_threshold_of_zero", partial(_given, with_lif(v_threshold=np.zeros(4)), EDGES), accepted=True)
_bad("a_threshold_below_zero", with_lif(v_threshold=-np.ones(4)), "lif")
_bad("a_time_constant_of_zero", with_lif(tau=np.zeros(4)), "lif")
_bad("a_time_constant_below_zero", with_lif(tau=-np.ones(4)), "lif")
add("nir/a_threshold_of_1e_30", partial(_given, with_lif(v_threshold=np.full(4, 1e-30)), EDGES), accepted=True)
_bad("an_input_of_2_to_the_40", {**CHAIN, "input": {"type": "Input", "shape": np.array([1 << 40])}}, "input")
_bad("an_input_below_zero", {**CHAIN, "input": {"type": "Input", "shape": np.array([-3])}}, "input")
_bad("an_input_of_no_size", {**CHAIN, "input": {"type": "Input", "shape": np.array([], int)}}, "input")
_bad("two_inputs", {**CHAIN, "more": CHAIN["input"]}, edges=[*EDGES, ("more", "fc")])
_file("a_link_to_another_file", lambda f: f["node"].__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")), "link")
_file("a_soft_link", lambda f: f["node/nodes"].__setitem__("x", h5py.SoftLink("/node")), "link")
_file("groups_in_a_circle", lambda f: f["node/nodes/lif"].__setitem__("x", f["node"]), "nested")
_file("data_of_4_tib", lambda f: f["node/nodes/lif"].create_dataset("x", (1 << 40,), "f4", chunks=(1 << 20,)), "MiB")


def _external(file: h5py.File) -> None:
    file["node/nodes/lif"].create_dataset("x", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def _bomb(file: h5py.File) -> None:
    file["node/nodes/lif"].create_dataset("x", (1 << 34,), "u1", chunks=(1 << 20,), compression="gzip")


_file("data_in_another_file", _external, "in another file")
_file("data_that_unpack_to_16_gib", _bomb, "MiB")


@refused("nir", "net.nir")
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / "net.nir")
    return compile_(folder / "net.nir", *OPTIONS)


@refused("nir", "net.nir")
def a_folder(folder: Path) -> Arguments:
    (folder / "net.nir").mkdir()
    return compile_(folder / "net.nir", *OPTIONS)


@refused("nir", "net.nir")
def a_device(folder: Path) -> Arguments:
    (folder / "net.nir").symlink_to("/dev/zero")
    return compile_(folder / "net.nir", *OPTIONS)
