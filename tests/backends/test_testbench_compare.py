"""Blame and order of differences, on traces written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from e3ne.backends.testbench.compare import Difference, Expected, count_differences, first_difference
from e3ne.backends.testbench.streams import StreamTrace, Violation


def stream(
    name: str, producer: str, consumer: str, offers: list[int], transfers: list[int], data: list[int]
) -> Expected:
    """Two beats an image, four signed lanes of three bits, in two bytes."""
    return Expected(
        name, producer, consumer, 2, 4, 3, True,
        np.array(offers, np.int64), np.array(transfers, np.int64), np.array(data, "<u2").view(np.uint8).reshape(-1, 2),
    )  # fmt: skip


A = stream("a", "conv", "fire", [1, 2, 8, 9], [1, 2, 8, 9], [0o1234, 0, 0o7777, 5])
B = stream("b", "fire", "pool", [3, 4, 10, 11], [3, 6, 10, 11], [1, 2, 3, 4])


def trace_of(expected: Expected) -> StreamTrace:
    return StreamTrace(expected.offers.copy(), expected.transfers.copy(), expected.data.copy())


def compare(**changed: StreamTrace) -> Difference:
    difference = first_difference([A, B], {"a": trace_of(A), "b": trace_of(B)} | changed)
    assert difference is not None
    return difference


def shortened(trace: StreamTrace, beats: int) -> StreamTrace:
    return replace(trace, offers=trace.offers[:beats], transfers=trace.transfers[:beats], data=trace.data[:beats])


def test_equal_traces_have_no_difference() -> None:
    traces = {"a": trace_of(A), "b": trace_of(B)}
    assert first_difference([A, B], traces) is None
    assert count_differences([A, B], traces) == 0


def test_a_wrong_value_is_the_producers_fault_and_names_the_lane() -> None:
    trace = trace_of(A)
    trace.data[2] = np.array([0o7377], "<u2").view(np.uint8)
    assert compare(a=trace) == Difference("conv", "a", 1, 0, 2, 8, "value", "-1", "3")


def test_a_wrong_bit_above_the_lanes_is_in_no_lane() -> None:
    trace = trace_of(A)
    trace.data[1, 1] = 0x10
    difference = compare(a=trace)
    assert (difference.lane, difference.what, difference.unit) == (None, "value", "conv")
    assert difference.got == "0x1 above the lanes"


def test_a_late_offer_is_the_producers_fault() -> None:
    trace = trace_of(A)
    trace.offers[3] = trace.transfers[3] = 12
    difference = compare(a=trace)
    assert (difference.unit, difference.what, difference.image, difference.beat) == ("conv", "cycle", 1, 1)
    assert difference.cycle == 9
    assert difference.got == "transfer in cycle 12 (offered in 12)"


def test_an_early_offer_is_the_producers_fault() -> None:
    trace = trace_of(A)
    trace.offers[2] = trace.transfers[2] = 5
    difference = compare(a=trace)
    assert (difference.unit, difference.cycle) == ("conv", 5)


@pytest.mark.parametrize("cycle", [5, 7])
def test_another_transfer_of_the_same_offer_is_the_consumers_fault(cycle: int) -> None:
    trace = trace_of(B)
    trace.transfers[1] = cycle
    difference = compare(b=trace)
    assert (difference.unit, difference.what, difference.cycle) == ("pool", "cycle", min(cycle, 6))


def test_the_earliest_cycle_wins_whatever_the_order() -> None:
    a, b = trace_of(A), trace_of(B)
    a.data[2] ^= 1
    b.data[1] ^= 1
    assert compare(a=a, b=b).stream == "b"


def test_in_the_same_cycle_the_first_stream_wins() -> None:
    a, b = trace_of(A), trace_of(B)
    a.offers[3] = a.transfers[3] = 10
    b.offers[2] = b.transfers[2] = 9
    assert compare(a=a, b=b).stream == "a"


def test_a_unit_is_not_blamed_while_its_own_output_is_refused() -> None:
    both = [
        stream("a", "conv", "fire", [1, 2], [1, 2], [0, 0]),
        stream("b", "fire", "pool", [1, 2], [1, 2], [0, 0]),
    ]
    late = {expected.name: trace_of(expected) for expected in both}
    for trace in late.values():
        trace.transfers[1] = 4
    difference = first_difference(both, late)
    assert difference is not None
    assert (difference.stream, difference.unit) == ("b", "pool")


def test_missing_beats_are_the_producers_unless_offered() -> None:
    difference = compare(a=shortened(trace_of(A), 3))
    assert (difference.unit, difference.what, difference.cycle) == ("conv", "missing", 9)
    assert (difference.image, difference.beat) == (1, 1)
    assert difference.got == "no offer (beats missing: 1)"
    difference = compare(a=replace(shortened(trace_of(A), 3), pending_offer=9))
    assert difference.unit == "fire"
    difference = compare(a=replace(shortened(trace_of(A), 3), pending_offer=11))
    assert difference.unit == "conv"


def test_an_extra_beat_is_the_producers_fault() -> None:
    extra = trace_of(A)
    a = replace(
        extra,
        offers=np.append(extra.offers, 20),
        transfers=np.append(extra.transfers, 20),
        data=np.concatenate([extra.data, extra.data[:1]]),
    )
    difference = compare(a=a)
    assert (difference.unit, difference.what, difference.cycle, difference.image) == ("conv", "extra", 20, 2)


def test_a_breach_of_the_handshake_is_reported_though_all_beats_agree() -> None:
    trace = replace(trace_of(B), violations=(Violation("b", 1, 5, "data changed"),))
    difference = compare(b=trace)
    assert (difference.unit, difference.what, difference.cycle, difference.beat) == ("fire", "protocol", 5, 1)
    assert count_differences([A, B], {"a": trace_of(A), "b": trace}) == 1


def test_count_adds_wrong_missing_and_extra_beats() -> None:
    a, b = trace_of(A), trace_of(B)
    a.data[0] ^= 1
    a.transfers[0] = 0
    a.transfers[1] = 3
    assert count_differences([A, B], {"a": a, "b": shortened(b, 1)}) == 2 + 3


def test_the_message_is_one_clear_line() -> None:
    trace = trace_of(A)
    trace.data[2] = np.array([0o7377], "<u2").view(np.uint8)
    assert compare(a=trace).message() == (
        "unit 'conv' differs: stream 'a', image 1, beat 0 lane 2, cycle 8: expected -1, got 3"
    )


def test_a_trace_that_is_not_there_or_of_another_width_is_an_error() -> None:
    narrow = replace(trace_of(B), data=np.zeros((4, 1), np.uint8))
    with pytest.raises(ValueError, match=r"no trace of stream 'a'; stream 'b': 2 bytes a beat are expected"):
        first_difference([A, B], {"b": narrow})
