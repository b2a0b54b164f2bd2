"""Random networks for hypothesis, which makes them smaller by itself; needs the test extra."""

from __future__ import annotations

from hypothesis import strategies as st

from e3ne.verification.random_networks import random_specification
from e3ne.verification.specification import Specification


def specifications() -> st.SearchStrategy[Specification]:
    """Networks with decisions."""
    return st.randoms(use_true_random=False).map(random_specification)
