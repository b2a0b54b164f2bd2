"""Spikes at the input of which there may be a number that is not all ones in binary."""

from __future__ import annotations

import numpy as np
import pytest

from e3ne.dialects.snn import RateAttr
from e3ne.errors import E3neError
from e3ne.verification.batch import differing_values, random_runs
from e3ne.verification.decisions import Decisions
from e3ne.verification.lowering import lower
from e3ne.verification.networks import NetworkBuilder


def design(most: int, *, rate_coded: bool):
    builder = NetworkBuilder("rate", (2, 2, 2), 1, 3, RateAttr.of(4, most), rate_coded=rate_coded)
    return lower(builder.linear(3).lif().sum_steps().build(), Decisions())


@pytest.mark.parametrize("rate_coded", [False, True])
@pytest.mark.parametrize("most", [1, 2, 5])
def test_network_and_hardware_take_the_same_spikes(most: int, rate_coded: bool) -> None:
    lowered = design(most, rate_coded=rate_coded)
    assert differing_values(lowered, random_runs(lowered, 5, seed=1)[0].codes) == []
    bits = lowered.plan.pack(np.ones((1, *lowered.plan.data_shape)) * (1 if rate_coded else most))
    assert bits.sum() == 4 * 8 * most.bit_count()


def test_more_spikes_than_there_may_be() -> None:
    with pytest.raises(E3neError, match="whole numbers of 0 to 2 spikes"):
        design(2, rate_coded=False).plan.pack(np.full((1, 4, 2, 2, 2), 3.0))
