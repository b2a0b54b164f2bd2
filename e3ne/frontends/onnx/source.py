"""ONNX files as data: nodes, attributes and tensors, checked before anything is made of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError
from e3ne.input_file import require_plain

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

Array = NDArray[np.generic]

MOST_BYTES = 1 << 29
"""Of a file: some hundred million weights."""
MOST_NODES = 100_000
MOST_ELEMENTS = 1 << 26
"""Of one tensor: more is a damaged file rather than a network."""
OLDEST_OPSET = 9
NUMBERS = (
    *("FLOAT", "FLOAT16", "DOUBLE", "BOOL"),
    *(f"{sign}INT{bits}" for sign in ("", "U") for bits in (2, 4, 8, 16, 32, 64)),
)
"""Types of tensors that are read."""

ONNX_DOMAINS = ("", "ai.onnx")
QONNX_DOMAINS = ("qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas")
"""Of today and of earlier versions."""
QONNX_KINDS = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant")

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | Array


@dataclass(frozen=True, eq=False)
class RawNode:
    """A node of the file. An input or output that is left out has the name ''."""

    name: str
    kind: str
    """the operator's name, as Conv"""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    domain: str = ""
    """whose operator it is"""
    is_function: bool = False
    """whether the file itself says what the operator does"""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"node '{self.name}' ({self.kind})"

    @property
    def domain_problem(self) -> str:
        """Why it is not the operator that its kind says; empty if it is."""
        if self.is_function:
            return "it is a function of the file, which is not supported; export the network with its functions inlined"
        if self.domain not in (QONNX_DOMAINS if self.kind in QONNX_KINDS else ONNX_DOMAINS):
            return f"it is of the domain '{self.domain}', which is not supported"
        return ""


@dataclass(frozen=True, eq=False)
class RawGraph:
    """What a file holds. `problems` are those that were found while it was read."""

    name: str
    opset: int
    input: str
    shape: tuple[int, int, int]
    """(C, H, W) of an image"""
    output: str
    nodes: Sequence[RawNode]
    tensors: Mapping[str, Array]
    unread: frozenset[str] = frozenset()
    """parameters and inputs that are there, but cannot be read"""
    problems: Sequence[str] = field(default_factory=list[str])


def read_graph(path: Path) -> RawGraph:
    """The graph of an ONNX file; raises `E3neError` for a file that is not one, or that cannot be read safely."""
    if importlib.util.find_spec("onnx") is None:
        raise E3neError("the package onnx is needed for this model: pip install 'e3ne[onnx]'")
    model = _load(path)
    graph, problems = model.graph, list[str]()
    if len(graph.node) > MOST_NODES:
        raise E3neError(f"ONNX file '{path}' has {len(graph.node)} nodes; at most {MOST_NODES} are read")
    tensors, unread = _tensors(graph, problems)
    functions = {(function.domain, function.name) for function in model.functions}
    nodes = [_node(number, node, functions, problems) for number, node in enumerate(graph.node)]
    given = [value for value in graph.input if _text(value.name) not in tensors.keys() | unread]
    shape = (0, 0, 0)
    if len(given) == 1:
        shape = _image_shape(given[0], problems)
    else:
        problems.append(f"the network must have one input, not {len(given)}")
    if len(graph.output) != 1:
        problems.append(f"the network must have one output, not {len(graph.output)}")
    opset = next((entry.version for entry in model.opset_import if entry.domain in ONNX_DOMAINS), 0)
    if opset < OLDEST_OPSET:
        problems.append(f"its operators are those of version {opset}; versions from {OLDEST_OPSET} on are supported")
    if len(graph.sparse_initializer):
        problems.append("sparse tensors are not supported")
    return RawGraph(
        path.stem,
        opset,
        _text(given[0].name) if given else "",
        shape,
        _text(graph.output[0].name) if len(graph.output) else "",
        nodes,
        tensors,
        # what follows from an image of unknown shape cannot be told
        unread if all(shape) else unread | {_text(value.name) for value in given},
        problems,
    )


def _load(path: Path) -> ModelProto:
    import onnx

    try:
        require_plain(path, f"ONNX file '{path}'", MOST_BYTES)
        return onnx.load_model(path, load_external_data=False)  # pyright: ignore[reportUnknownMemberType]
    except FileNotFoundError as error:
        raise E3neError(f"model file '{path}' does not exist") from error
    except OSError as error:
        raise E3neError(f"ONNX file '{path}' cannot be read: {error}") from error
    except E3neError:
        raise
    except Exception as error:
        # protobuf has kinds of its own for what it cannot parse
        raise E3neError(f"'{path}' is not an ONNX file: {type(error).__name__}") from error


