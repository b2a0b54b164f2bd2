"""Makes an input that shows a difference smaller: as few numbers other than 0 as possible, as plain as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from e3ne.verification.semantics.programs import Data

Judge = Callable[[Data], NDArray[np.bool_]]
"""Which of some inputs (count, ...) show the difference."""

_AT_ONCE = 16


def smallest(data: Data, judge: Judge) -> Data:
    """`data` is one input that shows it; so does the result."""
    size = max(1, int(np.count_nonzero(data)))
    while size:
        smaller = _first(_without_blocks(data, size), judge)
        if smaller is None:
            size //= 2
        else:
            data = smaller
    plain = _first(iter((np.sign(data), np.round(data * 16) / 16)), judge)
    return data if plain is None else plain


def _without_blocks(data: Data, size: int) -> Iterator[Data]:
    places = np.flatnonzero(data)
    for start in range(0, len(places), size):
        smaller = data.copy()
        smaller.flat[places[start : start + size]] = 0
        yield smaller


def _first(candidates: Iterator[Data], judge: Judge) -> Data | None:
    """The first candidate that shows it; some are judged at once."""
    batch: list[Data] = []
    for candidate in candidates:
        batch.append(candidate)
        if len(batch) == _AT_ONCE and (found := _shown(batch, judge)) is not None:
            return found
        if len(batch) == _AT_ONCE:
            batch = []
    return _shown(batch, judge) if batch else None


def _shown(batch: list[Data], judge: Judge) -> Data | None:
    wrong = judge(np.stack(batch))
    return batch[int(wrong.argmax())] if wrong.any() else None
