"""From the description of a spiking network to the float form of `snn`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from e3ne.dialects import snn
from e3ne.dialects.parameter import identifier, unused
from e3ne.dialects.snn.types import float_tensor
from e3ne.errors import E3neError
from e3ne.frontends.spiking.chain import as_chain
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

LARGEST = float(np.finfo(np.float32).max)
"""Of a parameter."""


def lower(network: SpikingNetwork) -> ModuleOp:
    """The float form, with the spike counts (or sums of drives) of the last layer as the output.

    A sum pool is an average pool whose factor goes into the next weights, as do scales; residual connections become
    channels of a chain. Raises one E3neError for scales without weights behind them, and for what is no chain.
    """
    network = as_chain(network)
    problems = _problems(network)
    if problems:
        raise E3neError("\n".join(problems))
    shape = network.input_shape if len(network.input_shape) == 3 else (prod(network.input_shape), 1, 1)
    building = _Building(snn.NetworkOp.start(identifier(network.name), float_tensor(shape)))
    if len(network.input_shape) == 1:
        building.append(snn.FlattenOp("input", building.value))
    for node in network.nodes:
        building.add(node)
    building.append(snn.SumStepsOp("output", building.value))
    building.network.finish(building.value)
    module = ModuleOp([*building.parameters, building.network])
    module.verify()
    return module


def _problems(network: SpikingNetwork) -> list[str]:
    found: list[str] = []
    scaled = False
    for node in network.nodes:
        what = None
        if isinstance(node.operation, Neuron) and scaled:
            what = "follows a scale or a sum pool without weights in between"
        scaled = _factor(node.operation) != 1 or (scaled and not isinstance(node.operation, Convolution | Linear))
        if what is not None:
            found.append(f"layer '{node.name}' {what}")
    if scaled:
        found.append("the network ends with a scale or a sum pool that has no weights behind it")
    return found


def _factor(operation: Operation) -> float:
    """What the numbers of a layer have to be multiplied with, beyond what its float operation does."""
    match operation:
        case Scale(factor=factor):
            return factor
        case Pool(kind="sum", kernel=(rows, columns)):
            return float(rows * columns)
        case _:
            return 1.0


@dataclass
class _Building:
    network: snn.NetworkOp
    parameters: list[snn.ParameterOp] = field(default_factory=list[snn.ParameterOp])
    factor: float = 1.0
    names: set[str] = field(default_factory=set[str])
    symbols: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.value: SSAValue = self.network.image

    def append(self, op: snn.LayerOp) -> None:
        self.network.block.add_op(op)
        self.value = op.output

    def add(self, node: Node) -> None:
        name, operation = unused(identifier(node.name), self.names), node.operation
        self.names.add(name)
        self.factor *= _factor(operation)
        match operation:
            case Convolution():
                self.append(self._convolution(name, operation, node.shape))
            case Linear():
                if len(snn.shape_of(self.value.type)) == 3:
                    self.append(snn.FlattenOp(f"{name}_input", self.value))
                weights, bias = self._weights(name, operation.weights, operation.bias)
                self.append(snn.LinearOp(name, self.value, float_tensor(node.shape), weights, bias=bias))
            case Pool():
                window = snn.Window(operation.kernel, operation.stride, operation.padding)
                make: Callable[..., snn.LayerOp] = snn.MaxPoolOp if operation.kind == "max" else snn.AveragePoolOp
                self.append(make(name, self.value, window))
            case Neuron():
                self.append(self._neuron(name, operation))
            case Flatten():
                if len(snn.shape_of(self.value.type)) == 3:
                    self.append(snn.FlattenOp(name, self.value))
            case Scale():
                pass
            case Add():
                raise AssertionError("a chain has no sums")

    def _convolution(self, name: str, conv: Convolution, shape: tuple[int, ...]) -> snn.LayerOp:
        weights, bias = self._weights(name, conv.weights, conv.bias)
        return snn.Conv2dOp(
            name,
            self.value,
            float_tensor(shape),
            weights,
            bias=bias,
            stride=conv.stride,
            padding=conv.padding,
            dilation=conv.dilation,
            groups=conv.groups,
        )

    def _weights(self, name: str, weights: Reals, bias: Reals | None) -> tuple[str, str | None]:
        symbol = self._parameter(f"{name}_weight", weights * self.factor)
        self.factor = 1.0
        return symbol, None if bias is None else self._parameter(f"{name}_bias", bias)

    def _neuron(self, name: str, neuron: Neuron) -> snn.LifOp:
        numbers = {
            "threshold": neuron.threshold,
            "decay": neuron.decay,
            "initial": neuron.initial,
            "reset_value": neuron.reset_value,
            "gain": neuron.gain,
            "synapse_decay": neuron.synapse_decay,
            "least": neuron.least,
            "recurrent_bias": neuron.recurrent_bias,
        }
        symbols = {
            each: self._parameter(f"{name}_{each}", np.asarray(array, np.float64).reshape(-1))
            for each, array in numbers.items()
            if array is not None
        }
        if neuron.recurrent is not None:
            symbols["recurrent"] = self._parameter(f"{name}_recurrent", neuron.recurrent)
        return snn.LifOp(
            name,
            self.value,
            self.value.type,
            symbols,
            fires=neuron.fires,
            reset=neuron.reset,
            timing=neuron.timing,
            several=neuron.several,
            loses_input=neuron.loses_input,
        )

    def _parameter(self, wanted: str, array: Reals) -> str:
        if (np.abs(array) > LARGEST).any():
            raise E3neError(f"{wanted}: it has a number beyond ±{LARGEST:.3g}, which float32 does not hold")
        symbol = unused(wanted, self.symbols)
        self.symbols.add(symbol)
        self.parameters.append(snn.ParameterOp(symbol, np.asarray(array, np.float64)))
        return symbol
