"""Random small networks with random decisions; `random.Random` may be hypothesis's, which then shrinks them."""

from __future__ import annotations

import random

from e3ne.dialects.snn import (
    BipolarAttr,
    PhaseAttr,
    RadixAttr,
    TrainType,
    TtfsAttr,
    TtfsLinearAttr,
    WeightedAttr,
    Window,
)
from e3ne.verification.case import Case
from e3ne.verification.lowering import Decisions
from e3ne.verification.networks import NetworkBuilder


def random_case(rng: random.Random) -> Case:
    """One to three layers over a map, then perhaps dense ones, on an input of a few pixels."""
    shape = (rng.randint(1, 3), rng.randint(1, 6), rng.randint(1, 6))
    steps = rng.choice((1, 2, 3, 4, 5))
    seed = rng.getrandbits(32)
    decisions = Decisions(
        pools_first=rng.random() < 0.5,
        fifo_depth=rng.choice((0, 0, 1, 2, 3)),
        memory=rng.choice(("", "registers", "distributed", "block")),
        interval=rng.choice((1, 50, 1024)),
        seed=rng.choice((None, rng.getrandbits(32))),
    )
    return Case(shape, steps, lambda network: _layers(network, random.Random(seed)), decisions)


def _layers(network: NetworkBuilder, rng: random.Random) -> NetworkBuilder:
    for _ in range(rng.randint(0, 3)):
        _append(network, rng)
    for _ in range(rng.randint(0, 2)):
        network.linear(rng.randint(1, 6), weight_bits=rng.randint(1, 5)).fire(encoding=_encoding(rng))
    network.linear(rng.randint(1, 6), bias=rng.random() < 0.5)
    return network.argmax() if rng.random() < 0.3 else network


def _append(network: NetworkBuilder, rng: random.Random) -> None:
    """A layer over a map, or nothing when what was drawn does not fit the map."""
    channels, height, width = network.shape
    window = _window(rng, height, width)
    rows, columns = window.positions(height, width)
    if rows < 1 or columns < 1:
        return
    kind = rng.choice(("conv", "conv", "conv", "max", "sum"))
    train = network.value.type
    assert isinstance(train, TrainType)
    if kind != "max" and any(window.padding) and not train.encoding.has_zero:
        return
    if kind == "conv":
        groups = rng.choice([n for n in range(1, channels + 1) if channels % n == 0])
        network.conv(
            groups * rng.randint(1, 3),
            window.kernel,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
            groups=groups,
            weight_bits=rng.randint(1, 5),
        )
        network.fire(fraction_bits=rng.randint(0, 4), per_layer=rng.random() < 0.3, encoding=_encoding(rng))
    elif kind == "max" and not window.padding_only(height, width):
        network.max_pool(window.kernel, window.stride, window.padding, window.dilation)
    elif kind == "sum" and window.taps <= 9:
        network.sum_pool(window.kernel, window.stride, window.padding)


def _encoding(rng: random.Random) -> WeightedAttr:
    """Radix half of the time."""
    others = (
        PhaseAttr.of(rng.randint(1, 3), rng.randint(1, 4)),
        TtfsAttr.of(rng.randint(1, 6)),
        TtfsLinearAttr.of(rng.randint(1, 20)),
        BipolarAttr.of(rng.randint(1, 5)),
    )
    return RadixAttr.of(rng.randint(1, 5)) if rng.random() < 0.5 else rng.choice(others)


def _window(rng: random.Random, height: int, width: int) -> Window:
    def pair(low: int, high: int) -> tuple[int, int]:
        return rng.randint(low, high), rng.randint(low, high)

    kernel = (rng.randint(1, min(3, height)), rng.randint(1, min(3, width)))
    padding = (*pair(0, 2), *pair(0, 2)) if rng.random() < 0.5 else (0, 0, 0, 0)
    return Window(kernel, pair(1, 3), padding, pair(1, 2) if rng.random() < 0.3 else (1, 1))
