"""What goes into a simulation of Verilog and what comes out of it: stimulus, probes and traces.

All cycles count from the release of reset: cycle 0 is the first cycle with `rst` low. Signals are sampled once a
cycle, just before the rising edge of `clk`. A beat is *offered* from the first cycle in which its valid is 1 (after
the transfer of the beat before it) and *transferred* in the cycle in which valid and ready are both 1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

INPUT_STREAM = "s_axis"
OUTPUT_STREAM = "m_axis"


def bytes_of(width: int) -> int:
    """Bytes that hold `width` bits."""
    return (width + 7) // 8


@dataclass(frozen=True)
class StreamProbe:
    """A stream inside the top module: the wires `<name>_data` (`width` bits), `<name>_valid` and `<name>_ready`."""

    name: str
    width: int


@dataclass(frozen=True)
class Violation:
    """A breach of the handshake: after a cycle with valid and not ready, valid fell or the data changed.

    `beat` counts from the start of the simulation; `cycle` is the first cycle that shows the breach.
    """

    stream: str
    beat: int
    cycle: int
    kind: Literal["valid dropped", "data changed"]


@dataclass(frozen=True, eq=False)
class StreamTrace:
    """Every beat of one stream in order, over all images.

    `offers` and `transfers` are cycles, shape (beats,); `data` has shape (beats, ceil(width / 8)), the bytes of a beat
    little-endian. `pending_offer` is the cycle since which a further beat was offered and not taken when the
    simulation ended. Of the violations of a stream the first 1,000 are kept.
    """

    offers: NDArray[np.int64]
    transfers: NDArray[np.int64]
    data: NDArray[np.uint8]
    pending_offer: int | None = None
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, eq=False)
class Stimulus:
    """What the testbench does at the two ports of the top module.

    `beats` has shape (n, ceil(input width / 8)): the input beats of all images in order. Beat 0 is first offered in
    cycle `gaps[0]`; beat j `gaps[j]` cycles later than the cycle after beat j-1's transfer. Output beat j is refused
    for `stalls[j]` cycles after output beat j-1's transfer (beat 0: in the cycles 0 … stalls[0] - 1); after that
    `m_axis_tready` is 1, whatever valid is. `len(stalls)` is the number of output beats to wait for. What goes on
    behind the last of them (pixels that no window needs) may have long pauses: `least_cycles` is how long to wait.
    """

    beats: NDArray[np.uint8]
    gaps: NDArray[np.int32]
    stalls: NDArray[np.int32]
    least_cycles: int = 0

    @staticmethod
    def without_pauses(beats: NDArray[np.uint8], output_beats: int) -> "Stimulus":
        """A source that always has a beat and a sink that always takes one."""
        return Stimulus(beats, np.zeros(len(beats), np.int32), np.zeros(output_beats, np.int32))


StopReason = Literal["complete", "deadlock", "max_cycles"]


@dataclass(frozen=True, eq=False)
class Simulation(Mapping[str, StreamTrace]):
    """The traces of one run by stream name, `s_axis` and `m_axis` among them.

    `stop` says why it ended: everything was transferred and the streams are quiet, nothing moved for long, or the
    limit of cycles came first. `cycles` is the number of cycles simulated, `seconds` the time that they took.
    """

    traces: Mapping[str, StreamTrace]
    cycles: int
    stop: StopReason
    seconds: float

    @property
    def violations(self) -> list[Violation]:
        """All breaches of the handshake, earliest first."""
        found = [violation for trace in self.traces.values() for violation in trace.violations]
        return sorted(found, key=lambda violation: violation.cycle)

    def __getitem__(self, stream: str) -> StreamTrace:
        return self.traces[stream]

    def __iter__(self) -> Iterator[str]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)
