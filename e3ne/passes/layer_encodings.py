"""Which encoding the image and each neuron of a float network get: one for all, and exceptions by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn import (
    AveragePoolOp,
    Conv2dOp,
    LayerOp,
    NetworkOp,
    ReluOp,
    SynapseOp,
    WeightedAttr,
)
from e3ne.dialects.snn.encodings import RadixAttr, neuron_encodings
from e3ne.dialects.snn.neurons import neuron_problem
from e3ne.errors import E3neError
from e3ne.options import DEFAULT_PERIOD
from e3ne.whole_number import whole_number

INPUT = "input"
"""What the image is called among the layers."""


Value = TypeVar("Value", str, int)


@dataclass(frozen=True)
class EncodingChoice:
    """An encoding and time steps for all neurons and the image, and those of layers that differ.

    Layers go by their own name or that of the weights in front; the image is `input`. An image gets no encoding without
    a zero unless it is asked for by name: it gets radix instead, since pixels begin at 0 and images are padded.
    """

    encoding: str = "radix"
    steps: int = 4
    period: int = DEFAULT_PERIOD
    encoding_by_layer: Mapping[str, str] = field(default_factory=dict[str, str])
    steps_by_layer: Mapping[str, int] = field(default_factory=dict[str, int])

    def resolve(self, network: NetworkOp) -> dict[str, WeightedAttr]:
        """The encoding of the image, by `INPUT`, and of each ReLU, by its name; raises E3neError with all problems."""
        names = _names(network)
        problems = [
            f"{option}: there is no layer '{layer}' with neurons; there are: {', '.join(names)}"
            for option, own in (
                ("encoding-by-layer", self.encoding_by_layer),
                ("steps-by-layer", self.steps_by_layer),
            )
            for layer in own
            if layer not in names
        ]
        found: dict[str, WeightedAttr] = {}
        for neuron in dict.fromkeys(names.values()):
            own = [name for name, owner in names.items() if owner == neuron]
            encoding = next((self.encoding_by_layer[n] for n in own if n in self.encoding_by_layer), "")
            steps = next((self.steps_by_layer[n] for n in own if n in self.steps_by_layer), 0)
            # What is asked for all layers is reported once, and what is asked for one with its name.
            where = f"layer '{neuron}': " if encoding or steps else ""
            try:
                made = encoding_of(encoding or self.encoding, steps or self.steps, self.period)
                if neuron == INPUT and not encoding and not made.has_zero:
                    made = encoding_of("radix", steps or self.steps, self.period)
                found[neuron] = made
            except E3neError as error:
                problems.append(f"{where}{error}")
        problems = list(dict.fromkeys(problems)) or padding_problems(network, found)
        if problems:
            raise E3neError("; ".join(problems))
        return found


def encoding_of(name: str, steps: int, period: int = DEFAULT_PERIOD) -> WeightedAttr:
    """The encoding that neurons of one frame emit in so many steps; raises E3neError where there is none."""
    known = neuron_encodings()
    if name not in known:
        raise E3neError(f"encoding is '{name}'; supported: {', '.join(known)}")
    try:
        made = known[name].with_steps(steps, period)
    except VerifyException as error:
        raise E3neError(str(error)) from error
    if problem := neuron_problem(made):
        raise E3neError(problem)
    return made


def by_layer(text: str, option: str, kind: str, convert: Callable[[str], Value]) -> dict[str, Value]:
    """LAYER=VALUE,LAYER=VALUE as a mapping; raises `E3neError` for anything else. `kind` stands for VALUE there."""
    found: dict[str, Value] = {}
    for entry in text.split(",") if text else []:
        layer, _, value = entry.strip().rpartition("=")
        if not layer or layer in found or (convert is int and whole_number(value) is None):
            raise E3neError(f"{option} has {entry!r}; LAYER={kind} is needed, each layer once")
        found[layer] = convert(value)
    return found


def _names(network: NetworkOp) -> dict[str, str]:
    """What each neuron may be called: the name of its ReLU by its own name and by that of the weights in front."""
    names = {INPUT: INPUT}
    synapse = ""
    for op in network.layers():
        if isinstance(op, SynapseOp):
            synapse = op.layer_name
        elif isinstance(op, ReluOp):
            names |= {synapse: op.layer_name, op.layer_name: op.layer_name}
    return names


def padding_problems(network: NetworkOp, encodings: Mapping[str, WeightedAttr]) -> list[str]:
    """The layers that pad trains of an encoding without a zero."""
    found: list[str] = []
    current: WeightedAttr = encodings[INPUT]
    after_synapse = False
    for op in network.layers():
        if not current.has_zero and _is_padded(op) and not after_synapse:
            found.append(
                f"layer '{op.layer_name}' pads its input, which is in {current.short_name()} encoding and has no zero"
            )
        if isinstance(op, SynapseOp):
            after_synapse = True
        elif isinstance(op, ReluOp):
            current, after_synapse = encodings[op.layer_name], False
        elif isinstance(op, AveragePoolOp) and not after_synapse:
            # Sums are radix trains, whatever they are sums of.
            current = RadixAttr.of(1)
    return found


def _is_padded(op: LayerOp) -> bool:
    return isinstance(op, Conv2dOp | AveragePoolOp) and any(op.window.padding)
