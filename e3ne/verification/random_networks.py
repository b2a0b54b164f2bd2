"""Random small networks with random decisions; `random.Random` may be hypothesis's, which then shrinks them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count as numbers_from

from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn import DirectAttr, EncodingAttr, RadixAttr, RateAttr
from e3ne.errors import E3neError
from e3ne.verification.decisions import Decisions
from e3ne.verification.lowering import Lowered, lower
from e3ne.verification.random_layers import LayerDrawer
from e3ne.verification.specification import Specification


def drawn(seed: int, number: int) -> Specification:
    """The network of a number; depends on nothing but that and the seed."""
    return random_specification(random.Random(f"{seed}:{number}"))


def accepted_networks(count: int, seed: int) -> Iterator[Lowered]:
    """The first networks of a seed that are not refused, lowered to Verilog."""
    found = 0
    for number in numbers_from():
        if found == count:
            return
        specification, name = drawn(seed, number), f"s{seed}n{number}"
        try:
            design = lower(specification.network(name), specification.decisions)
        except (E3neError, VerifyException):
            continue
        found += 1
        yield design


def random_specification(rng: random.Random) -> Specification:
    """A network of one frame or over time steps: layers over a map, then dense ones, on an input of a few pixels."""
    if rng.random() < 0.04:
        return _side_by_side(rng)
    shape, seed = _shape(rng), rng.getrandbits(32)
    scale, rate_coded = None, False
    over_time = rng.random() < 0.5
    if over_time:
        encoding, rate_coded = _encoding_over_time(rng)
    else:
        # What encodings of one frame there are is the drawer's knowledge, which needs an input.
        start = Specification(shape, RadixAttr.of(1), ())
        encoding = LayerDrawer(rng, start.builder("encoding"), seed).encoding()
    if encoding.is_complete and not isinstance(encoding, RateAttr) and rng.random() < 0.2:
        scale = rng.choice((0.25, 1.0, 3.0)) / encoding.greatest
    start = Specification(shape, encoding, (), _decisions(rng), seed, scale, rate_coded)
    drawer = LayerDrawer(rng, start.builder("drawn"), seed)
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
        if drawer.is_map:
            drawer.over_map()
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        drawer.dense()
    if not over_time or not drawer.layers or rng.random() < 0.6:
        drawer.dense(neurons=over_time and rng.random() < 0.4)
    drawer.end()
    return Specification(shape, encoding, tuple(drawer.layers), start.decisions, seed, scale, rate_coded)


def _side_by_side(rng: random.Random) -> Specification:
    """A convolution of neighbouring pixels at once, which takes a pool of windows side by side."""
    pixels, rows, seed = rng.choice((2, 2, 3)), rng.randint(1, 2), rng.getrandbits(32)
    shape, encoding = (rng.randint(1, 2), 2 * rows, pixels * rng.randint(1, 3)), RadixAttr.of(rng.randint(1, 4))
    drawer = LayerDrawer(rng, Specification(shape, encoding, ()).builder("drawn"), seed)
    kernel, left = (1, rng.randint(1, 4)), rng.randint(0, 3)
    left = min(left, kernel[1] - 1)
    # As many columns as the image has.
    padding = (0, left, 0, kernel[1] - 1 - left)
    drawer.append("conv", outputs=rng.randint(1, 3), kernel=kernel, padding=padding, weight_bits=rng.randint(1, 4))
    drawer.append("fire", encoding=RadixAttr.of(rng.randint(1, 4)), per_layer=rng.random() < 0.3)
    drawer.append("max_pool", kernel=(rng.randint(1, 2), pixels))
    drawer.dense(neurons=False)
    decisions = Decisions(pixels=pixels, pools_first=rng.random() < 0.5, small_luts=rng.random() < 0.3)
    return Specification(shape, encoding, tuple(drawer.layers), decisions, seed)


def _shape(rng: random.Random) -> tuple[int, int, int]:
    """A few pixels; one time in three a single one, a row or a column."""
    sizes = [rng.randint(1, 6), rng.randint(1, 6)]
    if rng.random() < 0.3:
        for side in rng.choice(((0,), (1,), (0, 1))):
            sizes[side] = 1
    channels = rng.choice((1, 1, 2, 2, 3, 4)) if sizes != [1, 1] else rng.choice((1, 3, 6, 9))
    return channels, sizes[0], sizes[1]


def _encoding_over_time(rng: random.Random) -> tuple[EncodingAttr, bool]:
    steps = rng.choice((1, 2, 3, 4, 5, 6, 7, 9))
    if rng.random() < 0.35:
        return DirectAttr.of(rng.randint(1, 8), steps), False
    return RateAttr.of(steps, rng.choice((1, 1, 2, 3, 5))), rng.random() < 0.3


def _decisions(rng: random.Random) -> Decisions:
    """Mostly random choices for each unit; at times what the compiler decides, by its simple rule or for a goal."""
    if rng.random() < 0.1:
        objective = rng.choice(("area", "latency", "interval", "energy"))
        return Decisions(objective=objective, interval=rng.choice((0, 0, 500, 20000)))
    return Decisions(
        pools_first=rng.random() < 0.5,
        fifo_depth=rng.choice((0, 0, 1, 2, 3)),
        small_luts=rng.random() < 0.4,
        memory=rng.choice(("", "registers", "distributed", "block")),
        interval=rng.choice((1, 50, 1024)),
        # An odd seed asks for small LUTs, too.
        seed=None if rng.random() < 0.2 else 2 * rng.getrandbits(31),
    )
