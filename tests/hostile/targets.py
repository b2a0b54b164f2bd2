"""The parsers that are fuzzed: what each is given, what it starts from, and the words of its language."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from e3ne.errors import E3neError
from tests.hostile.mlir_cases import INTEGERS, NETWORK
from tests.hostile.safetensors_cases import HASH, entry, tensors


class MeaninglessError(Exception):
    """What a parser answers for input of no meaning, and its caller turns into a message."""


@dataclass(frozen=True)
class Target:
    """A parser of bytes; `run` raises E3neError or MeaninglessError for what it refuses."""

    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()


_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
WORDS = (
    *("snn.network", "snn.parameter", "snn.linear", "snn.relu", "snn.flatten", "snn.encode", "snn.output", "tensor<"),
    *(
        "#snn.radix<4>",
        "!snn.train<[",
        "!snn.membrane<[",
        "dense<",
        "weights",
        "bias",
        "xf32>",
        "xi8>",
        "width = ",
        "->",
    ),
    *("dataflow.graph", "!dataflow.stream<", "rtl.module", "rtl.constant", "#snn.external<", "!rtl.", "#dataflow."),
)


def _text(data: bytes) -> None:
    """IR text. Errors of other kinds count where our own dialects raise them; those of xDSL's parser do not."""
    from xdsl.parser import Parser
    from xdsl.utils.exceptions import ParseError, VerifyException

    from e3ne.module_text import check_text
    from e3ne.pipeline_runner import new_context

    text = data.decode("utf-8", "ignore")
    check_text(text)
    try:
        Parser(new_context(), text).parse_module().verify()
    except (ParseError, VerifyException) as error:
        raise MeaninglessError from error
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is None or "/e3ne/" not in trace.tb_frame.f_code.co_filename:
            raise MeaninglessError from error
        raise


def _array(data: bytes) -> None:
    from e3ne import dataset

    path = _FOLDER / "d.npz"
    path.write_bytes(data)
    dataset.read(path)


