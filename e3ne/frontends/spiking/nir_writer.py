"""A spiking network as a NIR file that other tools read as well as NIR can say it, and `read_nir` reads exactly."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import numpy as np

from e3ne.dialects.parameter import unused
from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Operation,
    Pool,
    Reals,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.nir_layers import same_padding
from e3ne.frontends.spiking.nir_metadata import graph_metadata, node_metadata

_Plan = tuple[str, dict[str, object]]
"""a class of the package nir, and its arguments; nir may be missing, also when types are checked"""

_DT = 1e-4
"""the time step, in seconds, that other tools' importers take"""


def write_nir(network: SpikingNetwork, path: str | Path) -> None:
    """Writes a network that `read_nir` gives back unchanged, without a dialect.

    All of each neuron is in the metadata of its node; the fields of NIR hold what they can, for a time step of 1e-4 s.
    Raises one `E3neError` for all that NIR has no form for (maximum pools, paddings that differ between the sides,
    names with a slash), if the file cannot be written, or if the package nir is missing.
    """
    if importlib.util.find_spec("nir") is None:
        raise E3neError("the package nir is needed for NIR files: pip install 'e3ne[nir]'")
    problems = [problem for node in network.nodes for problem in _problems(node)]
    if not network.nodes:
        problems.append("the network has no nodes")
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise E3neError(f"network '{network.name}' cannot be written as a NIR file:\n{lines}")
    nir = importlib.import_module("nir")
    plans, edges = _graph(network)
    nodes = {name: getattr(nir, kind)(**arguments) for name, (kind, arguments) in plans.items()}
    graph = nir.NIRGraph(nodes, edges, metadata=graph_metadata(network.name), type_check=False)
    try:
        nir.write(Path(path), graph)
    except OSError as error:
        raise E3neError(f"NIR file '{path}' cannot be written: {error}") from error


def _problems(node: Node) -> list[str]:
    found: list[str] = []
    if not node.name or "/" in node.name or node.name in (".", ".."):
        found.append(f"node '{node.name}': this name cannot be that of a NIR node")
    match node.operation:
        case Pool(kind="max"):
            found.append(f"node '{node.name}': NIR has no maximum pool")
        case Pool() if node.operation.padding[:2] != node.operation.padding[2:]:
            found.append(f"node '{node.name}': NIR pads both sides of a pool alike, not {node.operation.padding}")
        case Convolution() if _padding(node.operation) is None:
            found.append(f"node '{node.name}': NIR pads both sides alike, not {node.operation.padding}")
        case _:
            pass
    return found


def _graph(network: SpikingNetwork) -> tuple[dict[str, _Plan], list[tuple[str, str]]]:
    taken = {node.name for node in network.nodes}
    entry, end = unused("input", taken), unused("output", taken)
    nodes: dict[str, _Plan] = {entry: ("Input", {"input_type": np.array(network.input_shape)})}
    edges: list[tuple[str, str]] = []
    for position, node in enumerate(network.nodes):
        sources = [entry if source < 0 else network.nodes[source].name for source in node.inputs]
        shape = network.input_shape if node.inputs[0] < 0 else network.nodes[node.inputs[0]].shape
        kind, arguments = _node(node.operation, shape)
        metadata = node_metadata(position, node.operation)
        nodes[node.name] = (kind, {**arguments, "metadata": metadata})
        edges.extend((source, node.name) for source in sources)
        if isinstance(node.operation, Neuron) and node.operation.recurrent is not None:
            loop = unused(f"{node.name}.recurrent", {*taken, *nodes})
            nodes[loop] = _linear(node.operation.recurrent, node.operation.recurrent_bias)
            edges += [(node.name, loop), (loop, node.name)]
    nodes[end] = ("Output", {"output_type": np.array(network.nodes[-1].shape)})
    edges.append((network.nodes[-1].name, end))
    return nodes, edges


def _node(operation: Operation, shape: tuple[int, ...]) -> _Plan:
    match operation:
        case Neuron():
            return _neuron(operation, shape)
        case Linear():
            return _linear(operation.weights, operation.bias)
        case Convolution():
            return _convolution(operation, shape)
        case Pool():
            size, stride, padding = operation.kernel, operation.stride, operation.padding[:2]
            arguments = {"kernel_size": np.array(size), "stride": np.array(stride), "padding": np.array(padding)}
            return ("SumPool2d" if operation.kind == "sum" else "AvgPool2d", {**arguments})
        case Flatten():
            return ("Flatten", {"input_type": {"input": np.array(shape)}, "start_dim": 0, "end_dim": -1})
        case Scale():
            return ("Scale", {"scale": np.full(shape, operation.factor)})
        case Add():
            # edges that meet are added
            return ("Scale", {"scale": np.ones(shape)})


def _linear(weights: Reals, bias: Reals | None) -> _Plan:
    return ("Linear", {"weight": weights}) if bias is None else ("Affine", {"weight": weights, "bias": bias})


def _convolution(operation: Convolution, shape: tuple[int, ...]) -> _Plan:
    bias = operation.bias
    arguments: dict[str, object] = {
        "input_shape": (shape[1], shape[2]),
        "weight": operation.weights,
        "stride": operation.stride,
        "padding": _padding(operation),
        "dilation": operation.dilation,
        "groups": operation.groups,
        "bias": np.zeros(operation.weights.shape[0]) if bias is None else bias,
    }
    return ("Conv2d", arguments)


def _padding(operation: Convolution) -> tuple[int, int] | str | None:
    """As NIR says it, or None if it cannot."""
    top, left, bottom, right = operation.padding
    if (top, left) == (bottom, right):
        return (top, left)
    kernel = (operation.weights.shape[2], operation.weights.shape[3])
    same = operation.stride == (1, 1) and operation.padding == same_padding(kernel, operation.dilation)
    return "same" if same else None


def _neuron(neuron: Neuron, shape: tuple[int, ...]) -> _Plan:
    def full(values: Reals) -> Reals:
        return np.broadcast_to(values.reshape(-1, *(1 for _ in shape[1:])), shape).copy()

    potentials = {"v_threshold": full(neuron.threshold), "v_reset": full(neuron.reset_value)}
    if (neuron.decay == 1).all() and neuron.synapse_decay is None:
        return ("IF", {"r": full(neuron.gain) / _DT, **potentials})
    # a neuron that does not leak has tau = r = inf
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = _DT / (1.0 - full(neuron.decay))
        membrane = {"r": full(neuron.gain) * tau / _DT, "v_leak": np.zeros(shape), **potentials}
        if neuron.synapse_decay is None:
            return ("LIF", {"tau": tau, **membrane})
        tau_syn = _DT / (1.0 - full(neuron.synapse_decay))
        return ("CubaLIF", {"tau_syn": tau_syn, "tau_mem": tau, "w_in": tau_syn / _DT, **membrane})
