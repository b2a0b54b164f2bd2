"""`e3ne calibrate`: from measured samples to the data file of a family."""

from __future__ import annotations

import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import e3ne.devices
from e3ne.calibration.fit import Errors, fit, held_out
from e3ne.calibration.measure import Measured, measure, tool_version
from e3ne.calibration.samples import draw_samples
from e3ne.devices.costs import SCHEMA, Coefficients, data_file
from e3ne.devices.families import Family
from e3ne.devices.memories import memories_of
from e3ne.dialects.dataflow import UnitOp
from e3ne.errors import E3neError
from e3ne.files import write_whole
from e3ne.units.registry import unit_for

Progress = Callable[[int, int], None]
"""Called with the units that are synthesised and how many there are."""

KINDS = (
    "argmax", "fifo", "fire", "lif", "matvec-adder", "matvec-event", "matvec-shared", "matvec-table", "max_pool",
    "pool-trains", "pool-values", "recurrent", "replay", "resize", "sink", "source", "sum_frames", "window",
)  # fmt: skip
"""Of units: a design may have each of them, and its cost is needed then."""

FEWEST = 4
"""Samples of a kind without which nothing is written: two to fit half of them, two to hold the fit against."""


# A carry-out takes nothing on AMD's chains; shift registers are LUTs there, and flip-flops on Lattice's devices. What a
# sum chooses between is in its LUTs there, and in front of them with four inputs.
_AMD_PRIORS = {"chains": 0.0, "whole_bits": 0.0, "shifted_by_luts": 0.0, "bypassed": 0.0}
PRIORS: Mapping[Family, Mapping[str, float]] = {
    "xcup": _AMD_PRIORS,
    "xc7": _AMD_PRIORS,
    "ecp5": {"shift_registers": 0.0, "tables_of_5": 2.0, "tables_of_6": 4.0, "counters_6_3": 4.0, "accumulated": 2.0},
}
"""Coefficients that are not expected to be one."""


@dataclass(frozen=True)
class KindResult:
    """The coefficients of a kind of unit, and how far those of half of its samples are from the other half."""

    samples: int
    coefficients: Coefficients
    lut: Errors | None
    ff: Errors | None
    block_ram_mismatches: int


@dataclass(frozen=True)
class Calibration:
    """What one run of the command found, for a family."""

    family: Family
    date: str
    tool: str
    seed: int
    samples: int
    kinds: dict[str, KindResult]


def calibrate(family: Family, samples: int, seed: int, progress: Progress) -> Calibration:
    """Draws, synthesises and fits. Raises E3neError for too few samples, without Yosys, or if it refuses a unit."""
    ops = draw_samples(samples, seed, family)
    _require_enough(samples, ops)
    found: list[Measured] = []
    progress(0, len(ops))
    for measured in measure(ops, family):
        found.append(measured)
        progress(len(found), len(ops))
    kinds: dict[str, list[Measured]] = defaultdict(list)
    for measured in found:
        kinds[measured.features.kind].append(measured)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    fitted = {kind: fit_kind(members, family) for kind, members in sorted(kinds.items())}
    return Calibration(family, date, tool_version(), seed, len(found), fitted)


def _require_enough(samples: int, ops: Sequence[UnitOp]) -> None:
    drawn = Counter(unit_for(op).features(op).kind for op in ops)
    few = [f"{kind} ({drawn[kind]})" for kind in KINDS if drawn[kind] < FEWEST]
    if few:
        raise E3neError(
            f"--samples is {samples}: too few of {', '.join(few)}; a fit needs {FEWEST} of each kind, of which the "
            "default has enough"
        )


def fit_kind(samples: Sequence[Measured], family: Family) -> KindResult:
    """Fits all samples; the errors are those of fits that have not seen what they are held against."""
    known, priors = [memories_of(s.features.memories, family) for s in samples], PRIORS[family]
    lut = [s.features.lut for s in samples], [luts for luts, _ in known], [s.lut for s in samples]
    ff = [s.features.ff for s in samples], [0.0] * len(samples), [s.ff for s in samples]
    return KindResult(
        len(samples),
        Coefficients(fit(*lut, priors), fit(*ff, priors)),
        held_out(*lut, priors),
        held_out(*ff, priors),
        sum(blocks != s.bram36 for s, (_, blocks) in zip(samples, known, strict=True)),
    )


def as_json(calibration: Calibration) -> str:
    """The text of the data file."""
    kinds = {
        name: {
            "samples": kind.samples,
            "errors": {"lut": kind.lut and asdict(kind.lut), "ff": kind.ff and asdict(kind.ff)},
            "block_ram_mismatches": kind.block_ram_mismatches,
            "lut": dict(kind.coefficients.lut),
            "ff": dict(kind.coefficients.ff),
        }
        for name, kind in calibration.kinds.items()
    }
    head = {name: getattr(calibration, name) for name in ("family", "date", "tool", "seed", "samples")}
    return json.dumps({"schema": SCHEMA, **head, "kinds": kinds}, indent=1) + "\n"


def write(calibration: Calibration, folder: Path | None = None) -> Path:
    """Writes the data file, by default where the cost formulas find it. Raises E3neError."""
    path = (folder or Path(e3ne.devices.__file__).parent) / data_file(calibration.family)
    write_whole(path, as_json(calibration))
    return path
