"""A folder that reproduces a failure by itself, and what runs it again."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from e3ne.errors import E3neError
from e3ne.pipeline_runner import print_module, read_module
from e3ne.verification.batch import Run, random_runs
from e3ne.verification.decisions import Decisions
from e3ne.verification.levels import Failure, check_values, crash, simulate_all
from e3ne.verification.lowering import Lowered, build, lower
from e3ne.verification.shrink import Finding

README = """Network {name} fails:

    {kind}

    e3ne fuzz --replay .

in this folder compiles integer.mlir with the decisions of case.json, runs it on inputs.npz at all levels, and exits
with status 1 while the defect is there, with 0 when it is not. dataflow.mlir and verilog/ are what was made of it when
it failed.
"""


def write(folder: Path, finding: Finding) -> None:
    """Replaces the folder by the files of a failure; those of levels that it does not reach are missing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    failure, specification, design, run = finding.failure, finding.specification, finding.design, finding.run
    parts = [failure.kind, failure.message, str(specification)]
    if not finding.alone:
        parts.insert(1, "It fails only together with the other networks of its batch.")
    (folder / "message.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    about = README.format(name=finding.name, kind=failure.kind)
    (folder / "README.md").write_text(about, encoding="utf-8")
    (folder / "command.txt").write_text("e3ne fuzz --replay .\n", encoding="utf-8")
    case = {"kind": failure.kind, "seed": specification.seed, "decisions": _decisions_text(specification.decisions)}
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n", encoding="utf-8")
    try:
        integer = specification.network(finding.name) if design is None else design.integer
    except Exception:  # what cannot be built is the failure itself
        return
    (folder / "integer.mlir").write_text(print_module(integer), encoding="utf-8")
    if design is None:
        return
    (folder / "dataflow.mlir").write_text(print_module(design.graph), encoding="utf-8")
    (folder / "verilog").mkdir()
    for file, text in design.verilog.items():
        (folder / "verilog" / file).write_text(text, encoding="utf-8")
    if run is not None:
        np.savez_compressed(folder / "inputs.npz", codes=run.codes, gaps=run.gaps, stalls=run.stalls)


def _decisions_text(decisions: Decisions) -> dict[str, Any]:
    assert not decisions.foldings
    assert not decisions.neurons
    return {name: value for name, value in asdict(decisions).items() if name not in ("foldings", "neurons")}


def replay(folder: Path) -> list[Failure]:
    """What is wrong now with the network of a folder; raises E3neError if the folder is none of these.

    It does so, too, where the compiler refuses the network by now.
    """
    missing = [name for name in ("case.json", "integer.mlir") if not (folder / name).is_file()]
    if missing:
        raise E3neError(f"{folder} is no folder of e3ne fuzz that can be run: {', '.join(missing)} missing")
    try:
        case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        decisions, seed = Decisions(**case["decisions"]), int(case["seed"])
    except (ValueError, TypeError, KeyError) as error:
        raise E3neError(f"{folder / 'case.json'}: {error}") from error
    network = read_module(folder / "integer.mlir")
    try:
        design = lower(network, decisions)
    except E3neError as error:
        raise E3neError(f"{folder}: the network is refused by now, so that nothing can be compared: {error}") from error
    except Exception as error:  # that is the failure
        return [crash("compiling", error)]
    found = _problem(design, _runs(folder, design, seed), values=True)
    stored = _stored(folder, design, decisions)
    if found is None and stored is not None:
        # The compiler makes another design of the network today: that of then is compared by itself, too.
        found = _problem(stored, _runs(folder, stored, seed), values=False)
    return [] if found is None else [found]


def _problem(design: Lowered, runs: list[Run], *, values: bool) -> Failure | None:
    wrong = check_values(design, runs, printed=True) if values else None
    return wrong or simulate_all({design.name: (design, runs)})[design.name]


def _runs(folder: Path, design: Lowered, seed: int) -> list[Run]:
    """The run that failed; where it failed before any run, random ones."""
    path = folder / "inputs.npz"
    if not path.is_file():
        return random_runs(design, 3, seed)
    with np.load(path, allow_pickle=False) as file:
        codes, gaps, stalls = (file[name] for name in ("codes", "gaps", "stalls"))
    # Where beats have become others in number, the pauses are repeated or cut off.
    taken, given = (len(codes) * beats for beats in (design.plan.input_beats, design.plan.output_beats))
    return [Run(codes, np.resize(gaps, taken), np.resize(stalls, given))]


def _stored(folder: Path, design: Lowered, decisions: Decisions) -> Lowered | None:
    path = folder / "dataflow.mlir"
    if not path.is_file() or path.read_text(encoding="utf-8") == print_module(design.graph):
        return None
    return build(design.integer, read_module(path), decisions)
