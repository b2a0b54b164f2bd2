"""The order of layers of a quantised network: blocks of weights, normalisation, activation; what else is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from e3ne.errors import E3neError
from e3ne.frontends.onnx.description import (
    Flatten,
    Layer,
    LayerChain,
    Norm,
    Pool,
    Quantize,
    Quantizer,
    Relu,
    Synapse,
)

MOST_STEPS = 8
MOST_WEIGHT_BITS = 16


@dataclass(eq=False)
class Block:
    """Weights, what stands behind them, and the quantiser that makes codes of it; none in the last block."""

    layer: Layer
    synapse: Synapse
    norm: Norm | None = None
    pools: list[Layer] = field(default_factory=list[Layer])
    """maximum pools before the quantiser"""
    relu: Layer | None = None
    quantize: Layer | None = None
    quantizer: Quantizer | None = None


@dataclass(frozen=True, eq=False)
class QuantizedNetwork:
    """The quantiser of the image, then blocks, and pools and flatten of codes, in their order."""

    image: Layer
    quantizer: Quantizer
    parts: Sequence[Block | Layer]


def quantized_network(chain: LayerChain) -> QuantizedNetwork:
    """The blocks of a quantised network; raises one `E3neError` for everything that keeps it from being integers."""
    walk = _Walk()
    for layer in chain.layers:
        try:
            walk.step(layer)
        except E3neError as error:
            walk.problems.append(f"{layer.title}: {error}")
    walk.finish()
    if walk.problems or walk.image is None or walk.quantizer is None:
        lines = "\n".join(f"  - {problem}" for problem in walk.problems)
        raise E3neError(
            f"quantised network '{chain.name}' cannot be compiled:\n{lines}\n"
            "(see the user guide, ONNX and QONNX, for the networks that can be)"
        )
    return QuantizedNetwork(walk.image, walk.quantizer, walk.parts)


@dataclass(eq=False)
class _Walk:
    parts: list[Block | Layer] = field(default_factory=list[Block | Layer])
    problems: list[str] = field(default_factory=list[str])
    image: Layer | None = None
    quantizer: Quantizer | None = None
    block: Block | None = None
    """whose membranes are in hand"""
    codes: Quantizer | None = None
    """what made the codes in hand; None if they have been averaged since"""

    def step(self, layer: Layer) -> None:
        """Takes the next layer."""
        match layer.operation:
            case Synapse() as synapse:
                self._synapse(layer, synapse)
            case Norm() as norm:
                self._norm(norm)
            case Relu():
                self._relu(layer)
            case Quantize(quantizer=quantizer):
                self._quantize(layer, quantizer)
            case Pool(kind=kind):
                if self.block is None:
                    self.parts.append(layer)
                    self.codes = self.codes if kind == "max" else None
                elif kind == "max":
                    self.block.pools.append(layer)
                else:
                    raise E3neError("average pooling must come after the activation's quantiser, not before it")
            case Flatten():
                if self.block is not None:
                    raise E3neError("flatten must come after the activation's quantiser, not before it")
                self.parts.append(layer)
            case _:
                raise E3neError("it is not supported in a quantised network")

    def _synapse(self, layer: Layer, synapse: Synapse) -> None:
        before, self.block = self.block, Block(layer, synapse)
        self.parts.append(self.block)
        if self.image is None and before is None:
            self.problems.append(
                f"{layer.title}: the image has no quantiser; put one of up to 8 bits in front of the first layer "
                "(scale 1/255 with 8 bits changes nothing in images of bytes)"
            )
        if before is not None:
            self.problems.append(
                f"{layer.title}: its input is not quantised; put a quantiser behind '{before.layer.name}'"
            )
        if not synapse.weights.is_quantized:
            raise E3neError("its weights are not quantised")
        if not 1 <= synapse.weights.width <= MOST_WEIGHT_BITS:
            raise E3neError(f"its weights have {synapse.weights.width} bits; at most {MOST_WEIGHT_BITS} are supported")

    def _norm(self, norm: Norm) -> None:
        if self.block is None or self.block.pools or self.block.relu is not None:
            raise E3neError("it must directly follow weights")
        if self.block.norm is not None:
            raise E3neError("only one normalisation or factor can follow weights; multiply them out")
        self.block.norm = norm

    def _relu(self, layer: Layer) -> None:
        if self.block is not None and self.block.relu is None:
            self.block.relu = layer
        elif self.block is None and self.image is None:
            raise E3neError("a ReLU must follow weights")

    def _quantize(self, layer: Layer, quantizer: Quantizer) -> None:
        previous, self.codes = self.codes, quantizer
        block, self.block = self.block, None
        if quantizer.steps > MOST_STEPS:
            raise E3neError(f"it gives codes of {quantizer.steps} bits; at most {MOST_STEPS} are supported")
        if quantizer.low > 0:
            raise E3neError(f"its codes begin at {quantizer.low}; 0 is supported")
        if block is not None:
            if quantizer.low < 0 and block.relu is None:
                raise E3neError("it gives negative codes; only activations that are not negative have spike trains")
            block.quantize, block.quantizer = layer, quantizer
        elif self.image is None and not self.parts:
            # One with a sign is used by its upper half alone: pixels are 0 … 1.
            if quantizer.rounding != "half_even":
                raise E3neError("the image is rounded half to even; other roundings are supported behind weights only")
            self.image, self.quantizer = layer, quantizer
        elif previous is None or quantizer.scale != previous.scale or quantizer.high < previous.high:
            raise E3neError("it quantises what has no weights before it; only the codes' own scale is possible there")

    def finish(self) -> None:
        """The end of the network."""
        if self.block is None:
            self.problems.append("the network must end with a convolution or linear layer without quantiser behind it")
        elif self.block.relu is not None or self.block.pools:
            self.problems.append("the network must end with a convolution or linear layer, without ReLU or pool")
