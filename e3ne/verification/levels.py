"""One network, or several in one simulator, through all levels: what became of each."""

from __future__ import annotations

import re
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from e3ne.backends.cycle_model.command import traces
from e3ne.backends.cycle_model.emit import emit
from e3ne.errors import E3neError
from e3ne.pipeline_runner import parse_module, print_module
from e3ne.semantics.plan import Plan
from e3ne.verification.batch import Batch, Run, data_of, differing_values, random_runs
from e3ne.verification.lowering import Lowered, lower
from e3ne.verification.specification import Specification

LAST_FRAMES = -6


@dataclass(frozen=True)
class Failure:
    """What is wrong. Two failures of one `kind` are taken for the same defect; `run` is the number of the run."""

    kind: str
    message: str
    run: int | None = None


@dataclass(frozen=True, eq=False)
class Checked:
    """What became of a network: refused (why), or failed, or neither; and its design, as far as there is one.

    `printed` says whether the printed cycle model was compared, `simulated` whether the Verilog was.
    """

    refused: str = ""
    failure: Failure | None = None
    design: Lowered | None = None
    runs: Sequence[Run] = ()
    printed: bool = False
    simulated: bool = False


def check_all(
    specifications: Mapping[str, Specification], *, printed: Sequence[str] = (), simulate: bool = True
) -> dict[str, Checked]:
    """Networks by name, each at all levels or but for Verilog; those of `printed` also by the printed cycle model."""
    found = {name: _without_simulator(name, each, name in printed) for name, each in specifications.items()}
    if not simulate:
        return found
    open_ones = {name: (each.design, each.runs) for name, each in found.items() if each.design and not each.failure}
    for name, failure in simulate_all(open_ones).items():
        each = found[name]
        found[name] = Checked("", failure, each.design, each.runs, each.printed, True)
    return found


def _without_simulator(name: str, specification: Specification, printed: bool) -> Checked:
    try:
        network = specification.network(name)
    except (E3neError, VerifyException) as error:
        # What the dialect refuses is refused to a user, too: whoever reads a file gets this as his mistake.
        return Checked(refused=reason_of(error))
    except Exception as error:  # whatever goes wrong is a finding
        return Checked(failure=crash("building the network", error))
    return check_network(network, specification, printed=printed)


def check_network(network: ModuleOp, specification: Specification, *, printed: bool) -> Checked:
    """All levels above Verilog; of the specification only decisions and what draws the images count."""
    try:
        text = print_module(network)
        if print_module(parse_module(text, "the printed network")) != text:
            return Checked(failure=Failure("text", "the printed network is read as another one"))
        design = lower(network, specification.decisions)
    except E3neError as error:
        return Checked(refused=reason_of(error))
    except Exception as error:  # whatever goes wrong is a finding
        return Checked(failure=crash("compiling", error))
    runs = random_runs(design, specification.images, specification.seed)
    runs = runs if specification.paused else runs[:1]
    return Checked("", check_values(design, runs, printed=printed), design, runs, printed)


def check_values(design: Lowered, runs: Sequence[Run], *, printed: bool) -> Failure | None:
    """Integer network, cycle model, and the printed cycle model if it is wanted."""
    try:
        for number, run in enumerate(runs):
            wrong = differing_values(design, run.codes)
            if wrong:
                message = f"integer network and cycle model differ on {', '.join(wrong)}"
                return Failure(f"values of {kind_of_unit(design.plan, wrong[0])}", message, number)
        for number, run in enumerate(runs if printed else ()):
            wrong = _printed_otherwise(design.plan, run)
            if wrong:
                return Failure("printed cycle model", f"the printed cycle model gives another {wrong}", number)
    except Exception as error:  # whatever goes wrong is a finding
        return crash("the cycle model", error)
    return None


def _printed_otherwise(plan: Plan, run: Run) -> str:
    """The first array in which the printed cycle model differs; empty if none does."""
    program = ModuleType("printed_cycle_model")
    # Dataclasses look for the module that they are in.
    sys.modules[program.__name__] = program
    try:
        exec(compile(emit(plan), "cycle_model.py", "exec"), program.__dict__)
        data = data_of(plan, run.codes)
        bits = plan.pack(data)
        its_plan: Any = program.__dict__["PLAN"]
        its_traces: Any = program.__dict__["traces"]
        found: dict[str, Any] = its_traces(its_plan, its_plan.pack(data), run.gaps, run.stalls)
    finally:
        del sys.modules[program.__name__]
    expected = traces(plan, bits, run.gaps, run.stalls)
    return next((name for name, values in expected.items() if not np.array_equal(found[name], values)), "")


def simulate_all(designs: Mapping[str, tuple[Lowered, Sequence[Run]]]) -> dict[str, Failure | None]:
    """Verilog against the cycle model; designs with which a simulator cannot be built are told apart."""
    if not designs:
        return {}
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        batch = Batch([design for design, _ in designs.values()], Path(temporary) / "verilog")
        try:
            return {name: _simulate(batch, design, runs) for name, (design, runs) in designs.items()}
        except Exception as error:  # whatever goes wrong is a finding, of one of them
            if len(designs) == 1:
                return {name: crash("simulating", error) for name in designs}
    names = list(designs)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    return {k: v for half in halves for k, v in simulate_all({name: designs[name] for name in half}).items()}


def _simulate(batch: Batch, design: Lowered, runs: Sequence[Run]) -> Failure | None:
    for number, run in enumerate(runs):
        compared = batch.compare(design.name, run)
        if not compared.message:
            continue
        difference = compared.difference
        if difference is not None:
            kind = f"Verilog: {difference.what} of {kind_of_unit(design.plan, difference.unit)}"
        else:
            kind = "Verilog: offers" if compared.offered_otherwise else f"Verilog: {compared.stop}"
        return Failure(kind, compared.message, number)
    return None


def kind_of_unit(plan: Plan, name: str) -> str:
    """The kind of a unit or of the unit that gives a stream; its name, where it is none."""
    return next((stage.kind for stage in plan.stages if stage.name == name), name)


def crash(doing: str, error: Exception) -> Failure:
    """A failure by the place in e3ne at which something went wrong."""
    if isinstance(error, E3neError):
        return Failure(f"{doing}: {reason_of(error)}", str(error))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "e3ne" in frame.filename]
    place = f"{Path(frames[-1].filename).stem}.{frames[-1].name}" if frames else "?"
    message = "".join(traceback.format_exception(error, limit=LAST_FRAMES)).strip()
    return Failure(f"{doing}: {type(error).__name__} in {place}", message)


def reason_of(error: Exception) -> str:
    """The first line of a message without names and numbers, so that the same reasons are counted together."""
    first = (str(error) or type(error).__name__).splitlines()[0]
    return re.sub(r"\b[ns]\w*\d\w*|\d+", "#", re.sub(r"'[^']*'|[@#][\w.<>, ]+", "…", first))
