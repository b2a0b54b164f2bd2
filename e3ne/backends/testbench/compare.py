"""Find where Verilog first differs from the cycle model, and say which unit is to blame."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from e3ne.backends.testbench.streams import StreamTrace, Violation, bytes_of


@dataclass(frozen=True, eq=False)
class Expected:
    """What the cycle model says of one stream: all its beats in order, over all images, as in `StreamTrace`.

    A beat holds `lanes` numbers of `lane_width` bits, lane 0 lowest; further bits (`tlast`) stand above them.
    """

    name: str
    producer: str
    consumer: str
    beats_per_image: int
    lanes: int
    lane_width: int
    signed: bool
    offers: NDArray[np.int64]
    transfers: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __post_init__(self) -> None:
        beats = len(self.transfers)
        if self.offers.shape != (beats,) or self.transfers.shape != (beats,) or len(self.data) != beats:
            raise ValueError(f"stream '{self.name}': offers, transfers and data have different numbers of beats")
        if self.data.ndim != 2 or self.data.shape[1] < bytes_of(self.lanes * self.lane_width):
            raise ValueError(f"stream '{self.name}': {self.data.shape} bytes do not hold {self.lanes} lanes")
        if self.beats_per_image < 1:
            raise ValueError(f"stream '{self.name}': {self.beats_per_image} beats an image")


@dataclass(frozen=True)
class Difference:
    """The first thing that went otherwise than predicted.

    `unit` is the one to blame. `beat` counts within the image. `lane` is given where one lane's value differs; `cycle`
    is the first cycle that shows the difference.
    """

    unit: str
    stream: str
    image: int
    beat: int
    lane: int | None
    cycle: int
    what: Literal["value", "cycle", "missing", "extra", "protocol"]
    expected: str
    got: str

    def message(self) -> str:
        """One line for the user."""
        lane = "" if self.lane is None else f" lane {self.lane}"
        place = f"stream '{self.stream}', image {self.image}, beat {self.beat}{lane}, cycle {self.cycle}"
        return f"unit '{self.unit}' differs: {place}: expected {self.expected}, got {self.got}"


def first_difference(expected: Sequence[Expected], traces: Mapping[str, StreamTrace]) -> Difference | None:
    """The earliest difference over all streams, or None. Of several in one cycle the first in the order given counts
    (the order of the streams is topological), except that a unit is not blamed for refusing a beat while its own output
    is refused in the same cycle.

    A wrong value is the producer's fault. A beat at a wrong cycle is the producer's if it was offered at another cycle
    than predicted, else the consumer's. Raises ValueError if a trace is missing or has another width.
    """
    _check(expected, traces)
    found = [difference for stream in expected for difference in _differences_of(stream, traces[stream.name])]
    if not found:
        return None
    cycle = min(difference.cycle for difference in found)
    ties = [difference for difference in found if difference.cycle == cycle]
    return _follow_refusal(ties, {stream.name: stream for stream in expected})


def count_differences(expected: Sequence[Expected], traces: Mapping[str, StreamTrace]) -> int:
    """Beats that differ in value or cycle, are missing or too many, and breaches of the handshake, over all streams."""
    _check(expected, traces)
    count = 0
    for stream in expected:
        trace = traces[stream.name]
        common = min(len(stream.transfers), len(trace.transfers))
        count += int(_wrong_beats(stream, trace, common).sum())
        count += abs(len(stream.transfers) - len(trace.transfers)) + len(trace.violations)
    return count


def _check(expected: Sequence[Expected], traces: Mapping[str, StreamTrace]) -> None:
    problems = [f"no trace of stream '{stream.name}'" for stream in expected if stream.name not in traces]
    for stream in expected:
        trace = traces.get(stream.name)
        if trace is not None and trace.data.shape[1] != stream.data.shape[1]:
            sizes = f"{stream.data.shape[1]} bytes a beat are expected, the trace has {trace.data.shape[1]}"
            problems.append(f"stream '{stream.name}': {sizes}")
    if problems:
        raise ValueError("; ".join(problems))


def _follow_refusal(ties: Sequence[Difference], streams: Mapping[str, Expected]) -> Difference:
    """Of simultaneous differences, follow refused beats downstream to the unit that refused without being refused."""
    blamed = ties[0]
    passed = {blamed.stream}
    while blamed.unit == streams[blamed.stream].consumer:
        further = (
            difference
            for difference in ties
            if difference.stream not in passed
            and streams[difference.stream].producer == blamed.unit
            and difference.unit == streams[difference.stream].consumer
        )
        downstream = next(further, None)
        if downstream is None:
            break
        blamed = downstream
        passed.add(blamed.stream)
    return blamed


def _differences_of(stream: Expected, trace: StreamTrace) -> Iterator[Difference]:
    """The first breach of the handshake and the first wrong beat of one stream."""
    if trace.violations:
        yield _protocol(stream, trace.violations[0])
    expected, got = len(stream.transfers), len(trace.transfers)
    common = min(expected, got)
    wrong = np.flatnonzero(_wrong_beats(stream, trace, common))
    if wrong.size:
        beat = int(wrong[0])
        same_value = np.array_equal(stream.data[beat], trace.data[beat])
        yield _late_or_early(stream, trace, beat) if same_value else _wrong_value(stream, trace, beat)
    elif expected > common:
        yield _missing(stream, trace, common)
    elif got > common:
        yield _extra(stream, trace, common)


def _wrong_beats(stream: Expected, trace: StreamTrace, common: int) -> NDArray[np.bool_]:
    """Which of the first `common` beats differ in cycle or value."""
    late = stream.transfers[:common] != trace.transfers[:common]
    return late | (stream.data[:common] != trace.data[:common]).any(axis=1)


def _difference(
    stream: Expected,
    unit: str,
    beat: int,
    cycle: int,
    what: Literal["value", "cycle", "missing", "extra", "protocol"],
    texts: tuple[str, str],
    lane: int | None = None,
) -> Difference:
    image, inside = divmod(beat, stream.beats_per_image)
    return Difference(unit, stream.name, image, inside, lane, cycle, what, *texts)


def _protocol(stream: Expected, violation: Violation) -> Difference:
    texts = ("valid and data kept until the beat is taken", violation.kind)
    return _difference(stream, stream.producer, violation.beat, violation.cycle, "protocol", texts)


def _wrong_value(stream: Expected, trace: StreamTrace, beat: int) -> Difference:
    wanted, got = (int.from_bytes(data[beat].tobytes(), "little") for data in (stream.data, trace.data))
    changed = wanted ^ got
    lane: int | None = ((changed & -changed).bit_length() - 1) // stream.lane_width
    if lane < stream.lanes:
        texts = [str(_lane(value, lane, stream)) for value in (wanted, got)]
    else:  # a bit above the lanes, as tlast
        above = stream.lanes * stream.lane_width
        texts = [f"{value >> above:#x} above the lanes" for value in (wanted, got)]
        lane = None
    cycles = [int(times[beat]) for times in (stream.transfers, trace.transfers)]
    if cycles[0] != cycles[1]:
        texts = [f"{text} in cycle {cycle}" for text, cycle in zip(texts, cycles, strict=True)]
    return _difference(stream, stream.producer, beat, min(cycles), "value", (texts[0], texts[1]), lane)


def _lane(beat: int, lane: int, stream: Expected) -> int:
    width = stream.lane_width
    value = beat >> lane * width & (1 << width) - 1
    return value - (1 << width) if stream.signed and value >> (width - 1) else value


def _late_or_early(stream: Expected, trace: StreamTrace, beat: int) -> Difference:
    times = [(int(of.offers[beat]), int(of.transfers[beat])) for of in (stream, trace)]
    unit = stream.consumer if times[0][0] == times[1][0] else stream.producer
    expected, got = (f"transfer in cycle {transfer} (offered in {offer})" for offer, transfer in times)
    return _difference(stream, unit, beat, min(times[0][1], times[1][1]), "cycle", (expected, got))


def _missing(stream: Expected, trace: StreamTrace, beat: int) -> Difference:
    offer, cycle = int(stream.offers[beat]), int(stream.transfers[beat])
    pending = trace.pending_offer
    unit = stream.consumer if pending == offer else stream.producer
    got = "no offer" if pending is None else f"an offer in cycle {pending} that is never taken"
    absent = len(stream.transfers) - beat
    texts = (f"transfer in cycle {cycle} (offered in {offer})", f"{got} (beats missing: {absent})")
    return _difference(stream, unit, beat, cycle, "missing", texts)


def _extra(stream: Expected, trace: StreamTrace, beat: int) -> Difference:
    value = int.from_bytes(trace.data[beat].tobytes(), "little")
    more = len(trace.transfers) - beat
    texts = ("no further beat", f"a beat of {value:#x} (beats too many: {more})")
    return _difference(stream, stream.producer, beat, int(trace.transfers[beat]), "extra", texts)
