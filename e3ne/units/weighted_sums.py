"""The arithmetic of synapses: weights times trains.

NumPy alone: the cycle-model backend prints this module into the stand-alone model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from e3ne.units.layout import Layout, Values, codes_of


def weighted_sums(
    taken: Layout, given: Layout, weights: NDArray[np.int64], bias: NDArray[np.int64], values: Values
) -> Values:
    """V = Σ w·a + bias for each output, from the beats (images, beats, elements) that are there for its group.

    `weights` are (outputs, inputs), `bias` is (outputs,).
    """
    codes = codes_of(taken.spread(values))
    # Products of integers in floating point are exact below 2^24 or 2^53, and many times faster than integer ones.
    bound = int(np.abs(weights).sum(axis=1).max(initial=0)) << taken.steps
    real = np.float32 if bound < 1 << 24 else np.float64
    assert bound < 1 << 53, "values beyond 53 bits"
    codes, matrix = codes.astype(real), weights.astype(real)
    lanes = given.channels // taken.repeat
    groups = [codes[:, :, group] @ matrix[group * lanes : (group + 1) * lanes].T for group in range(taken.repeat)]
    result = np.rint(np.concatenate(groups, axis=-1)).astype(np.int64) + bias
    return given.gather(result[:, :, None, :, None])
