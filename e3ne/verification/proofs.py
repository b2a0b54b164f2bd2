"""`python -m e3ne.verification.proofs`: proves what the units of LeNet-5 must do, about their printed Verilog.

Each property of each unit is a line of the table; `--json` writes a row for each kind of unit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from e3ne.errors import E3neError
from e3ne.verification.formal.designs import PrintedUnit, compile_designs, printed_units
from e3ne.verification.formal.induction import Outcome
from e3ne.verification.formal.rules import kind_of, kinds, prove_unit, widths_of
from e3ne.verification.progress import Steps
from e3ne.verification.table import Row, finish


@dataclass(frozen=True)
class Proof:
    """What was found about a property of a unit; `seconds` are those of the whole unit."""

    unit: PrintedUnit
    outcome: Outcome
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Proves all; exit status 1 if a property does not hold, 2 for a mistake in the call."""
    parser = argparse.ArgumentParser(description="Prove properties of the units of LeNet-5.")
    parser.add_argument("folders", type=Path, nargs="*", metavar="OUT", help="compiled designs instead of LeNet-5")
    parser.add_argument("--unit", choices=kinds(), help="units of this kind alone")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results there")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as name:
            proofs = _prove(options.folders or compile_designs(Path(name)), options.unit)
    except E3neError as error:
        print(f"proofs: {error}", file=sys.stderr)
        return 2
    _show(proofs)
    return finish("proofs", _rows(proofs), time.perf_counter() - start, options.json)


def _prove(folders: Sequence[Path], kind: str | None) -> list[Proof]:
    units = [unit for folder in folders for unit in printed_units(folder) if kind in (None, kind_of(unit.op))]
    proofs: list[Proof] = []
    with Steps() as progress:
        task = progress.add_task("proofs", total=len(units))
        for unit in units:
            progress.update(task, description=unit.op.unit_name)
            begin = time.perf_counter()
            try:
                outcomes = prove_unit(unit.op, unit.verilog)
            except E3neError as error:
                outcomes = [Outcome(str(error), "failed", "")]
            seconds = time.perf_counter() - begin
            proofs += [Proof(unit, outcome, seconds) for outcome in outcomes]
            progress.advance(task)
    return proofs


def _show(proofs: Sequence[Proof]) -> None:
    table = Table("design", "unit", "kind", "widths", "seconds", "property", "method", "result")
    last: tuple[str, str] | None = None
    for proof in proofs:
        unit, outcome = proof.unit, proof.outcome
        name = (unit.design, unit.op.unit_name)
        cells = (*name, kind_of(unit.op), widths_of(unit.verilog), f"{proof.seconds:.1f}")
        table.add_row(*(cells if name != last else ("",) * len(cells)), outcome.name, outcome.method, outcome.result)
        last = name
    Console(width=180).print(table)
    for proof in proofs:
        if proof.outcome.result == "failed" and proof.outcome.trace:
            _show_trace(proof)


def _show_trace(proof: Proof) -> None:
    """The ports in each cycle of a counterexample; cycle 0 is the reset."""
    ports = ("rst", "s_valid", "s_ready", "s_data", "m_valid", "m_ready", "m_data", proof.outcome.name)
    table = Table("cycle", *ports, title=f"{proof.unit.design}: {proof.unit.op.unit_name}, {proof.outcome.name}")
    for cycle, values in enumerate(proof.outcome.trace):
        table.add_row(str(cycle), *(f"{values[port]:x}" if port in values else "" for port in ports))
    Console(width=180).print(table)


def _rows(proofs: Sequence[Proof]) -> list[Row]:
    rows: list[Row] = []
    for kind in dict.fromkeys(kind_of(proof.unit.op) for proof in proofs):
        mine = [proof for proof in proofs if kind_of(proof.unit.op) == kind]
        units = len({(proof.unit.design, proof.unit.op.unit_name) for proof in mine})
        results = [proof.outcome.result for proof in mine]
        methods = ", ".join(dict.fromkeys(proof.outcome.method for proof in mine if proof.outcome.result == "proved"))
        rows.append(
            Row(
                f"properties of {units} × {kind}",
                len(mine),
                results.count("failed"),
                results.count("skipped"),
                methods,
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
