"""Source and sink: pixels out of the beats of the input bus, results into containers."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow import SinkOp, SourceOp, StreamType, number
from e3ne.units.sink import Sink
from e3ne.units.source import Source
from tests.units.bench import check_hardware, check_model, choose, given_stream, packed, random_images, verify, word_of

QUICK = settings(deadline=None, derandomize=True)


def source(shape: tuple[int, int, int], steps: int, bus: int) -> SourceOp:
    given = StreamType.of(*shape, steps=steps, lanes=shape[2], parallel=steps)
    op = SourceOp("source", "input", bus, given)
    verify(op)
    return op


def sink(taken: StreamType, container: int) -> SinkOp:
    op = SinkOp("sink", "output", given_stream(taken), container)
    verify(op)
    return op


def check_source(op: SourceOp) -> None:
    """A pixel's codes, channel 0 lowest, one pixel above another from the lowest bit of a beat on."""
    given, bus = op.output_type, op.bus.value.data
    images = random_images(given, 3, seed=bus)
    per_beat = bus // (given.channels * given.steps)
    words: list[list[int]] = []
    for image in images:
        pixels: list[int] = []
        for pixel in range(given.pixels):
            trains = [[image[pixel, channel, step] for step in range(given.steps)] for channel in range(given.channels)]
            codes = [int("".join(map(str, train)), 2) for train in trains]
            pixels.append(word_of(codes, given.steps))
        beats = [pixels[start : start + per_beat] for start in range(0, len(pixels), per_beat)]
        words.append([word_of(beat, given.channels * given.steps) for beat in beats])
    # What lies above the last pixel of an image is anything.
    used = given.pixels % per_beat * given.channels * given.steps
    if used:
        words = [[*beats[:-1], beats[-1] | 1 << used] for beats in words]
    expected = [packed(given, image) for image in images]
    check_model(op, [[[word >> bit & 1 for bit in range(bus)] for word in beats] for beats in words], expected)
    check_hardware(op, words, [[word_of(beat, 1) for beat in image] for image in expected], seed=bus)


shapes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))


@settings(QUICK, max_examples=25)
@given(shapes, st.integers(1, 5), st.integers(1, 3))
def test_any_source(shape: tuple[int, int, int], steps: int, beats: int) -> None:
    least = next(bits for bits in range(8, 1000, 8) if bits % (shape[2] * steps) == 0)
    check_source(source(shape, steps, beats * least))


@pytest.mark.parametrize(("shape", "steps"), [((2, 2, 1), 4), ((3, 2, 3), 1), ((1, 1, 5), 5), ((1, 3, 9), 8)])
def test_every_bus(shape: tuple[int, int, int], steps: int) -> None:
    """Buses of whole bytes and whole pixels up to 512 bits, or the least one if that is wider."""
    pixel = shape[2] * steps
    legal = [bus for bus in range(8, max(513, pixel * 8 + 1), 8) if bus % pixel == 0]
    buses = [bus for bus in legal if bus <= 512] or legal[:1]
    op = source(shape, steps, legal[0])
    assert list(Source().legal_choices(op)) == [{"bus": bus} for bus in buses]
    for choice in Source().legal_choices(op):
        choose(op, choice)
        op.verify()
        if prod(shape) * op.bus.value.data < 800:
            check_source(op)
        Source().build(op).verify()


def check_sink(op: SinkOp) -> None:
    """Each result alone in its container, and a mark on the last beat of each image."""
    taken = op.input_type
    images = [packed(taken, image) for image in random_images(taken, 3, seed=taken.lanes)]
    words = [[word_of(beat, taken.element_bits) for beat in image] for image in images]
    results = [[word_of(beat, op.container.value.data) for beat in image] for image in images]
    check_model(op, images, images)
    played = check_hardware(op, words, results, seed=taken.lanes)
    assert played.last == [*[0] * (len(words[0]) - 1), 1] * 3


@settings(QUICK, max_examples=12)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(1, 8), st.booleans())
def test_every_container(lanes: int, chunks: int, pixels: int, bits: int, signed: bool) -> None:
    taken = StreamType.of(pixels, 1, lanes * chunks, steps=1, bits=-bits if signed else bits, lanes=lanes)
    op = sink(taken, 8)
    choices = Sink().legal_choices(op)
    assert list(choices) == [{"container": bits} for bits in (8, 16, 32, 64)]
    for choice in choices:
        choose(op, choice)
        op.verify()
        check_sink(op)


def test_containers_of_wide_results() -> None:
    op = sink(StreamType.of(1, 1, 4, steps=1, bits=-17, lanes=2), 32)
    assert list(Sink().legal_choices(op)) == [{"container": 32}, {"container": 64}]
    op.container = number(24)
    op.verify()
    check_sink(op)
    for container, message in ((16, "do not fit into 16 bits"), (20, "whole number of bytes")):
        op.container = number(container)
        with pytest.raises(VerifyException, match=message):
            op.verify()


def test_a_bus_of_parts_of_pixels_is_refused() -> None:
    for bus in (0, 12, 16):
        with pytest.raises(VerifyException, match="multiple of 24 bits wide"):
            source((2, 2, 3), 4, bus)
