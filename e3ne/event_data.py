"""Address events, as event cameras and cochleas give them, to spikes in time steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError

Array = NDArray[np.generic]
Integers = NDArray[np.int64]

MOST_NUMBERS = 1 << 27
"""Numbers of spikes in all steps of all samples; four bytes each."""
MOST_SPIKES = 65535
"""In a step, of one input."""

_LARGEST = int(np.iinfo(np.int64).max)

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "timestamp"),
    "c": ("c", "p", "polarity"),
    "y": ("y",),
    "x": ("x",),
}
"""What an event has, and the names that it goes by."""


@dataclass(frozen=True)
class Binning:
    """`time_steps` steps of `bin_width` each, in the unit of the events' times; 0 where it was not said.

    With `is_asked` data that are no events are a mistake.
    """

    time_steps: int = 0
    bin_width: int = 0
    is_asked: bool = False


NO_BINNING = Binning()


def bin_events(arrays: Mapping[str, Array], binning: Binning) -> tuple[NDArray[np.float32], str]:
    """The spikes (N, T, C, H, W) of N samples' events, and in words how many of them are in these steps.

    `arrays` are `events`, those of all samples one behind the other, structured with the fields t, c (or p), y and x,
    of which only t must be there, or integers (E, 4) in that order; `counts` (N,), how many each sample has (one sample
    if left out); and `shape`, (C, H, W). Step 0 of a sample begins at its first event; events behind the last step are
    left out, and several at one address in one step are so many spikes. Raises `E3neError` with all that is wrong.
    """
    problems: list[str] = []
    if not (binning.time_steps and binning.bin_width):
        problems.append("address events need --time-steps and --bin-width of e3ne compile")
    events = _events(arrays["events"], problems)
    if len(events["t"]) and int(events["t"].max()) - int(events["t"].min()) > _LARGEST:
        problems.append("the times of the events are further apart than 63 bits can say")
    shape = _shape(arrays.get("shape"), problems)
    counts = _counts(arrays.get("counts"), len(events["t"]), problems)
    if shape is not None:
        _check_addresses(events, shape, problems)
        size = len(counts) * binning.time_steps * math.prod(shape)
        if size > MOST_NUMBERS:
            problems.append(
                f"{len(counts)} samples of {binning.time_steps} steps are {size:,} numbers; at most {MOST_NUMBERS:,} "
                "are supported: give fewer samples or steps"
            )
    if problems or shape is None:
        raise E3neError("; ".join(problems))
    spikes, taken = _binned(events, counts, shape, binning)
    if spikes.size and spikes.max() > MOST_SPIKES:
        raise E3neError(f"an input has {spikes.max():,.0f} events in a step; at most {MOST_SPIKES:,} are supported")
    total = len(events["t"])
    return spikes, f"{taken:,} of {total:,} events in {binning.time_steps} steps of {binning.bin_width:,}"


def _binned(
    events: Mapping[str, Integers], counts: Integers, shape: tuple[int, int, int], binning: Binning
) -> tuple[NDArray[np.float32], int]:
    steps, (_, height, width) = binning.time_steps, shape
    size = math.prod(shape)
    spikes = np.zeros((len(counts), steps * size), np.float32)
    taken = 0
    for sample, (count, end) in enumerate(zip(counts, np.cumsum(counts), strict=True)):
        own = slice(end - count, end)
        times = events["t"][own]
        step = (times - times.min(initial=np.iinfo(np.int64).max)) // binning.bin_width
        place = step * size + (events["c"][own] * height + events["y"][own]) * width + events["x"][own]
        inside = step < steps
        taken += int(inside.sum())
        spikes[sample] = np.bincount(place[inside], minlength=steps * size)
    return spikes.reshape(len(counts), steps, *shape), taken


def _events(array: Array, problems: list[str]) -> dict[str, Integers]:
    """Each field by its name, (E,); absent ones are zero."""
    nothing = {name: np.zeros(0, np.int64) for name in _FIELDS}
    names = array.dtype.names
    if names is None:
        if array.ndim != 2 or array.shape[1] != len(_FIELDS) or array.dtype.kind not in "iub":
            problems.append(
                f"events is {array.dtype} of shape {array.shape}; fields t, c, y and x, or whole numbers E×4 in this "
                "order are supported"
            )
            return nothing
        return {name: _numbers(name, array[:, column], problems) for column, name in enumerate(_FIELDS)}
    records = cast("NDArray[np.void]", array)
    found = {name: next((each for each in known if each in names), None) for name, known in _FIELDS.items()}
    kept = [records[field] for field in found.values() if field is not None]
    wrong = [column for column in kept if column.dtype.kind not in "iub" or column.ndim != 1]
    if array.ndim != 1 or found["t"] is None or wrong:
        problems.append(
            f"events has the fields {', '.join(names)}; t (or timestamp) is needed, c (or p, polarity), y and x may be "
            "there, all of them whole numbers"
        )
        return nothing
    zeros = np.zeros(len(array), np.int64)
    return {name: zeros if field is None else _numbers(name, records[field], problems) for name, field in found.items()}


def _numbers(name: str, values: Array, problems: list[str]) -> Integers:
    if values.size and int(values.max()) > _LARGEST:
        problems.append(f"events have a {name} of {int(values.max())}; at most {_LARGEST} is supported")
        return np.zeros(len(values), np.int64)
    return values.astype(np.int64)


def _shape(array: Array | None, problems: list[str]) -> tuple[int, int, int] | None:
    if array is None or array.shape != (3,) or array.dtype.kind not in "iu" or int(array.min()) < 1:
        problems.append("shape must hold three positive whole numbers: channels, height and width")
        return None
    channels, height, width = (int(size) for size in array)
    return channels, height, width


def _counts(array: Array | None, events: int, problems: list[str]) -> Integers:
    if array is None:
        return np.array([events], np.int64)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu" or int(array.min()) < 0:
        problems.append("counts must hold the number of events of each sample")
        return np.array([events], np.int64)
    # The sum of numbers that are no greater than what there is does not wrap.
    largest = int(array.max())
    total = largest if largest > events else int(array.astype(np.int64).sum())
    if total != events:
        most = "at least " if largest > events else ""
        problems.append(f"counts adds up to {most}{total:,}, but there are {events:,} events")
        return np.array([events], np.int64)
    return array.astype(np.int64)


def _check_addresses(events: Mapping[str, Integers], shape: tuple[int, int, int], problems: list[str]) -> None:
    for name, size in zip("cyx", shape, strict=True):
        values = events[name]
        outside = np.flatnonzero((values < 0) | (values >= size))
        if outside.size:
            first = outside[0]
            problems.append(
                f"{outside.size:,} events have a {name} outside 0 to {size - 1}, the first of them event {first} with "
                f"{values[first]}"
            )
