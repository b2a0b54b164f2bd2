"""Programs of `torch.export.save`: zip files of bytes, JSON and pickles."""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.hostile.array_cases import Evil
from tests.hostile.case import Arguments, add, compile_, refused

GRAPH, WEIGHTS = "models/model.json", "data/weights/model_weights_config.json"
CONSTANTS, EXAMPLES = "data/constants/model_constants_config.json", "data/sample_inputs/model.pt"
CODE = "__import__('os').mkdir('PWNED')"
Change = Callable[[dict[str, Any]], None]


@functools.cache
def good() -> Mapping[str, bytes]:
    """The entries of a program that compiles."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    file = io.BytesIO()
    torch.export.save(torch.export.export(model, (torch.zeros(1, 1, 2, 2),)), file)
    with zipfile.ZipFile(file) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def packed(entries: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A program of any entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(f"net/{name}", content)
    return file.getvalue()


def _given(make: Callable[[], bytes], folder: Path) -> Arguments:
    (folder / "net.pt2").write_bytes(make())
    return compile_(folder / "net.pt2")


def _with(**entries: bytes) -> bytes:
    return packed({**good(), **entries})


def _bad(name: str, make: Callable[[], bytes], *says: str) -> None:
    add(f"pt2/{name}", partial(_given, make), "net.pt2", *says)


def _changed(name: str, entry: str, change: Change, *says: str) -> None:
    def make() -> bytes:
        content = json.loads(good()[entry])
        change(content)
        return packed({**good(), entry: json.dumps(content).encode()})

    _bad(name, make, *says)


def _nodes(program: dict[str, Any]) -> list[dict[str, Any]]:
    return program["graph_module"]["graph"]["nodes"]


add("pt2/as_it_is", partial(_given, lambda: packed(good())), accepted=True)
_bad("empty", lambda: b"")
_bad("text", lambda: b"once a program")
_bad("truncated", lambda: packed(good())[:-100])
_bad("no_entries", lambda: packed({}))
_bad("a_pickle", lambda: pickle.dumps(Evil()))
_bad("pickled_examples_alone", lambda: packed({EXAMPLES: pickle.dumps(Evil())}))
_bad(
    "a_zip_bomb",
    lambda: packed({**good(), "data/weights/weight_0": bytes(1 << 31)}, zipfile.ZIP_DEFLATED),
    "2,147,49",
)
_bad("an_entry_upwards", lambda: _with(**{"../../PWNED": b"x"}), "PWNED")
_bad("a_library", lambda: _with(**{"data/aotinductor/model/x.so": b"\x7fELF"}), "x.so")
_bad("old_weights", lambda: _with(**{"data/weights/model.pt": pickle.dumps(Evil())}), "data/weights/model.pt")
_bad("old_constants", lambda: _with(**{"data/constants/model.pt": pickle.dumps(Evil())}), "data/constants/model.pt")
_bad("an_old_file", lambda: packed({"version": b"8.8", "serialized_constants.pt": pickle.dumps(Evil())}))
add(
    "pt2/an_object_that_nobody_refers_to",
    partial(_given, lambda: _with(**{"data/constants/custom_obj_0": pickle.dumps(Evil())})),
    accepted=True,
)
_bad("a_graph_that_is_no_json", lambda: _with(**{GRAPH: b"{"}))
_bad("a_graph_that_is_nested", lambda: _with(**{GRAPH: b"[" * 100_000}))
_bad("a_graph_that_is_a_list", lambda: _with(**{GRAPH: b"[]"}))
_bad("a_graph_of_nothing", lambda: _with(**{GRAPH: b"{}"}))
_bad("a_graph_that_is_no_text", lambda: _with(**{GRAPH: b"\xff\xfe"}))
_bad("a_weight_that_is_cut", lambda: _with(**{"data/weights/weight_0": b"\0" * 20}))
_bad("a_weight_of_odd_size", lambda: _with(**{"data/weights/weight_0": b"\0" * 47}))


def _pickled(config: dict[str, Any]) -> None:
    config["config"]["1.weight"]["use_pickle"] = True


def _constant(name: str) -> Change:
    def change(config: dict[str, Any]) -> None:
        config["config"]["x"] = {"path_name": name, "is_param": False, "use_pickle": True, "tensor_meta": None}

    return change


def _weight(**fields: object) -> Change:
    return lambda config: config["config"]["1.weight"].update(fields)


def _meta(**fields: object) -> Change:
    return lambda config: config["config"]["1.weight"]["tensor_meta"].update(fields)


_changed("a_pickled_weight", WEIGHTS, _pickled, "weight_0")
_changed("a_pickled_constant", CONSTANTS, _constant("tensor_0"))
_changed("an_opaque_constant", CONSTANTS, _constant("opaque_obj_0"), "opaque_obj_0")
_changed("a_weight_elsewhere", WEIGHTS, _weight(path_name="../../../../etc/passwd"), "etc/passwd")
_changed("a_weight_nowhere", WEIGHTS, _weight(path_name="weight_99"))
_changed("a_weight_of_2_to_the_60", WEIGHTS, _meta(sizes=[{"as_int": 1 << 60}], strides=[{"as_int": 0}]))
_changed("a_weight_below_zero", WEIGHTS, _meta(sizes=[{"as_int": -3}, {"as_int": 4}]))
_changed("a_weight_of_strings", WEIGHTS, _meta(sizes=[{"as_expr": {"expr_str": CODE}}]))
_changed("a_weight_of_unknown_numbers", WEIGHTS, _meta(dtype=9999))
_changed("a_weight_on_a_gpu", WEIGHTS, _meta(device={"type": "cuda", "index": 7}))
_changed("a_weight_with_strides_outside", WEIGHTS, _meta(strides=[{"as_int": 1000}, {"as_int": 1}]))
_changed("a_weight_with_an_offset_outside", WEIGHTS, _meta(storage_offset={"as_int": 1 << 40}))
_changed("a_weight_without_a_layout", WEIGHTS, _weight(tensor_meta=None))
_changed("no_weights", WEIGHTS, lambda config: config["config"].clear())
_changed("an_unknown_operator", GRAPH, lambda p: _nodes(p)[0].update(target="torch.ops.evil.run"), "torch.ops.evil.run")
_changed("a_function_of_torch", GRAPH, lambda p: _nodes(p)[0].update(target="torch.load"), "torch.load")
_changed("a_module_of_torch", GRAPH, lambda p: _nodes(p)[0].update(target="torch.os.system"), "torch.os.system")
_changed(
    "an_operator_of_another_kind", GRAPH, lambda p: _nodes(p)[0].update(target="torch.ops.aten.sin.default"), "simplify"
)
_changed("a_name_that_is_code", GRAPH, lambda p: _nodes(p)[0].update(name=f"x = {CODE}"), "where a name is expected")
_changed("a_guard_that_is_code", GRAPH, lambda p: p.update(guards_code=[CODE], graph_module=None))
_changed("no_nodes", GRAPH, lambda p: _nodes(p).clear())
_changed("a_circle", GRAPH, lambda p: _nodes(p).reverse())
_changed("a_version_to_come", GRAPH, lambda p: p["schema_version"].update(major=999))


def _size(program: dict[str, Any], size: object) -> None:
    program["graph_module"]["graph"]["tensor_values"]["input"]["sizes"][3] = size


def _code_as_size(program: dict[str, Any]) -> None:
    _size(program, {"as_expr": {"expr_str": CODE, "hint": None}})


def _tree(program: dict[str, Any]) -> None:
    tree = [1, {"type": "collections.defaultdict", "context": json.dumps({"default_factory_module": "antigravity"})}]
    program["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = json.dumps(tree)


_changed("a_size_that_is_code", GRAPH, _code_as_size, "where a size is expected")
_changed("a_size_of_2_to_the_40", GRAPH, lambda p: _size(p, {"as_int": 1 << 40}))
_changed("arguments_that_import", GRAPH, _tree, "collections.defaultdict")


@refused("pt2", "net.pt2")
def entries_that_overlap(folder: Path) -> Arguments:
    content = packed(good())
    place = content.rindex(b"PK\x01\x02")
    # the last entry of the directory says that it begins where the first one does
    content = content[: place + 42] + struct.pack("<I", 0) + content[place + 46 :]
    (folder / "net.pt2").write_bytes(content)
    return compile_(folder / "net.pt2")


@refused("pt2", "net.pt2", "one name")
def an_entry_twice(folder: Path) -> Arguments:
    content = packed(good()).replace(b"net/data/weights/weight_1", b"net/data/weights/weight_0")
    (folder / "net.pt2").write_bytes(content)
    return compile_(folder / "net.pt2")


@refused("pt2", "net.pt2", "pipe")
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / "net.pt2")
    return compile_(folder / "net.pt2")


@refused("pt2", "net.pt2", "folder")
def a_folder(folder: Path) -> Arguments:
    (folder / "net.pt2").mkdir()
    return compile_(folder / "net.pt2")


def _examples(folder: Path) -> Arguments:
    (folder / "net.pt2").write_bytes(_with(**{EXAMPLES: pickle.dumps((Evil(),))}))
    return compile_(folder / "net.pt2")


add("pt2/examples_that_are_pickled", _examples, "data/sample_inputs/model.pt")


def _guards(folder: Path) -> Arguments:
    program = json.loads(good()[GRAPH])
    program["guards_code"] = [CODE]
    (folder / "net.pt2").write_bytes(_with(**{GRAPH: json.dumps(program).encode()}))
    return compile_(folder / "net.pt2")


add("pt2/guards_that_are_code", _guards, accepted=True)
