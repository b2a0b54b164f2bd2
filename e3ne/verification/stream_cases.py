"""Small networks around units of movement: FIFOs, replays, width converters, pools, and both ends."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from e3ne.dialects.dataflow import Order
from e3ne.dialects.snn import BipolarAttr, DirectAttr, RadixAttr, RateAttr, TtfsAttr
from e3ne.units.synapses import divisors
from e3ne.verification.case import Append, Case, on_both_targets, over_time, small_map, vector
from e3ne.verification.decisions import Decisions, Folding, Neurons

FIFO: Mapping[str, Case] = on_both_targets(
    {
        "behind_neurons": vector(3, 2, lambda n: n.linear(4).fire().linear(2)),
        "before_folds": vector(
            3, 2, lambda n: n.linear(4).fire().linear(4), foldings={1: Folding(1, 2, 1, Order.STEPS_OUTER, "adder")}
        ),
        "behind_a_pool": small_map((1, 4, 4), 2, lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 2)).linear(2)),
        "before_neurons": small_map(
            (1, 4, 4), 2, lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 2)).linear(2), pools_first=True
        ),
        "over_time": over_time(lambda n: n.conv(2, (2, 2)).lif().linear(2).lif()),
    }
) | {"everywhere": small_map((2, 3, 3), 2, lambda n: n.conv(2, (2, 2)).fire().linear(2).argmax(), fifo_depth=2)}

REPLAY: Mapping[str, Case] = on_both_targets(
    {
        "groups": vector(
            4, 2, lambda n: n.linear(4).fire().linear(3), foldings={0: Folding(2, 4, 2), 1: Folding(1, 2, 1)}
        ),
        "reordered": vector(4, 4, lambda n: n.linear(4), foldings={0: Folding(2, 2, 1, Order.STEPS_OUTER, "adder")}),
        "pixels": small_map((2, 3, 3), 2, lambda n: n.conv(4, (2, 2)), foldings={0: Folding(1, 4, 1)}),
        "one_beat": vector(4, 2, lambda n: n.linear(4), foldings={0: Folding(1, 4, 2)}),
        "over_time": vector(4, 1, lambda n: n.linear(4).lif(), RateAttr.of(3), foldings={0: Folding(2, 2, 1)}),
    }
)


def _resizes() -> dict[str, Case]:
    """From every number of lanes of 6 neurons to every other one that it divides or that divides it, at 4 steps."""
    cases: dict[str, Case] = {}
    for given, taken, steps_given, steps_taken in product(divisors(6), divisors(6), divisors(4), divisors(4)):
        if max(given, taken) % min(given, taken) or (given, steps_given) == (taken, steps_taken):
            continue
        folding = {
            0: Folding(given, 3, 1, implementation="adder"),
            1: Folding(2, taken, steps_taken, implementation="adder"),
        }
        from_one, to_one = f"{given}x{steps_given}", f"{taken}x{steps_taken}"
        cases[f"from_{from_one}_to_{to_one}"] = Case(
            (3, 1, 1),
            2,
            lambda n: n.linear(6).fire(4).linear(2),
            Decisions(folding, {0: Neurons(steps_given)}),
        )
    for taken, steps in product(divisors(8), divisors(2)):
        if taken % 4 == 0 and steps == 2:
            continue  # a window supplies these itself
        folding = {0: Folding(0, taken, steps, implementation="adder", window=False)}
        cases[f"behind_a_window_to_{taken}x{steps}"] = small_map(
            (2, 2, 3), 2, lambda n: n.conv(2, (2, 2)), foldings=folding
        )
    return cases


RESIZE: Mapping[str, Case] = _resizes()


def _max_pools() -> dict[str, Case]:
    """Running pools of every small kernel, of one pixel and of several at once."""
    cases: dict[str, Case] = {}
    for kernel in product((1, 2, 3), (1, 2, 3)):
        layers: Append = lambda n, kernel=kernel: n.conv(2, (1, 2)).fire(2).max_pool(kernel).linear(2)  # noqa: E731
        cases[f"{kernel[0]}x{kernel[1]}"] = small_map((1, 4, 5), 2, layers, pools_first=True)
    for kernel in ((1, 2), (2, 2), (3, 2), (2, 4)):
        layers = lambda n, kernel=kernel: n.conv(2, (2, 1)).fire(2).max_pool(kernel).linear(2)  # noqa: E731
        cases[f"pairs_{kernel[0]}x{kernel[1]}"] = small_map((1, 4, 8), 2, layers, pools_first=True, pixels=2)
    return cases | {
        "folded": small_map(
            (1, 3, 5),
            2,
            lambda n: n.conv(4, (1, 2)).fire(2).max_pool((2, 2)).linear(2),
            pools_first=True,
            foldings={0: Folding(2, 2, 1, implementation="adder")},
        ),
        "over_time": over_time(lambda n: n.conv(2, (2, 2)).max_pool((2, 2)).lif()),
        "of_sums": small_map((1, 4, 4), 2, lambda n: n.conv(2, (1, 1)).max_pool((2, 2)).fire(2).linear(2)),
    }


MAX_POOL: Mapping[str, Case] = on_both_targets(_max_pools())


def _pools() -> dict[str, Case]:
    """Pools of windows: every small kernel, whole windows and windows that overlap, at every width in time."""
    cases: dict[str, Case] = {}
    for kernel, steps in product(product((1, 2, 3), (1, 2, 3)), (1, 2, 4)):
        layers: Append = lambda n, kernel=kernel: n.max_pool(kernel, (1, 1)).linear(2)  # noqa: E731
        cases[f"{kernel[0]}x{kernel[1]}_{steps}"] = small_map((2, 3, 4), 4, layers, pool_steps=steps)
    return cases | {
        "padded": small_map((2, 3, 3), 2, lambda n: n.max_pool((2, 2), (2, 1), (1, 0, 1, 1)).linear(2)),
        "dilated": small_map((2, 3, 4), 2, lambda n: n.max_pool((2, 2), (1, 1), dilation=(2, 3)).linear(2)),
        "behind_neurons": small_map((1, 4, 4), 2, lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 2)).linear(2)),
        "over_time": over_time(lambda n: n.max_pool((2, 2), (1, 1)).conv(2, (2, 2)).lif()),
        "ttfs": small_map((2, 3, 3), 0, lambda n: n.max_pool((2, 2), (1, 1)).linear(2), TtfsAttr.of(4)),
    }


POOL: Mapping[str, Case] = _pools()

ARGMAX: Mapping[str, Case] = {
    **{
        f"{classes}_in_beats_of_{lanes}": vector(
            3,
            2,
            lambda n, classes=classes: n.linear(classes).argmax(),
            foldings={0: Folding(lanes, 3, 1, implementation="adder")},
        )
        for classes in (1, 2, 3, 4, 6)
        for lanes in divisors(classes)
    },
    "of_counts": over_time(lambda n: n.linear(5).lif().sum_steps().argmax()),
    "of_sums": over_time(lambda n: n.linear(3).sum_steps().argmax()),
}

SOURCE: Mapping[str, Case] = {
    "radix": small_map((1, 3, 4), 4, lambda n: n.conv(1, (2, 2))),
    "three_bits": small_map((3, 2, 3), 3, lambda n: n.conv(1, (2, 2))),
    "many_channels": vector(40, 4, lambda n: n.linear(1)),
    "beyond_the_widest": vector(150, 4, lambda n: n.linear(1), foldings={0: Folding(1, 10, 1, implementation="adder")}),
    "ttfs": small_map((1, 2, 5), 0, lambda n: n.conv(1, (1, 2)), TtfsAttr.of(5)),
    "bipolar": small_map((3, 2, 3), 0, lambda n: n.conv(1, (1, 2)), BipolarAttr.of(2)),
    "rate": small_map((3, 2, 3), 1, lambda n: n.conv(1, (2, 2)).lif(), RateAttr.of(3)),
    "several_spikes": small_map((3, 2, 3), 1, lambda n: n.conv(1, (2, 2)).lif(), RateAttr.of(2, 3)),
    "direct": small_map((3, 2, 4), 2, lambda n: n.conv(1, (2, 2)).lif(), DirectAttr.of(2, 5)),
    "pairs": small_map(
        (3, 2, 8), 2, lambda n: n.conv(2, (2, 1)).fire(2).max_pool((1, 2)).linear(2), pixels=2, pools_first=True
    ),
}

SINK: Mapping[str, Case] = {
    "few_bits": vector(2, 1, lambda n: n.linear(2, weight_bits=2)),
    "ten_bits": vector(4, 4, lambda n: n.linear(3, bias=True, weight_bits=4)),
    "seventeen_bits": vector(6, 8, lambda n: n.linear(2, weight_bits=7), RadixAttr.of(8)),
    "in_beats": vector(3, 2, lambda n: n.linear(4), foldings={0: Folding(1, 3, 2, implementation="adder")}),
    "classes": vector(3, 2, lambda n: n.linear(3).argmax()),
    "pixels": small_map((1, 3, 3), 2, lambda n: n.conv(2, (2, 2))),
    "spikes": over_time(lambda n: n.linear(3).lif()),
    "counts": over_time(lambda n: n.linear(3).lif().sum_steps()),
}
