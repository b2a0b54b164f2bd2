"""What our own NIR files say in the metadata of their nodes, so that nothing about a neuron is left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, get_args

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, Convolution, Fires, Flatten, Neuron, Operation, Reals, Reset, Timing
from e3ne.frontends.spiking.nir_source import RawNode, Value, text_of

VERSION = "1"
_KEY = "e3ne"
_ARRAYS = ("threshold", "decay", "gain", "reset_value", "initial")
_OPTIONAL_ARRAYS = ("least", "synapse_decay")
_FLAGS = ("several", "loses_input")


def graph_metadata(name: str) -> dict[str, object]:
    """The metadata of a graph that is ours."""
    return {_KEY: VERSION, "name": name}


def is_own(metadata: Mapping[str, Value]) -> bool:
    """Whether a graph is ours. Raises `E3neError` if it is of another version."""
    if _KEY not in metadata:
        return False
    version = text_of(metadata.get(_KEY))
    if version != VERSION:
        raise E3neError(f"the NIR file was written by another version of e3ne: {version}, not {VERSION}")
    return True


def network_name(metadata: Mapping[str, Value], default: str) -> str:
    """The name of the network in a file."""
    name = metadata.get("name")
    return name if isinstance(name, str) and _KEY in metadata else default


def neuron_metadata(neuron: Neuron) -> dict[str, object]:
    """All fields of a neuron but the recurrent ones, which the graph's edges say."""
    arrays = {name: getattr(neuron, name) for name in (*_ARRAYS, *_OPTIONAL_ARRAYS)}
    texts = {"fires": neuron.fires, "reset": neuron.reset, "timing": neuron.timing}
    flags = {name: "true" if getattr(neuron, name) else "false" for name in _FLAGS}
    return {**{name: value for name, value in arrays.items() if value is not None}, **texts, **flags}


def own_neuron(node: RawNode) -> Neuron:
    """The neuron that a node's metadata say; raises `E3neError` if they are not complete."""
    fires, reset, timing = (text_of(node.metadata.get(name)) for name in ("fires", "reset", "timing"))
    known_fires: tuple[Fires, ...] = get_args(Fires)
    known_resets: tuple[Reset, ...] = get_args(Reset)
    known_timings: tuple[Timing, ...] = get_args(Timing)
    for flag in _FLAGS:
        if text_of(node.metadata.get(flag)) not in ("true", "false"):
            raise E3neError(f"its metadata have no {flag}")
    arrays = {name: _array(node, name) for name in _ARRAYS}
    optional = {name: _array(node, name) if name in node.metadata else None for name in _OPTIONAL_ARRAYS}
    return Neuron(
        threshold=arrays["threshold"],
        decay=arrays["decay"],
        gain=arrays["gain"],
        fires=_one_of("fires", fires, known_fires),
        reset=_one_of("reset", reset, known_resets),
        timing=_one_of("timing", timing, known_timings),
        reset_value=arrays["reset_value"],
        initial=arrays["initial"],
        several=text_of(node.metadata["several"]) == "true",
        loses_input=text_of(node.metadata["loses_input"]) == "true",
        least=optional["least"],
        synapse_decay=optional["synapse_decay"],
    )


def node_metadata(position: int, operation: Operation) -> dict[str, object]:
    """What a node's metadata say besides the neuron: where it comes in the order, and what NIR has no type for."""
    metadata: dict[str, object] = {"position": str(position)}
    match operation:
        case Neuron():
            return {**metadata, **neuron_metadata(operation)}
        case Convolution(bias=None):
            # NIR has no convolution without
            return {**metadata, "bias": "none"}
        case Add():
            return {**metadata, "operation": "add"}
        case Flatten():
            return {**metadata, "operation": "flatten"}
        case _:
            return metadata


def own_position(node: RawNode) -> int:
    """Where a node comes in the order; 0 if its metadata do not say."""
    position = node.metadata.get("position")
    if isinstance(position, str) and position.isascii() and position.isdigit() and len(position) < 10:
        return int(position)
    return 0


def own_operation(node: RawNode) -> Operation | None:
    """The operation that is said by a node's metadata alone, if it is one of those."""
    match text_of(node.metadata.get("operation")):
        case "add":
            return Add()
        case "flatten":
            return Flatten()
        case _:
            return None


_Known = TypeVar("_Known", bound=str)


def has_no_bias(node: RawNode) -> bool:
    """Whether the bias of a convolution is one that only NIR asks for."""
    return text_of(node.metadata.get("bias")) == "none"


def _one_of(name: str, value: str | None, known: tuple[_Known, ...]) -> _Known:
    for option in known:
        if value == option:
            return option
    raise E3neError(f"its metadata say {name} = {value}, not one of {', '.join(known)}")


def _array(node: RawNode, name: str) -> Reals:
    value = node.metadata.get(name)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim != 1 or value.size == 0:
        raise E3neError(f"its metadata have no {name}")
    if not np.isfinite(value).all():
        raise E3neError(f"{name} in its metadata has an element that is not finite")
    return value.astype(np.float64)
