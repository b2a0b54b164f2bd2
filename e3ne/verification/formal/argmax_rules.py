"""The argmax: the index of the first of the largest values."""

from __future__ import annotations
