"""The directed networks: one for each thing that a unit or a pass may get wrong, grouped by what is built together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from e3ne.dialects.dataflow import Order
from e3ne.verification.case import Append, Case, map_case
from e3ne.verification.decisions import Decisions, Folding, Neurons
from tests.hardware.dense_cases import DENSE, EVENT
from tests.hardware.encoding_cases import ENCODINGS
from tests.hardware.pixel_cases import PIXELS
from tests.hardware.spiking_cases import SPIKING

WINDOWS: Mapping[str, Case] = {
    "stride_1": map_case(lambda n: n.conv(3, (3, 3))),
    "stride_2": map_case(lambda n: n.conv(2, (2, 2), stride=(2, 2))),
    "stride_3_1": map_case(lambda n: n.conv(2, (3, 3), stride=(3, 1), padding=(1, 1, 1, 1))),
    "stride_1_3": map_case(lambda n: n.conv(2, (2, 3), stride=(1, 3))),
    "stride_beyond_kernel": map_case(lambda n: n.conv(2, (1, 1), stride=(3, 2))),
    "padding_asymmetric": map_case(lambda n: n.conv(2, (3, 3), padding=(0, 1, 2, 0))),
    "padding_beyond_kernel": map_case(lambda n: n.conv(2, (1, 2), padding=(1, 2, 1, 2))),
    "padding_behind_only": map_case(lambda n: n.conv(2, (3, 3), padding=(0, 0, 2, 2), stride=(2, 2))),
    "dilation_rows": map_case(lambda n: n.conv(2, (2, 2), dilation=(3, 1))),
    "dilation_both": map_case(lambda n: n.conv(2, (3, 2), dilation=(2, 3), padding=(2, 1, 0, 1), stride=(1, 2))),
    "groups": map_case(lambda n: n.conv(4, (2, 2), groups=2)),
    "depthwise": map_case(lambda n: n.conv(2, (3, 3), groups=2, padding=(1, 1, 1, 1))),
    "kernel_1x1": map_case(lambda n: n.conv(5, (1, 1))),
    "kernel_1x4": map_case(lambda n: n.conv(2, (1, 4))),
    "kernel_4x1": map_case(lambda n: n.conv(2, (4, 1))),
    "kernel_covers_map": map_case(lambda n: n.conv(3, (5, 6))),
    "kernel_covers_padded_map": map_case(lambda n: n.conv(2, (7, 7), padding=(1, 1, 1, 0))),
    "kernel_beyond_map": Case((1, 2, 2), 2, lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1))),
    "one_column": Case((2, 6, 1), 2, lambda n: n.conv(2, (3, 1)).fire().conv(1, (2, 1))),
    "one_row": Case((3, 1, 6), 2, lambda n: n.conv(2, (1, 3)).fire().conv(1, (1, 2))),
    "one_pixel": Case((4, 1, 1), 2, lambda n: n.conv(3, (1, 1)).fire().conv(2, (1, 1))),
    "padded_pixel": Case((2, 1, 1), 2, lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1))),
    "one_output": map_case(lambda n: n.conv(1, (2, 2)).fire().conv(1, (2, 2))),
    # Rows of padding that no stride stops at, behind the last output: many cycles in which no stream moves.
    "quiet_behind_output": Case(
        (3, 1, 4),
        3,
        lambda n: n.conv(2, (1, 2), stride=(2, 2), padding=(2, 1, 2, 0)).fire().max_pool((2, 1), (2, 2)).linear(2),
        Decisions(foldings={0: Folding(2, 2, 1, Order.STEPS_OUTER, "adder"), 1: Folding(1, 1, 3)}),
    ),
}

POOLS: Mapping[str, Case] = {
    "max_2x2": map_case(lambda n: n.conv(3, (2, 3)).fire().max_pool((2, 2)).linear(3)),
    "max_3x3_stride_2": map_case(
        lambda n: n.conv(2, (1, 1)).fire().max_pool((3, 3), (2, 2), (1, 1, 1, 1)).conv(1, (2, 2))
    ),
    "max_after_source": map_case(lambda n: n.max_pool((2, 2)).conv(2, (2, 2))),
    "max_padded_after_source": map_case(lambda n: n.max_pool((2, 3), (1, 2), (1, 0, 0, 2)).conv(2, (2, 2))),
    "max_dilated": map_case(
        lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 2), (1, 1), dilation=(2, 3)).conv(1, (2, 2))
    ),
    "max_twice": map_case(lambda n: n.max_pool((2, 2), (1, 1)).max_pool((2, 2), (1, 1)).conv(1, (1, 1))),
    "max_first": map_case(lambda n: n.conv(3, (2, 3)).fire().max_pool((2, 2)).linear(3), pools_first=True),
    "max_3x2_first": map_case(
        lambda n: n.conv(2, (1, 1)).fire(2, per_layer=True).max_pool((3, 2), (1, 2)).conv(2, (2, 2)), pools_first=True
    ),
    "max_first_folded": map_case(
        lambda n: n.conv(4, (2, 2)).fire().max_pool((2, 2)).conv(2, (1, 2)),
        pools_first=True,
        foldings={0: Folding(2, 4, 1, implementation="adder")},
    ),
    "max_rows_and_columns_left": map_case(
        lambda n: n.conv(3, (1, 1)).fire().max_pool((2, 4)).linear(2), pools_first=True, fifo_depth=1
    ),
    "max_1x3_first": map_case(lambda n: n.conv(2, (1, 1)).fire().max_pool((1, 3)).linear(2), pools_first=True),
    "max_3x1_first": map_case(lambda n: n.conv(2, (1, 1)).fire().max_pool((3, 1)).linear(2), pools_first=True),
    "max_1x1_first": map_case(lambda n: n.conv(2, (2, 2)).fire().max_pool((1, 1)).linear(2), pools_first=True),
    "max_one_across_first": map_case(lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 5)).linear(2), pools_first=True),
    "max_one_column_first": Case(
        (2, 6, 1), 2, lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 1)).linear(2), Decisions(pools_first=True)
    ),
    "max_in_chunks_first": map_case(
        lambda n: n.conv(6, (2, 2)).fire().max_pool((2, 2)).conv(2, (1, 2)),
        pools_first=True,
        foldings={0: Folding(2, 8, 3)},
    ),
    "max_in_many_chunks_first": map_case(
        lambda n: n.conv(6, (1, 2)).fire().max_pool((3, 2)).conv(2, (1, 1)),
        pools_first=True,
        foldings={0: Folding(1, 4, 3)},
    ),
    "max_twice_first": map_case(
        lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 1)).max_pool((1, 2)).linear(2), pools_first=True
    ),
    "max_of_membranes": map_case(lambda n: n.conv(3, (2, 2)).max_pool((2, 2)).fire().linear(2)),
    "sum_2x2": map_case(lambda n: n.conv(2, (2, 1)).fire(2).sum_pool((2, 2)).linear(3)),
    "sum_3x3_padded": map_case(lambda n: n.sum_pool((3, 3), (2, 2), (1, 1, 1, 1)).conv(2, (2, 2))),
    "sum_of_map": map_case(lambda n: n.conv(3, (1, 2)).fire(2).sum_pool((5, 5)).linear(2)),
    "sum_then_max": map_case(lambda n: n.sum_pool((2, 2), (1, 1)).max_pool((2, 2)).conv(1, (1, 1))),
}

CHAINS: Mapping[str, Case] = {
    "two_convs": map_case(lambda n: n.conv(4, (2, 2)).fire().conv(3, (2, 2)).fire(5).linear(4, bias=True)),
    "resize_down": map_case(lambda n: n.conv(4, (2, 2)).fire().conv(2, (2, 2)), foldings={1: Folding(2, 4, 1)}),
    "resize_up": map_case(
        lambda n: n.conv(4, (2, 2)).fire().conv(2, (2, 2)),
        foldings={0: Folding(1, 8, 3, implementation="adder"), 1: Folding(2, 16, 3)},
    ),
    "resize_behind_window": map_case(
        lambda n: n.conv(4, (2, 2)).fire().conv(2, (2, 2)),
        foldings={0: Folding(2, 4, 1, window=False), 1: Folding(1, 8, 1, window=False)},
    ),
    "window_of_folded_pixels": map_case(
        lambda n: n.conv(4, (2, 2)).fire().conv(2, (2, 2), dilation=(2, 2)),
        foldings={1: Folding(1, 4, 1, Order.STEPS_OUTER)},
    ),
    "shared_sums": map_case(
        lambda n: n.conv(12, (3, 3)).fire().max_pool((2, 2)).linear(8, bias=True),
        foldings={0: Folding(0, 18, 1, implementation="shared"), 1: Folding(0, 24, 3, implementation="shared")},
    ),
    "shared_sums_of_few_bits": map_case(
        lambda n: n.conv(10, (2, 3), weight_bits=2).fire().linear(9, weight_bits=1),
        foldings={0: Folding(0, 12, 3, implementation="shared"), 1: Folding(0, 160, 1, implementation="shared")},
    ),
    "flatten_twice": map_case(lambda n: n.conv(2, (2, 2)).fire().flatten().flatten().linear(3)),
    "flatten_before_fire": map_case(lambda n: n.conv(2, (2, 2)).flatten().fire().linear(3)),
    "flatten_before_fire_per_layer": map_case(lambda n: n.conv(2, (2, 2)).flatten().fire(per_layer=True).linear(3)),
    "flattened_input": Case((2, 3, 2), 2, lambda n: n.linear(3).fire().linear(2)),
    "argmax": map_case(lambda n: n.linear(5).argmax()),
    "argmax_of_one": map_case(lambda n: n.linear(1).argmax()),
    "argmax_of_two": map_case(lambda n: n.linear(2).argmax()),
    "argmax_in_beats": map_case(lambda n: n.linear(6, bias=True).argmax(), foldings={0: Folding(2)}),
    "argmax_in_single_beats": map_case(lambda n: n.linear(5, bias=True).argmax(), foldings={0: Folding(1)}),
    "wide_weights": map_case(lambda n: n.conv(2, (2, 2), weight_bits=8).fire().linear(2, weight_bits=6)),
    "narrow_weights": map_case(lambda n: n.conv(2, (2, 2), weight_bits=1).fire().linear(2, weight_bits=1)),
    "fraction_bits": map_case(
        lambda n: n.conv(2, (2, 2)).fire(fraction_bits=0).conv(2, (1, 1)).fire(fraction_bits=9).linear(2)
    ),
    "ties_to_even": map_case(
        lambda n: n.conv(2, (2, 2)).fire(fraction_bits=0, even=True).conv(2, (1, 1)).fire(even=True).linear(2)
    ),
    "steps_1": Case((2, 4, 4), 1, lambda n: n.conv(3, (2, 2)).fire().max_pool((2, 2), (1, 1)).linear(3)),
    "steps_8": Case((1, 3, 3), 8, lambda n: n.conv(2, (2, 2)).fire().linear(3)),
    "steps_change": Case((2, 4, 4), 5, lambda n: n.conv(2, (2, 2)).fire(1).conv(2, (2, 2)).fire(8).linear(2)),
    "source_partly_filled": Case((3, 3, 5), 1, lambda n: n.conv(2, (2, 2))),
    "source_one_beat": Case((1, 2, 3), 2, lambda n: n.conv(2, (2, 2))),
    "source_wide_pixel": Case((5, 2, 2), 5, lambda n: n.conv(2, (2, 2))),
}


_DEEP = lambda n: n.conv(2, (2, 2)).fire().max_pool((2, 2), (1, 1)).linear(4).fire(2).linear(2)  # noqa: E731
_FOLDS = {0: Folding(1, 4, 1, Order.STEPS_OUTER, "adder"), 1: Folding(2, 8, 1, Order.STEPS_OUTER, "adder", "block")}


def _neurons() -> dict[str, Case]:
    """Every way to divide a search of few digits among stages and beats, in groups of channels, in both memories."""
    cases: dict[str, Case] = {}
    layers: Append = lambda n: n.conv(6, (1, 2)).fire().conv(1, (1, 1))  # noqa: E731
    for steps, parallel in ((1, 1), *product((4, 6), (1, 2, 3, 4, 6)), (8, 4)):
        for stages, memory in product(range(1, parallel + 1), ("distributed", "block")):
            odd_one = steps > 4 and (stages % 2 == 1) == (memory == "distributed")
            if steps % parallel or parallel % stages or odd_one:
                continue
            outputs = (6, 3, 2, 1)[len(cases) % 4]
            folding = Folding(outputs, 2, 1, Order.STEPS_OUTER, "adder")
            neurons = {0: Neurons(parallel, stages, memory)}  # pyright: ignore[reportArgumentType]
            decisions = Decisions(foldings={0: folding, 1: Folding(1, 6, parallel)}, neurons=neurons)
            cases[f"steps_{steps}_parallel_{parallel}_stages_{stages}_{memory}"] = Case(
                (1, 2, 4), steps, layers, decisions
            )
    return cases


_ALL_AT_ONCE = {index: Neurons(3, 3) for index in range(2)}

NEURONS: Mapping[str, Case] = {
    **_neurons(),
    "one_value": Case((1, 1, 1), 4, lambda n: n.linear(1).fire().linear(2), Decisions(neurons={0: Neurons(2, 2)})),
    "shared_threshold_in_block": map_case(
        lambda n: n.conv(3, (2, 2)).fire(per_layer=True).linear(2),
        foldings={0: Folding(3, 8, 1, implementation="adder")},
        neurons={0: Neurons(1, 1, "block")},
    ),
    "resize_behind": map_case(
        lambda n: n.conv(4, (2, 2)).fire().conv(2, (2, 2)), foldings={1: Folding(2, 4, 1)}, neurons=_ALL_AT_ONCE
    ),
    "pool_behind": map_case(lambda n: n.conv(2, (2, 2)).fire().max_pool((2, 2)).linear(3), neurons=_ALL_AT_ONCE),
    "pool_before": map_case(
        lambda n: n.conv(2, (2, 2)).fire().max_pool((2, 2), (1, 1)).linear(3), pools_first=True, neurons=_ALL_AT_ONCE
    ),
    "pool_of_parts": map_case(
        lambda n: n.conv(2, (2, 2)).fire().max_pool((2, 2)).linear(3), pool_steps=3, neurons=_ALL_AT_ONCE
    ),
    "chain": map_case(
        lambda n: n.conv(4, (2, 2)).fire(4).conv(4, (2, 2)).fire(6).linear(2),
        foldings={1: Folding(2, 16, 1, window_steps=4), 2: Folding(2, 12, 2)},
        neurons={0: Neurons(4, 4), 1: Neurons(6, 2, "block")},
    ),
}


def _parts(layers: Append, lanes: int, parallel: int, taken: int, steps: int = 4, **decisions: object) -> Case:
    """A convolution of two channels whose window takes `taken` time steps a beat and gives `parallel`."""
    folding = {0: Folding(0, lanes, parallel, window_steps=taken)}
    return Case((2, 4, 5), steps, layers, Decisions(foldings=folding, **decisions))  # pyright: ignore[reportArgumentType]


PARTS: Mapping[str, Case] = {
    "give_1_of_4": _parts(lambda n: n.conv(3, (2, 2)), 8, 1, 4),
    "give_2_of_4": _parts(lambda n: n.conv(3, (2, 2)), 8, 2, 4),
    "give_1_of_2": _parts(lambda n: n.conv(3, (2, 2)), 8, 1, 2),
    "give_1_of_3": _parts(lambda n: n.conv(3, (2, 2)), 8, 1, 3, 3),
    "give_2_of_6": _parts(lambda n: n.conv(2, (2, 2)), 8, 2, 6, 6),
    "chunks_1_of_4": _parts(lambda n: n.conv(3, (2, 2)), 4, 1, 4),
    "chunks_1_of_2": _parts(lambda n: n.conv(3, (2, 3)), 6, 1, 2),
    "stride": _parts(lambda n: n.conv(2, (2, 2), stride=(2, 2)), 8, 1, 4),
    "padding": _parts(lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1)), 18, 1, 4),
    "padding_first": _parts(lambda n: n.conv(2, (1, 2), padding=(1, 2, 1, 2)), 4, 1, 4),
    "padding_first_chunks": _parts(lambda n: n.conv(2, (1, 1), padding=(1, 1, 0, 0)), 1, 2, 4),
    "dilation": _parts(lambda n: n.conv(2, (2, 2), dilation=(2, 3)), 8, 1, 4),
    "kernel_1x1": _parts(lambda n: n.conv(3, (1, 1)), 2, 1, 4),
    "kernel_covers_map": _parts(lambda n: n.conv(3, (4, 5)), 40, 1, 4),
    "rows_in_block": _parts(lambda n: n.conv(2, (3, 2)), 12, 1, 4, memory="block"),
    "rows_in_registers": _parts(lambda n: n.conv(2, (3, 2)), 6, 1, 2, memory="registers"),
    "fifo_1": _parts(lambda n: n.conv(2, (2, 2)), 8, 1, 4, fifo_depth=1),
    "slow_consumer": Case(
        (2, 4, 5),
        4,
        lambda n: n.conv(4, (2, 2)),
        Decisions(foldings={0: Folding(1, 8, 1, Order.STEPS_OUTER, "adder", window_steps=4)}),
    ),
    "max_pool": Case((3, 4, 5), 4, lambda n: n.max_pool((2, 2), (1, 1)).linear(2), Decisions(pool_steps=4)),
    "max_pool_1_of_2": Case((2, 4, 4), 4, lambda n: n.max_pool((2, 2)).linear(2), Decisions(pool_steps=2)),
}

BUFFERS: Mapping[str, Case] = {
    **{f"fifo_{depth}": map_case(_DEEP, fifo_depth=depth) for depth in (1, 2, 3, 5)},
    **{f"folded_fifo_{depth}": map_case(_DEEP, fifo_depth=depth, foldings=_FOLDS) for depth in (1, 3)},
    **{f"rows_in_{memory}": map_case(_DEEP, memory=memory) for memory in ("registers", "distributed", "block")},
    **{f"buffers_in_{memory}": map_case(_DEEP, memory=memory, foldings=_FOLDS) for memory in ("distributed", "block")},
    "block_rows_of_short_lines": Case(
        (1, 5, 2), 1, lambda n: n.conv(2, (2, 2)).fire().conv(1, (2, 1)), Decisions(memory="block")
    ),
    "block_rows_of_beats": map_case(
        lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1)), memory="block", foldings={0: Folding(2, 9, 1)}
    ),
    "replay_of_one_beat": Case(
        (4, 1, 1),
        2,
        lambda n: n.linear(4).fire().linear(3),
        Decisions(foldings={0: Folding(1, 4, 2), 1: Folding(1, 4, 2)}),
    ),
    "unaided": map_case(_DEEP, interval=200),
}

_INPUT_STATIONARY = Folding(2, 4, 2, implementation="adder", weight_memory="block", stationary="input")

TARGETS: Mapping[str, Case] = {
    "deep": map_case(_DEEP, small_luts=True),
    "deep_folded": map_case(_DEEP, small_luts=True, foldings=_FOLDS),
    "deep_fifo_1": map_case(_DEEP, small_luts=True, fifo_depth=1),
    "shared_sums": map_case(
        lambda n: n.conv(12, (3, 3)).fire().linear(8),
        foldings={0: Folding(0, 18, 3, implementation="shared"), 1: Folding(0, 144, 1, implementation="shared")},
        small_luts=True,
    ),
    "block_weights": Case(
        (4, 1, 2),
        2,
        lambda n: n.linear(4).fire(3).linear(3),
        Decisions({0: Folding(2, 4, 1, implementation="adder", weight_memory="block")}, small_luts=True),
    ),
    "input_stationary": Case(
        (8, 1, 1),
        2,
        lambda n: n.linear(6).fire(3).linear(3),
        Decisions({0: _INPUT_STATIONARY}, small_luts=True),
    ),
    "many_thresholds": Case(
        (4, 1, 1), 2, lambda n: n.linear(8).fire(4).linear(2), Decisions({0: Folding(2, 4, 1)}, small_luts=True)
    ),
    "pools_first": map_case(
        lambda n: n.conv(4, (2, 2)).fire(3).max_pool((2, 2)).linear(2), small_luts=True, pools_first=True
    ),
}


GROUPS: Mapping[str, Mapping[str, Case]] = {
    "windows": WINDOWS,
    "pools": POOLS,
    "chains": CHAINS,
    "dense": DENSE,
    "pixels": PIXELS,
    "buffers": BUFFERS,
    "neurons": NEURONS,
    "parts": PARTS,
    "targets": TARGETS,
    "event": EVENT,
    "encodings": ENCODINGS,
    **SPIKING,
}
