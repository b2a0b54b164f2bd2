"""The argmax: the index of the first of the largest values."""

from __future__ import annotations

from e3ne.dialects.dataflow import ArgmaxOp
from e3ne.verification.formal.checker import Checker
