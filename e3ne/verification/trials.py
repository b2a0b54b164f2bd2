"""What is to be tried: every legal choice of a unit, in every small network around its kind."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.dataflow import (
    ArgmaxOp,
    FifoOp,
    FireOp,
    LifOp,
    MatvecOp,
    MaxPoolOp,
    Order,
    PoolOp,
    ReplayOp,
    ResizeOp,
    SinkOp,
    SourceOp,
    SumFramesOp,
    UnitOp,
    WindowOp,
    units_of,
)
from e3ne.dialects.snn import EncodeOp, RateAttr, TrainType, shape_of
from e3ne.semantics.dataflow import find_graph
from e3ne.semantics.snn import run_network
from e3ne.units.interface import Choice
from e3ne.units.registry import unit_for
from e3ne.verification import stream_cases, unit_cases
from e3ne.verification.case import Case
from e3ne.verification.lowering import Lowered, arrange, lay_out, lower

KINDS: Mapping[str, tuple[type[UnitOp], Mapping[str, Case]]] = {
    "matvec": (MatvecOp, unit_cases.MATVEC),
    "window": (WindowOp, unit_cases.WINDOW),
    "fire": (FireOp, unit_cases.FIRE),
    "lif": (LifOp, unit_cases.LIF),
    "sum_frames": (SumFramesOp, unit_cases.SUM_FRAMES),
    "argmax": (ArgmaxOp, stream_cases.ARGMAX),
    "max_pool": (MaxPoolOp, stream_cases.MAX_POOL),
    "pool": (PoolOp, stream_cases.POOL),
    "fifo": (FifoOp, stream_cases.FIFO),
    "replay": (ReplayOp, stream_cases.REPLAY),
    "resize": (ResizeOp, stream_cases.RESIZE),
    "source": (SourceOp, stream_cases.SOURCE),
    "sink": (SinkOp, stream_cases.SINK),
}
"""By the name of a kind of unit: its operation, and networks in which it stands."""

LATE = (FifoOp, ReplayOp, ResizeOp)
"""Units that are there only when layouts are decided."""

REFERENCE = "x"
SEEDS = 12
"""Seeds of which one is chosen."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A choice of one unit of a case; `with_it` holds what its neighbours choose so that it fits them.

    With `small_luts` the design is for a device with 4-input LUTs, whatever the case says.
    """

    kind: str
    case: str
    number: int
    unit: str
    choice: Choice
    seed: int
    small_luts: bool = False
    with_it: Mapping[str, Choice] = field(default_factory=dict[str, Choice])

    @property
    def name(self) -> str:
        """The name of the network, unlike that of any other trial."""
        return f"{self.kind}_{self.case}_{self.number}"

    @property
    def described(self) -> str:
        """For a message."""
        chosen = ", ".join(f"{name} {value}" for name, value in self.choice.items()) or "as it is"
        return f"{self.kind} of case {self.case}: {chosen}"

    def lowered(self) -> Lowered:
        """The design at all levels; all trials of a case have the same weights."""
        case = _for_target(KINDS[self.kind][1][self.case], self.small_luts)
        choices = {self.unit: self.choice, **self.with_it}
        return lower(case.network(self.name, self.seed), replace(case.decisions, choices=choices))


def trials(kind: str, *, only: str = "", small_luts: bool = False) -> Iterator[Trial]:
    """Every legal choice of every unit of a kind, in all its cases or in one; all `small_luts`, or as the cases say."""
    operation, cases = KINDS[kind]
    for name, case in ((name, _for_target(case, small_luts)) for name, case in cases.items() if only in ("", name)):
        seed = lively_seed(case, name)
        network = case.network(REFERENCE, seed)
        graph = (lay_out if operation in LATE else arrange)(network, case.decisions)
        units = [unit for unit in units_of(find_graph(graph)) if isinstance(unit, operation)]
        if not units:
            raise ValueError(f"no {kind} in case {name}")
        legal = [(unit, choice) for unit in units for choice in unit_for(unit).legal_choices(unit)]
        if not any(choice for _, choice in legal):
            legal = legal[:1]  # a design of its own there is only one
        for number, (unit, choice) in enumerate(legal):
            yield Trial(kind, name, number, _suffix(unit), choice, seed, small_luts, _neighbours(unit, choice))


def sample(found: Sequence[Trial], others: int) -> list[Trial]:
    """One trial for each way of building a unit and of keeping what it keeps, and about so many others, spread."""
    ways: dict[tuple[int | str, ...], Trial] = {}
    for trial in found:
        ways.setdefault(tuple(value for value in trial.choice.values() if isinstance(value, str)), trial)
    spread = list(found)[:: max(1, len(found) // others)]
    return list({trial.name: trial for trial in (*ways.values(), *spread)}.values())


def _for_target(case: Case, small_luts: bool) -> Case:
    return replace(case, decisions=replace(case.decisions, small_luts=True)) if small_luts else case


def lively_seed(case: Case, name: str) -> int:
    """A seed of the weights with which, for random data, as few layers as possible give the same number always."""
    first = zlib.crc32(name.encode())
    still: dict[int, int] = {}
    for seed in range(first, first + SEEDS):
        still[seed] = _still_layers(case.network(REFERENCE, seed))
        if not still[seed]:
            break
    return min(still, key=lambda seed: still[seed])


def _still_layers(network: ModuleOp) -> int:
    rng = np.random.default_rng(1)
    start = next(op for op in network.walk() if isinstance(op, EncodeOp))
    train = start.output.type
    assert isinstance(train, TrainType)
    shape, encoding = shape_of(start.input.type), train.encoding
    if isinstance(encoding, RateAttr):
        data = rng.integers(0, encoding.highest + 1, (4, encoding.frames, *shape)).astype(np.float64)
    else:
        data = rng.random((4, *shape))
    # What the comparison begins with: everything, then nothing.
    data[0], data[1] = data.max(), 0
    run = run_network(network, data, keep=True)
    return sum(np.ptp(values) == 0 for values in (*run.values.values(), *run.outputs))


def _suffix(unit: UnitOp) -> str:
    return unit.unit_name.removeprefix(REFERENCE)


def _neighbours(unit: UnitOp, choice: Choice) -> dict[str, Choice]:
    """A window gives what its layer takes, where it can; else a width converter stands between them."""
    if isinstance(unit, MatvecOp) and isinstance(window := unit.input.owner, WindowOp):
        channels, rest = divmod(int(choice["input_lanes"]), window.size)
        lanes, parallel = (0, 0) if rest else (channels, choice["parallel_steps"])
        return {_suffix(window): {"lanes": lanes, "parallel_steps": parallel, "parallel_out": parallel}}
    consumers = [use.operation for result in unit.results for use in result.uses]
    if isinstance(unit, WindowOp) and isinstance(layer := consumers[0], MatvecOp):
        folding: Choice = {
            "output_lanes": layer.outputs.value.data,
            "input_lanes": int(choice["lanes"]) * unit.size,
            "parallel_steps": choice["parallel_out"],
            "order": Order.STEPS_INNER.value,
            "stationary": "output",
            "implementation": "adder",
        }
        return {_suffix(layer): folding}
    return {}
