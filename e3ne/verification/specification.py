"""A random network as data: what is drawn, what is made smaller when it fails, and what the network is built from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import EncodingAttr
from e3ne.verification.decisions import Decisions
from e3ne.verification.networks import NetworkBuilder

IMAGES = 3


@dataclass(frozen=True)
class Layer:
    """A method of `NetworkBuilder` and its arguments; `number` keeps its name and its numbers when others go."""

    number: int
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def append(self, builder: NetworkBuilder, seed: int) -> None:
        """Appends the layer; its random numbers depend on `seed` and on its own number alone."""
        # A dense layer over a map is two layers.
        builder.count = 2 * self.number
        builder.rng = np.random.default_rng([seed, self.number])
        getattr(builder, self.kind)(**self.options)

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={value}' for name, value in self.options.items())})"


@dataclass(frozen=True)
class Specification:
    """An input (shape (C, H, W), encoding), layers, decisions; `seed` draws weights and images, `images` of these.

    `paused` says whether it is also run with gaps in the input and back-pressure.
    """

    shape: tuple[int, int, int]
    encoding: EncodingAttr
    layers: tuple[Layer, ...]
    decisions: Decisions = Decisions()
    seed: int = 0
    scale: float | None = None
    rate_coded: bool = False
    images: int = IMAGES
    paused: bool = True

    def builder(self, name: str) -> NetworkBuilder:
        """The input alone."""
        return NetworkBuilder(
            name, self.shape, 1, self.seed, self.encoding, scale=self.scale, rate_coded=self.rate_coded
        )

    def network(self, name: str) -> ModuleOp:
        """The integer network; raises VerifyException or E3neError where there is no such one."""
        builder = self.builder(name)
        for layer in self.layers:
            layer.append(builder, self.seed)
        return builder.build()

    def features(self) -> Iterator[str]:
        """What is special about it, in words of which a few hundred networks should have all."""
        yield f"input {self.encoding.short_name()}"
        if self.rate_coded:
            yield "rate-coded image"
        for layer in self.layers:
            yield layer.kind
            for name, value in layer.options.items():
                if isinstance(value, EncodingAttr):
                    yield f"{layer.kind} {value.short_name()}"
                elif isinstance(value, str) or value is True:
                    yield f"{layer.kind} {name}" if value is True else f"{layer.kind} {value}"
        if self.decisions.pixels > 1:
            yield "pixels at once"
        if self.decisions.objective:
            yield f"compiled for {self.decisions.objective}"

    def __str__(self) -> str:
        kind = f"{self.encoding}{'' if self.scale is None else f' scale {self.scale}'}{' rate_coded' * self.rate_coded}"
        lines = [f"input {list(self.shape)} {kind}", *map(str, self.layers), str(self.decisions)]
        return "\n".join([*lines, f"seed {self.seed}, {self.images} images{', paused' * self.paused}"])
