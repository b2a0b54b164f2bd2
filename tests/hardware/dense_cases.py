"""Directed networks of dense layers: every kind of folding, from tables and memories, and by visiting spikes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from e3ne.dialects.dataflow import Order
from e3ne.verification.case import Append, Case, map_case
from e3ne.verification.decisions import Decisions, Folding


def _dense() -> dict[str, Case]:
    """Every kind of folding of a dense layer of 12 inputs and 6 outputs at 4 steps, with and without bias."""
    cases: dict[str, Case] = {}
    lanes = {"whole": (6, 12), "groups": (2, 12), "chunks": (6, 4), "both": (3, 6), "least": (1, 2), "odd": (2, 4)}
    kinds = (("table", "distributed"), ("adder", "distributed"), ("adder", "block"), ("shared", "distributed"))
    for (name, (outputs, inputs)), (kind, memory), parallel, order in product(lanes.items(), kinds, (1, 2, 4), Order):
        words = 6 // outputs * 12 // inputs
        redundant = order is Order.STEPS_OUTER and (inputs == 12 or parallel == 4)
        rare = parallel == 2 and name in ("groups", "least", "odd")
        if redundant or rare or (kind == "table" and words > 9) or (memory == "block" and (words == 1 or parallel > 1)):
            continue
        if kind == "shared" and words > 1:
            continue
        folding = Folding(outputs, inputs, parallel, order, kind, memory)  # pyright: ignore[reportArgumentType]
        biased = bool(len(cases) % 2)
        key = f"{name}_{kind}_{memory[0]}_{parallel}_{'outer' if order is Order.STEPS_OUTER else 'inner'}"
        cases[key] = Case(
            (12, 1, 1), 4, lambda n, biased=biased: n.linear(6, bias=biased), Decisions(foldings={0: folding})
        )
    for (name, (outputs, inputs)), (kind, memory) in product(lanes.items(), kinds):
        if (memory == "block" and name == "whole") or (kind == "table" and name == "least") or kind == "shared":
            continue
        folding = Folding(outputs, inputs, 4, Order.STEPS_INNER, kind, memory, stationary="input")  # pyright: ignore[reportArgumentType]
        biased = bool(len(cases) % 2)
        cases[f"{name}_{kind}_{memory[0]}_held"] = Case(
            (12, 1, 1), 4, lambda n, biased=biased: n.linear(6, bias=biased), Decisions(foldings={0: folding})
        )
    cases["held_pixels"] = Case(
        (2, 3, 4),
        3,
        lambda n: n.conv(6, (2, 2)).fire().linear(4).fire().linear(3),
        Decisions(
            foldings={
                0: Folding(2, 4, 3, Order.STEPS_INNER, "adder", stationary="input"),
                1: Folding(2, 6, 3, Order.STEPS_INNER, "table", stationary="input"),
                2: Folding(1, 2, 3, Order.STEPS_INNER, "adder", "block", stationary="input"),
            }
        ),
    )
    return cases


DENSE: Mapping[str, Case] = _dense()


def _event() -> dict[str, Case]:
    """Dense layers that visit spikes: every kind of folding, behind neurons, pools and each other."""
    cases: dict[str, Case] = {}
    lanes = {"whole": (6, 12), "groups": (2, 12), "chunks": (6, 4), "both": (3, 6), "least": (1, 1), "odd": (2, 3)}
    for (name, (outputs, inputs)), memory, order in product(lanes.items(), ("distributed", "block"), Order):
        if order is Order.STEPS_OUTER and inputs == 12:
            continue
        folding = Folding(outputs, inputs, 1, order, "event", memory)  # pyright: ignore[reportArgumentType]
        biased = bool(len(cases) % 2)
        key = f"{name}_{memory[0]}_{'outer' if order is Order.STEPS_OUTER else 'inner'}"
        cases[key] = Case(
            (12, 1, 1), 4, lambda n, biased=biased: n.linear(6, bias=biased), Decisions(foldings={0: folding})
        )
    whole, split = Folding(implementation="event"), Folding(2, 4, 1, Order.STEPS_OUTER, "event", "block")
    deep: Append = lambda n: n.conv(4, (2, 2)).fire().max_pool((2, 2)).linear(8).fire(3).linear(4).fire().linear(2)  # noqa: E731
    for name, foldings in (("first", {1: whole}), ("last", {3: whole}), ("all", {1: split, 2: split, 3: whole})):
        cases[f"deep_{name}"] = Case((2, 5, 6), 3, deep, Decisions(foldings=foldings))
    cases["deep_shallow_buffers"] = Case(
        (2, 5, 6),
        3,
        deep,
        Decisions(foldings={1: split, 2: whole, 3: Folding(1, 1, 1, Order.STEPS_INNER, "event")}, fifo_depth=1),
    )
    cases["small_luts"] = Case((2, 5, 6), 3, deep, Decisions(foldings={1: whole, 3: split}, small_luts=True))
    cases["one_step"] = Case(
        (20, 1, 1),
        1,
        lambda n: n.linear(6).fire(1).linear(3),
        Decisions({0: whole, 1: Folding(1, 6, implementation="event")}),
    )
    cases["eight_steps"] = Case(
        (5, 1, 1),
        8,
        lambda n: n.linear(4).fire(8).linear(3),
        Decisions({0: Folding(4, 1, implementation="event"), 1: whole}),
    )
    cases["map_covered"] = map_case(
        lambda n: n.conv(3, (5, 6)).fire().linear(2), foldings={0: Folding(3, 60, implementation="event")}
    )
    cases["one_input"] = Case((1, 1, 1), 3, lambda n: n.linear(2), Decisions({0: whole}))
    return cases


EVENT: Mapping[str, Case] = _event()
