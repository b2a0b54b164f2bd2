"""A dataflow graph as a list of stages: what runs it, in values and in cycles.

NumPy alone: the cycle-model backend prints this module into the stand-alone model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import Cycles, EventGraph, Schedule, interval_and_latency, solve
from e3ne.errors import E3neError
from e3ne.units.layout import Layout, Values, codes_of
from e3ne.units.model import SpikeTimedModel, UnitModel

INPUT = "s_axis"
OUTPUT = "m_axis"


@dataclass(frozen=True)
class Stage:
    """A unit in the order of execution: its model, and the streams that it takes and gives."""

    name: str
    kind: str
    layer: str
    model: UnitModel
    taken: str
    given: str


@dataclass(frozen=True)
class StreamInfo:
    """A stream between two units; `value` names what it carries of the integer network, as layer/kind, or is empty."""

    name: str
    producer: str
    consumer: str
    layout: Layout
    value: str

    @property
    def beats(self) -> int:
        """Beats of an image."""
        return self.layout.beats

    @property
    def lanes(self) -> int:
        """Elements of a beat."""
        return self.layout.elements

    @property
    def bits(self) -> int:
        """Bits of an element, negative when signed."""
        return self.layout.bits

    @property
    def width(self) -> int:
        """Bits of a beat."""
        return self.lanes * abs(self.bits)

    def decode(self, values: Values) -> Values:
        """Beats (images, beats, elements) → the maps that they carry, (images·frames, channels, height, width)."""
        content = self.layout.spread(values)[:, :, 0]
        numbers = content[..., 0] if self.layout.steps == 1 else codes_of(content)
        channels = numbers.shape[-1]
        return numbers.reshape(-1, self.layout.height, self.layout.width, channels).transpose(0, 3, 1, 2)


@dataclass(frozen=True)
class Measured:
    """Cycles that some images need: latency of each alone, mean and largest; between images that follow each other.

    `interval` is the mean over the second half of the images, or absent where that is a single one.
    """

    images: int
    latency: float
    largest_latency: int
    interval: float | None


@dataclass(frozen=True)
class Plan:
    """A graph as a list of stages and the streams between them, the input and output buses included.

    `input_shape` is (channels, height, width) of an image, `steps` the bits of a pixel's code, `codes` what that may
    be, ascending from 0 (empty: anything). With `input_frames` the input has spikes in so many time steps instead, as
    many in each as a code may be; they are made of an image if it is `rate_coded`. `input_scale` is the real value of
    1 in the codes of an image; None: 1 / (greatest code).
    """

    name: str
    stages: tuple[Stage, ...]
    streams: tuple[StreamInfo, ...]
    input_shape: tuple[int, int, int]
    steps: int
    input_bits: int
    input_beats: int
    output_bits: int
    output_beats: int
    codes: tuple[int, ...] = ()
    input_frames: int = 0
    input_scale: float | None = None
    rate_coded: bool = False

    @property
    def data_shape(self) -> tuple[int, ...]:
        """The shape of one input: (channels, height, width) of an image, (time steps, ...) of spikes."""
        in_steps = self.input_frames and not self.rate_coded
        return (self.input_frames, *self.input_shape) if in_steps else self.input_shape

    def pack(self, data: NDArray[np.floating]) -> Values:
        """The bits of the input bus (inputs, beats, bus) for images of 0 … 1, or for spikes: (inputs, *data_shape).

        Raises E3neError for numbers of spikes that the bus cannot carry.
        """
        most = self.codes[-1] if self.codes else (1 << self.steps) - 1
        if self.rate_coded:
            return pack_input(rate_code(data, self.input_frames, most), self.steps, self.input_bits)
        if self.input_frames:
            if not ((data >= 0) & (data <= most) & (data == np.rint(data))).all():
                raise E3neError(
                    f"{self.name} takes whole numbers of 0 to {most} spikes in a step; the data hold others"
                )
            return pack_input(data.astype(np.int64), self.steps, self.input_bits)
        codes = encode(data, self.steps, self.input_scale, self.codes)
        return pack_input(codes[:, None], self.steps, self.input_bits)

    @property
    def is_data_dependent(self) -> bool:
        """Whether the cycles of any unit depend on what its beats hold."""
        return any(isinstance(stage.model, SpikeTimedModel) for stage in self.stages)

    def event_graph(self) -> EventGraph:
        """The timing of the whole graph; where it depends on data, the slowest one."""
        return EventGraph.union([s.model.events(s.name, s.taken, s.given) for s in self.stages])

    def schedule(
        self,
        images: int,
        gaps: Cycles | None = None,
        stalls: Cycles | None = None,
        values: Mapping[str, Values] | None = None,
    ) -> Schedule:
        """The cycle of every beat of `images` images that follow each other.

        `gaps` (one number for each input beat) holds the input back, `stalls` (for each output beat) the output.
        `values` are the beats of all streams, as of `run`: a schedule that depends on data needs them. Raises
        ValueError where they are missing.
        """
        delays = {name: given for name, given in ((INPUT, gaps), (OUTPUT, stalls)) if given is not None}
        graphs: list[EventGraph] = []
        for stage in self.stages:
            if not isinstance(stage.model, SpikeTimedModel):
                graphs.append(stage.model.events(stage.name, stage.taken, stage.given))
                continue
            if values is None:
                raise ValueError(f"the cycles of {stage.name} depend on what it takes: its values are needed")
            graph, spacing = stage.model.events_of(stage.name, stage.taken, stage.given, values[stage.taken])
            graphs.append(graph)
            delays |= spacing
        return solve(EventGraph.union(graphs), images, delays)

    def measure(self, values: Mapping[str, Values]) -> Measured:
        """What the beats of some images, as of `run`, need."""
        images = len(values[INPUT])
        apart = np.zeros((images, self.input_beats), dtype=np.int64)
        apart[1:, 0] = sum(self.speed())
        times = self.schedule(images, apart.reshape(-1), None, values).times
        alone = times[OUTPUT][:, -1] - times[INPUT][:, 0] + 1
        starts = self.schedule(images, None, None, values).times[INPUT][:, 0]
        # The first images find empty buffers, and are taken faster than those behind them.
        steady = starts[images // 2 :]
        interval = float(steady[-1] - steady[0]) / (steady.size - 1) if steady.size > 1 else None
        return Measured(images, float(alone.mean()), int(alone.max()), interval)

    def latency(self) -> int:
        """Cycles from the first input beat taken to the last output beat given, one image alone, at most."""
        return self.speed()[1]

    def interval(self) -> int:
        """Cycles between images in steady state, at most."""
        return self.speed()[0]

    def speed(self) -> tuple[int, int]:
        """Interval and latency in cycles, from one schedule: its first image has the machine to itself.

        Where they depend on data they are what no image exceeds.
        """
        return interval_and_latency(self.event_graph(), INPUT, OUTPUT)

    def run(self, bits: Values) -> Mapping[str, Values]:
        """The beats of every stream, (images, beats, elements), for the bits of the input bus (images, beats, bus)."""
        streams: dict[str, Values] = {INPUT: bits}
        for stage in self.stages:
            streams[stage.given] = stage.model.compute(streams[stage.taken])
        return streams


def encode(images: NDArray[np.floating], steps: int, scale: float | None = None, codes: tuple[int, ...] = ()) -> Values:
    """Images of 0 … 1 as the codes nearest to x·highest, the upper one of two; without `codes` all of `steps` bits.

    With a scale, x / scale rounded half to even, clamped.
    """
    highest, real = codes[-1] if codes else (1 << steps) - 1, images.astype(np.float64)
    if len(codes) in (0, highest + 1):
        nearest = np.floor(real * highest + 0.5) if scale is None else np.rint(real / scale)
        return np.clip(nearest, 0, highest).astype(np.int64)
    found = np.zeros(images.shape, np.int64)
    for place in range(1, len(codes)):
        found = np.where(2 * real * highest >= codes[place - 1] + codes[place], codes[place], found)
    return found


def rate_code(images: NDArray[np.floating], steps: int, most: int) -> Values:
    """Images of 0 … 1 as spikes (images, steps, …): ⌊(t + 1)·x·most + 1/2⌋ of them up to step t."""
    scaled = np.clip(images.astype(np.float64), 0, 1) * most
    before = np.zeros(images.shape, np.int64)
    spikes: list[Values] = []
    for step in range(1, steps + 1):
        now = np.floor(step * scaled + 0.5).astype(np.int64)
        spikes.append(now - before)
        before = now
    return np.stack(spikes, axis=1)


def pack_input(codes: Values, steps: int, bus: int) -> Values:
    """Codes (images, frames, channels, height, width) → the bits of the input bus (images, beats, bus).

    The first pixel is lowest in a beat, channel 0 lowest in a pixel, the least significant bit lowest in a code.
    """
    images, _, channels = codes.shape[:3]
    pixels = codes.transpose(0, 1, 3, 4, 2).reshape(images, -1, channels)
    bits = (pixels[..., None] >> np.arange(steps)) & 1
    flat = bits.reshape(images, -1, channels * steps)
    per_beat = bus // (channels * steps)
    missing = -flat.shape[1] % per_beat
    padded = np.pad(flat, ((0, 0), (0, missing), (0, 0)))
    return padded.reshape(images, -1, bus).astype(np.uint8)


def pack_beats(values: Values, bits: int) -> NDArray[np.uint8]:
    """Elements (…, elements) of `bits` bits each → little-endian bytes (…, ⌈elements·bits/8⌉), element 0 lowest."""
    spread = (values[..., None] >> np.arange(bits)) & 1
    flat = spread.reshape(*values.shape[:-1], -1).astype(np.uint8)
    return np.packbits(flat, axis=-1, bitorder="little")
