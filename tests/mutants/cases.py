"""The networks that mutants of units and of the cycle model are made of: together they hold every kind of unit."""

from __future__ import annotations

from collections.abc import Mapping

from e3ne.dialects.dataflow import Order
from e3ne.dialects.snn import DirectAttr, RateAttr
from e3ne.verification.case import Append, Case, map_case
from e3ne.verification.decisions import Decisions, Folding, Neurons

SEED = 3

# So many that each unit has waited for the next one, and each pool has had a loser that spikes late.
IMAGES = 12


def _spikes(layers: Append, steps: int = 5, most: int = 1, **decisions: object) -> Case:
    return Case(
        (2, 4, 5),
        most.bit_length(),
        layers,
        Decisions(**decisions),  # pyright: ignore[reportArgumentType]
        RateAttr.of(steps, most),
    )


CASES: Mapping[str, Case] = {
    "deep": Case(
        (2, 5, 6),
        3,
        lambda n: n.conv(4, (2, 2), padding=(1, 0, 0, 0)).fire().max_pool((2, 2)).linear(4, bias=True),
        Decisions(
            foldings={0: Folding(2, 4, 1, Order.STEPS_OUTER, "adder"), 1: Folding(2, 16, 1)},
            neurons={0: Neurons(3, 3, "block")},
            pool_steps=3,
        ),
    ),
    # Pools of membranes: one a row of a window after the other, one a word for each beat.
    "running": Case(
        (2, 6, 6),
        3,
        lambda n: (
            n.conv(3, (2, 2), padding=(1, 0, 1, 1))
            .fire()
            .max_pool((2, 2))
            .conv(4, (1, 1))
            .fire()
            .max_pool((3, 2))
            .linear(3)
        ),
        Decisions(foldings={0: Folding(3, 8, 1), 1: Folding(2, 3, 1, Order.STEPS_OUTER, "adder")}, pools_first=True),
    ),
    # Dense layers that visit spikes: membranes that double, and weights that are shifted.
    "events": Case(
        (12, 1, 1),
        4,
        lambda n: n.linear(6, bias=True).fire().linear(4),
        Decisions(
            foldings={
                0: Folding(3, 6, 1, Order.STEPS_OUTER, "event"),
                1: Folding(2, 3, 1, Order.STEPS_INNER, "event", "block"),
            }
        ),
    ),
    "windows": Case(
        (2, 6, 7),
        4,
        lambda n: (
            n.conv(3, (3, 2), stride=(2, 1), padding=(1, 2, 0, 1), dilation=(1, 2))
            .fire()
            .conv(2, (2, 2), padding=(2, 2, 1, 1))
            .fire(2)
            .conv(2, (1, 1), stride=(1, 2))
        ),
        Decisions(foldings={0: Folding(3, 12, 1, window_steps=2), 1: Folding(1, 4, 1, Order.STEPS_OUTER)}),
    ),
    "resizes": map_case(
        lambda n: n.conv(4, (2, 2)).fire().conv(4, (2, 2)).fire().conv(2, (1, 1)),
        foldings={
            0: Folding(1, 8, 3, implementation="adder"),
            1: Folding(4, 8, 3, window=False),
            2: Folding(2, 2, 1, window=False),
        },
    ),
    "shared": map_case(
        lambda n: n.conv(12, (3, 3)).fire().max_pool((2, 2), (1, 1)).linear(8, bias=True),
        foldings={0: Folding(0, 18, 1, implementation="shared"), 1: Folding(0, 72, 3, implementation="shared")},
    ),
    "held": Case(
        (2, 3, 4),
        3,
        lambda n: n.conv(6, (2, 2)).fire().linear(4, bias=True).fire(even=True, fraction_bits=0).linear(3),
        Decisions(
            foldings={
                0: Folding(2, 4, 3, Order.STEPS_INNER, "adder", stationary="input"),
                1: Folding(2, 6, 3, Order.STEPS_INNER, "table", stationary="input"),
                2: Folding(1, 2, 1, Order.STEPS_INNER, "adder", "block"),
            },
            neurons={0: Neurons(3, 1)},
        ),
    ),
    "chunks_inside": Case(
        (12, 1, 1),
        4,
        lambda n: n.linear(6, bias=True).argmax(),
        Decisions(foldings={0: Folding(2, 4, 2, Order.STEPS_INNER, "adder", "block")}),
    ),
    "credit": Case(
        (2, 5, 6),
        4,
        lambda n: n.conv(4, (2, 2)).fire().max_pool((2, 2)).linear(4).fire(6).linear(2),
        Decisions(
            foldings={0: Folding(2, 8, 1, Order.STEPS_OUTER, "adder"), 1: Folding(1, 16, 4)},
            neurons={0: Neurons(2, 2)},
            small_luts=True,
        ),
    ),
    # A result in each cycle, which waits behind the pipeline.
    "credit_each_cycle": map_case(
        lambda n: n.conv(2, (1, 1)), foldings={0: Folding(2, 2, 3, implementation="adder")}, small_luts=True
    ),
    # Blocks are given once, in another order, as fast as they come.
    "reordered": map_case(lambda n: n.linear(4), foldings={0: Folding(4, 6, 1, Order.STEPS_OUTER, "adder")}),
    # So many weights that those of one magnitude fill tables of their own.
    "wide_tables": map_case(lambda n: n.linear(3), foldings={0: Folding(3, 60, 1)}),
    "fifos_of_1": map_case(lambda n: n.conv(2, (2, 2)).fire().linear(3), fifo_depth=1),
    "fifos_of_2": map_case(lambda n: n.conv(2, (2, 2)).fire().linear(3), fifo_depth=2),
    "fifos_of_3": map_case(
        lambda n: n.conv(2, (2, 2)).fire().linear(3), fifo_depth=3, foldings={0: Folding(1, 4, 1, Order.STEPS_OUTER)}
    ),
    "classes": map_case(lambda n: n.linear(5).argmax(), foldings={0: Folding(5, 12, 1, Order.STEPS_OUTER, "adder")}),
    "ties_in_beats": map_case(lambda n: n.linear(6).argmax(), foldings={0: Folding(2)}),
    "classes_in_beats": map_case(lambda n: n.linear(6, bias=True).argmax(), foldings={0: Folding(2)}),
    "pools_of_values": map_case(
        lambda n: n.conv(2, (1, 1)).fire(2, per_layer=True).max_pool((3, 2), (1, 2)).conv(2, (2, 2)), pools_first=True
    ),
    "sums": map_case(lambda n: n.conv(2, (2, 1)).fire(2).sum_pool((2, 2)).linear(3)),
    "same_step": _spikes(lambda n: n.conv(3, (2, 2)).lif().linear(4).lif(fires="ge").sum_steps()),
    "chunks_of_neurons": _spikes(
        lambda n: n.conv(4, (2, 2)).lif(per_channel=True, synapse_decay=0.5).linear(2).lif(decay=1.0).sum_steps(),
        foldings={0: Folding(2, 0, 1), 1: Folding(1, 8, 1, implementation="adder")},
    ),
    "to_value": _spikes(lambda n: n.conv(3, (2, 2)).lif(reset="value", resting=False, fires="ge")),
    "next_step": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="next_step", reset="value", loses_input=True)),
    "compared": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="compared", gain_bits=5), steps=9),
    "several": _spikes(
        lambda n: n.conv(3, (2, 2)).lif(fires="ge", several=True, least=True, decay=1.0).conv(2, (2, 2)).sum_steps()
    ),
    "counted": _spikes(lambda n: n.conv(3, (2, 2)).lif(fires="ge", several=True, decay=1.0).sum_steps()),
    "recurrent": _spikes(
        lambda n: n.linear(6).lif(recurrent_bits=4).linear(3).sum_steps(), steps=6, foldings={0: Folding(2, 0, 1)}
    ),
    "images_again": Case(
        (2, 4, 5),
        3,
        lambda n: n.conv(3, (2, 2)).lif().linear(3).sum_steps(),
        Decisions(memory="block"),
        DirectAttr.of(3, 6),
    ),
}