def _saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _events(data: bytes) -> None:
    """Any arrays as events, counts and shape, by the first bytes."""
    from e3ne.event_data import Binning, bin_events

    if len(data) < 8:
        raise MeaninglessError
    kinds = ("i8", "u8", "i1", "u1", "f4", "?", "i4", "u2")
    head, body = data[:8], data[8:]

    def array(number: int) -> np.ndarray:
        kind = np.dtype(kinds[head[number] % len(kinds)])
        part = body[number::3]
        return np.frombuffer(part[: len(part) // kind.itemsize * kind.itemsize], kind)

    arrays: dict[str, np.ndarray] = {"events": array(0), "counts": array(1), "shape": array(2)}
    if head[3] & 1 and arrays["events"].size % 4 == 0:
        arrays["events"] = arrays["events"].reshape(-1, 4)
    if head[3] & 2:
        arrays["shape"] = np.array([1 + head[4] % 3, 1 + head[5] % 9, 1 + head[6] % 9])
    if head[3] & 4:
        del arrays["counts"]
    spikes, _ = bin_events(arrays, Binning(1 + head[7] % 16, 1 + head[6]))
    assert spikes.min(initial=0) >= 0, "a number of spikes below zero"


def _options(data: bytes) -> None:
    from e3ne.options import Options
    from e3ne.passes.layer_encodings import by_layer

    text = data.decode("utf-8", "ignore")
    for kind in (int, str):
        try:
            by_layer(text, "option", "VALUE", kind)
        except E3neError:
            continue
    name, _, value = text.partition("=")
    found = replace(Options(), budget=text)
    if not found.problems():
        assert all(limit >= 0 for limit in found.limits.values())
    if name in Options.__dataclass_fields__ and isinstance(getattr(Options(), name), str):
        replace(Options(), **{name: value}).problems()


def _external(data: bytes) -> None:
    from e3ne.dialects.external import load_external

    (_FOLDER / "p.safetensors").write_bytes(data)
    load_external(_FOLDER, "p.safetensors", "w", HASH)


def _path(data: bytes) -> None:
    """Names of parameter files: none of them may be outside the folder."""
    from e3ne.dialects.external import load_external

    (_FOLDER / "inside").mkdir(exist_ok=True)
    (_FOLDER / "outside.safetensors").write_bytes(tensors({"w": entry()}))
    array = load_external(_FOLDER / "inside", data.decode("utf-8", "ignore"), "w", HASH)
    raise AssertionError(f"a file outside the folder was read: {array}")


def _onnx(data: bytes) -> None:
    from e3ne.frontends.onnx.read import read_onnx

    path = _FOLDER / "net.onnx"
    path.write_bytes(data)
    read_onnx(path)


def _onnx_seeds() -> Iterable[bytes]:
    from tests.hostile.onnx_cases import model

    yield model().SerializeToString()


def _pt2(data: bytes) -> None:
    """The graph of a program."""
    from e3ne.frontends.pt2_file import load_program
    from tests.hostile.pt2_cases import GRAPH, good, packed

    path = _FOLDER / "net.pt2"
    path.write_bytes(packed({**good(), GRAPH: data}))
    load_program(path)


def _pt2_seeds() -> Iterable[bytes]:
    from tests.hostile.pt2_cases import GRAPH, good

    yield good()[GRAPH]


def _nir(data: bytes) -> None:
    """The graph level, behind HDF5: any field of a chain as any array."""
    from e3ne.frontends.spiking.nir_file import read_nir
    from tests.frontends.spiking.files import CHAIN, EDGES, write

    if len(data) < 4:
        raise MeaninglessError
    nodes = {name: dict(fields) for name, fields in CHAIN.items()}
    names = [(node, field) for node, fields in nodes.items() for field in fields]
    values: list[object] = [np.array(0), np.zeros(0), np.full(4, np.nan), "text", np.ones((2, 2)), np.array([-1])]
    for place, kind in zip(data[::2], data[1::2], strict=False):
        node, field = names[place % len(names)]
        if kind % 8 == 7:
            nodes[node].pop(field, None)
        elif kind % 8 == 6:
            nodes[node][field] = np.frombuffer(data[: len(data) // 8 * 8], np.float64)
        else:
            nodes[node][field] = values[kind % 8]
    edges = [*EDGES, (list(nodes)[data[0] % 4], list(nodes)[data[1] % 4])] if data[2] & 1 else EDGES
    read_nir(write(_FOLDER / "net.nir", nodes, edges), "literal")


TARGETS = {
    "mlir": Target(_text, lambda: [NETWORK.encode(), INTEGERS.encode()], WORDS),
    "arrays": Target(
        _array, lambda: [_saved(x=np.zeros((2, 1, 2, 2)), y=np.zeros(2, int)), _npy(np.zeros((2, 3, 2), np.uint8))]
    ),
    "events": Target(_events, lambda: [bytes(8) + bytes(range(96)), b"\0\0\0\7\1\2\3\4" + bytes(64)]),
    "options": Target(_options, lambda: [b"conv1=3,fc=2", b"lut=100,ff=3", b"encoding=radix"], ("lut=", "uram=", ",")),
    "external": Target(_external, lambda: [tensors({"w": entry()})], ("data_offsets", "dtype", "shape")),
    "paths": Target(
        _path, lambda: [b"p.safetensors", b"../outside.safetensors"], ("../", "..", "/", "outside.safetensors")
    ),
    "onnx": Target(_onnx, _onnx_seeds, ("Gemm", "Relu", "Conv", "transB", "perm", "axis")),
    "pt2": Target(_pt2, _pt2_seeds, ("expr_str", "as_int", "guards_code", "target")),
    "nir": Target(_nir, lambda: [bytes(range(32))]),
}
