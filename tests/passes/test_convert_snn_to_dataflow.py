"""Maps that are flattened: streams have their elements in another order than the network."""

from __future__ import annotations

import numpy as np
import pytest

from e3ne.dialects.snn import RadixAttr, RateAttr
from e3ne.errors import E3neError
from e3ne.verification.batch import differing_values, random_runs
from e3ne.verification.decisions import Decisions
from e3ne.verification.lowering import lower
from e3ne.verification.networks import NetworkBuilder

REFUSED = r"the output: a map larger than one pixel is flattened after the last synapses"


def spikes(shape: tuple[int, int, int]) -> NetworkBuilder:
    return NetworkBuilder("net", shape, 1, 3, RateAttr.of(4))


def test_a_flattened_map_is_not_summed_into_an_output() -> None:
    """Found by `e3ne fuzz` (seed 0, network 1951): the sums left in the order of the stream, silently."""
    for network in (
        NetworkBuilder("net", (2, 1, 2), 1, 3, RadixAttr.of(1)).flatten().sum_steps(),
        spikes((2, 3, 2)).conv(2, (2, 1)).flatten().lif().sum_steps(),
    ):
        with pytest.raises(E3neError, match=REFUSED):
            lower(network.build(), Decisions())


def test_sums_of_a_vector_and_of_flattened_neurons_behind_a_linear_layer() -> None:
    for network in (
        spikes((3, 1, 1)).flatten().sum_steps(),
        spikes((2, 3, 2)).conv(2, (2, 1)).flatten().lif().linear(3).lif().sum_steps(),
    ):
        design = lower(network.build(), Decisions())
        codes = random_runs(design, 4, seed=1)[0].codes
        assert np.unique(codes).size > 1
        assert differing_values(design, codes) == []
