"""The reference, against steps that are worked out by hand from the docstring of `Neuron`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, Convolution, Linear, Neuron, Node, Pool, Scale, SpikingNetwork
from e3ne.frontends.spiking.reference import simulate
from e3ne.frontends.spiking.shapes import result_shape

ONE, ZERO = np.ones(1), np.zeros(1)
NEURON = Neuron(ONE, ONE / 2, ONE, "gt", "subtract", "same_step", ZERO, ZERO)
DRIVE = [1.0, 1.0, 2.0, 0.0, 0.0, 4.0]


def spikes(neuron: Neuron, drive: list[float]) -> list[float]:
    network = SpikingNetwork("net", (1,), [Node("n", neuron, (-1,), (1,))])
    return simulate(network, np.array(drive).reshape(1, -1, 1))["n"].ravel().tolist()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # u = 1, 1.5, 2.25, 0.625, 0.3125, 4.15625
        ({}, [0, 1, 1, 0, 0, 1]),
        # u = 1 → 0, 1 → 0, 2 → 1, 0.5, 0.25, 4.125
        ({"fires": "ge"}, [1, 1, 1, 0, 0, 1]),
        # u = 1, 1.5, 0.75 + 2 − 1, 0.875 − 1, −0.0625, 3.96875
        ({"timing": "next_step"}, [0, 1, 1, 0, 0, 1]),
        # u = 1, 1.5 → 0, 2 → 0, 0, 0, 4
        ({"reset": "value"}, [0, 1, 1, 0, 0, 1]),
        # u = 1, 1.5, 0 + 2, 0 + 0, 0, 4
        ({"reset": "value", "timing": "next_step"}, [0, 1, 1, 0, 0, 1]),
        # u = 1, 1.5, 0, 0, 0, 4: the input of the third step is lost
        ({"reset": "value", "timing": "next_step", "loses_input": True}, [0, 1, 0, 0, 0, 1]),
        # u = 1, 1.5, 2.75, 1.375, 0.6875, 4.34375
        ({"reset": "none"}, [0, 1, 1, 1, 0, 1]),
        # s = 1 → 0, 1 → 0, 2 → 0, 0, 0, 4
        ({"fires": "ge", "several": True}, [1, 1, 2, 0, 0, 4]),
        # i = 1, 1.5, 2.75, 1.375, 0.6875, 4.34375; u = 1, 2 → 1, 3.25 → 2.25, 2.5 → 1.5, 1.4375 → 0.4375, 4.5625
        ({"synapse_decay": ONE / 2}, [0, 1, 1, 1, 1, 1]),
        # each spike is worth 1 in the step after it, a half always: u = 1.5 → .5, 1 + .25 + 1 + .5 → 1.75, ...
        ({"recurrent": np.ones((1, 1)), "recurrent_bias": ONE / 2}, [1, 1, 1, 1, 1, 1]),
        # begins at −1: u = 0.5, 1.25 → 0.25, 2.125 → 1.125, 0.5625, ...
        ({"initial": -ONE}, [0, 1, 1, 0, 0, 1]),
        # u = 2, 2 + 0.5 ...: with gain 2
        ({"gain": 2 * ONE}, [1, 1, 1, 1, 0, 1]),
    ],
)
def test_steps(changes: dict[str, object], expected: list[float]) -> None:
    assert spikes(replace(NEURON, **changes), DRIVE) == expected


def test_what_is_compared_has_the_threshold_taken_away_where_it_is_still_exceeded() -> None:
    # u = 4, V = 3; 1.5 + 0 − 1 = 0.5 does not fire, V = 1.5; 0.75 − 1 does not, V = 0.75; 0.375 + 0.75 does
    neuron = replace(NEURON, timing="compared")
    assert spikes(neuron, [4.0, 0.0, 0.0, 0.75]) == [1, 0, 0, 1]
    assert spikes(replace(neuron, timing="same_step"), [4.0, 0.0, 0.0, 0.75]) == [1, 1, 0, 0]


def test_the_membrane_does_not_go_below_the_least() -> None:
    # u = −8 becomes −1, so that 2 − 0.5 fires
    assert spikes(replace(NEURON, least=-ONE), [-8.0, 2.0]) == [0, 1]
    assert spikes(NEURON, [-8.0, 2.0]) == [0, 0]


def test_layers() -> None:
    convolution = Convolution(np.arange(8.0).reshape(2, 1, 2, 2), np.array([0.5, 0.0]), groups=2, padding=(0, 0, 1, 0))
    nodes = [
        Node("conv", convolution, (-1,), (2, 2, 1)),
        Node("max", Pool("max", (2, 1), (1, 1)), (0,), (2, 1, 1)),
        Node("twice", Scale(2.0), (1,), (2, 1, 1)),
        Node("sum", Add(), (1, 2), (2, 1, 1)),
    ]
    results = simulate(SpikingNetwork("net", (2, 2, 2), nodes), np.arange(8.0).reshape(1, 1, 2, 2, 2))
    assert results["conv"].ravel().tolist() == [
        0 + 1 + 4 + 9 + 0.5,
        2 * 0 + 3 * 1 + 0.5,
        16 + 25 + 36 + 49,
        6 * 4 + 7 * 5,
    ]
    assert results["sum"].ravel().tolist() == [14.5 * 3, 126 * 3]


def test_inputs_of_another_shape() -> None:
    network = SpikingNetwork("net", (2,), [Node("n", Scale(1.0), (-1,), (2,))])
    with pytest.raises(ValueError, match="not \\(N, T"):
        simulate(network, np.zeros((1, 5, 3)))


@pytest.mark.parametrize(
    ("operation", "shapes", "word"),
    [
        (Add(), [(2,), (3,)], "different shapes"),
        (Scale(1.0), [(2,), (2,)], "one input, not 2"),
        (Linear(np.ones((2, 3)), None), [(3, 1, 1)], "flattened"),
        (Convolution(np.ones((3, 1, 2, 2)), None, groups=2), [(2, 4, 4)], "into 2 groups"),
        (Convolution(np.ones((2, 1, 5, 5)), None), [(1, 4, 4)], "do not fit"),
        (Pool("max", (2, 2), (2, 2), (2, 0, 2, 0)), [(1, 4, 4)], "in the padding alone"),
        (Pool("sum", (2, 2), (0, 2)), [(1, 4, 4)], "not possible"),
        (replace(NEURON, recurrent=np.ones((2, 2))), [(2, 1, 1)], "neurons in a row"),
        (replace(NEURON, recurrent=np.ones((2, 2))), [(3,)], "recurrent weights have shape"),
        (replace(NEURON, decay=np.ones(2)), [(3,)], "its decay has shape"),
        (replace(NEURON, threshold=ZERO, several=True), [(3,)], "not above 0"),
    ],
)
def test_shapes_that_do_not_fit(operation: object, shapes: list[tuple[int, ...]], word: str) -> None:
    with pytest.raises(E3neError, match=word):
        result_shape(operation, shapes)