def _tensors(graph: GraphProto, problems: list[str]) -> tuple[dict[str, Array], frozenset[str]]:
    """The parameters that can be read, and the names of the others."""
    found: dict[str, Array] = {}
    unread: set[str] = set()
    for tensor in graph.initializer:
        name = _text(tensor.name)
        if name in found or name in unread:
            problems.append(f"parameter '{name}' is there more than once")
        try:
            found[name] = read_tensor(tensor)
        except E3neError as error:
            unread.add(name)
            problems.append(f"parameter '{name}' {error}")
    return found, frozenset(unread)


def read_tensor(tensor: TensorProto) -> Array:
    """The numbers of a tensor; raises `E3neError`, which does not name it, for one that is not whole."""
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        raise E3neError("is kept in another file; save the model with its parameters inside")
    dims = tuple(tensor.dims)
    if any(size < 0 for size in dims) or prod(dims) > MOST_ELEMENTS:
        raise E3neError(f"has shape {dims}; sizes are positive, and at most {MOST_ELEMENTS} elements are read")
    if tensor.data_type not in TensorProto.DataType.values():
        raise E3neError(f"holds numbers of type {tensor.data_type}, which nobody knows")
    if (kind := TensorProto.DataType.Name(tensor.data_type)) not in NUMBERS:
        raise E3neError(f"holds {kind}, which is not supported")
    try:
        return cast("Array", numpy_helper.to_array(tensor))
    except Exception as error:
        # another number of elements than the shape has
        raise E3neError(f"of shape {dims} cannot be read: {error}") from error


def _node(number: int, node: NodeProto, functions: Collection[tuple[str, str]], problems: list[str]) -> RawNode:
    outputs = tuple(_text(output) for output in node.output)
    name = _text(node.name) or next((output for output in outputs if output), f"node_{number}")
    attributes: dict[str, Attribute] = {}
    for attribute in node.attribute:
        try:
            attributes[_text(attribute.name)] = _attribute(attribute)
        except E3neError as error:
            problems.append(f"node '{name}' ({_text(node.op_type)}): its {_text(attribute.name)} {error}")
    inputs = tuple(_text(name) for name in node.input)
    is_function = (node.domain, node.op_type) in functions
    return RawNode(name, _text(node.op_type), inputs, outputs, attributes, _text(node.domain), is_function)


def _text(name: str | bytes) -> str:
    """A name of the file. Protobuf gives bytes, whatever its types say, where it is no UTF-8."""
    return name if isinstance(name, str) else name.decode("utf-8", "replace")


def _attribute(attribute: AttributeProto) -> Attribute:
    from onnx import AttributeProto

    match attribute.type:
        case AttributeProto.INT:
            return attribute.i
        case AttributeProto.FLOAT:
            return attribute.f
        case AttributeProto.STRING:
            return attribute.s.decode("utf-8", "replace")
        case AttributeProto.INTS:
            return tuple(attribute.ints)
        case AttributeProto.FLOATS:
            return tuple(attribute.floats)
        case AttributeProto.TENSOR:
            return read_tensor(attribute.t)
        case _:
            raise E3neError("is of a kind that is not supported")


def _image_shape(value: ValueInfoProto, problems: list[str]) -> tuple[int, int, int]:
    from onnx import TensorProto

    kind, name = value.type.tensor_type, _text(value.name)
    if kind.elem_type != TensorProto.FLOAT:
        problems.append(f"input '{name}' must hold float32 numbers")
    sizes = [dim.dim_value if dim.HasField("dim_value") else _text(dim.dim_param) or "?" for dim in kind.shape.dim]
    written = " x ".join(str(size) for size in sizes)
    images = tuple(size for size in sizes[1:] if isinstance(size, int) and size > 0)
    if len(sizes) != 4 or len(images) != 3 or (isinstance(sizes[0], int) and sizes[0] > 1):
        problems.append(
            f"input '{name}' must have the shape 1 x C x H x W of one image (1 may be left open), not {written}"
        )
        return (0, 0, 0)
    if prod(images) > MOST_ELEMENTS:
        problems.append(f"input '{name}' of {written} has more than {MOST_ELEMENTS} elements")
        return (0, 0, 0)
    return (images[0], images[1], images[2])
