"""CIRCT as a second opinion: `python -m e3ne.verification.circt`.

The rtl of a design becomes CIRCT's hw, comb and seq, which CIRCT parses, verifies, lowers and exports as SystemVerilog
by itself. That is simulated against the cycle model, every stream in every cycle. What is compared are LeNet-5, random
networks and, in a checkout, the directed networks of the tests. What fails is kept in a folder.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import cast

from rich.console import Console
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.circt.export import Export, export_verilog
from e3ne.backends.circt.interpreter import SET_UP, VARIABLE, Interpreter, find_interpreter
from e3ne.backends.circt.target import print_circt
from e3ne.errors import E3neError
from e3ne.verification.batch import Batch, random_runs
from e3ne.verification.case import Case
from e3ne.verification.lowering import Lowered, lower
from e3ne.verification.random_cases import random_case
from e3ne.verification.table import Row, finish

CHECK = "CIRCT"
IMAGES = 3
BATCH = 12
"""Networks in one simulator."""
Convert = Callable[[ModuleOp], str]
Make = Callable[[], Lowered]


@dataclass
class Outcome:
    """What became of one design: CIRCT's part, then the simulations of what it gave."""

    export: Export
    simulated: bool = False
    beats: int = 0
    differing: int = 0
    messages: list[str] = field(default_factory=list[str])

    def clear(self) -> None:
        """Forgets the simulations."""
        self.simulated, self.beats, self.differing, self.messages = False, 0, 0, []

    @property
    def is_equal(self) -> bool:
        """Whether it was simulated, and was as predicted."""
        return self.simulated and not self.messages


def check_designs(
    designs: Sequence[Lowered], interpreter: Interpreter, *, seed: int = 0, convert: Convert = print_circt
) -> dict[str, Outcome]:
    """What becomes of designs with different names, of all of their modules too; they share one simulator."""
    exports = export_verilog({design.name: convert(design.hardware) for design in designs}, interpreter)
    outcomes = {name: Outcome(export) for name, export in exports.items()}
    for outcome in outcomes.values():
        if not outcome.export.reached("exported"):
            outcome.messages.append(f"{outcome.export.stage}, then: {outcome.export.message}")
    exported = [
        replace(design, verilog={f"{design.name}.v": exports[design.name].verilog})
        for design in designs
        if exports[design.name].reached("exported")
    ]
    _simulate(exported, seed, outcomes)
    return outcomes


def _simulate(designs: Sequence[Lowered], seed: int, outcomes: Mapping[str, Outcome]) -> None:
    """Simulates designs in one program; those alone again that may fail because of another one in it."""
    if not designs:
        return
    refused = ""
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        batch = Batch(designs, Path(folder))
        try:
            for design in designs:
                _compare(batch, design, seed, outcomes[design.name])
        except E3neError as error:  # Verilator takes none of them, whichever it is that it complains of
            refused = str(error)
    if len(designs) == 1:
        outcomes[designs[0].name].messages += [refused] if refused else []
        return
    for design in designs:
        outcome = outcomes[design.name]
        # A design that never rests keeps the program running, and that is a mistake of the others, too.
        if refused or (outcome.messages and not outcome.differing):
            outcome.clear()
            _simulate([design], seed, outcomes)


def _compare(batch: Batch, design: Lowered, seed: int, outcome: Outcome) -> None:
    for run in random_runs(design, IMAGES, seed):
        compared = batch.compare(design.name, run)
        outcome.beats += compared.beats
        outcome.differing += compared.differing
        if compared.message:
            outcome.messages.append(compared.message)
    outcome.simulated = True


def lenet5() -> Lowered:
    """LeNet-5 at three bits and four time steps, as `e3ne compile lenet5 --weight-bits 3 --steps 4` builds it."""
    from e3ne.compilation import compile_model
    from e3ne.model_and_data import source_and_data
    from e3ne.options import Options
    from e3ne.semantics.dataflow import find_graph, plan

    options = Options(weight_bits=3, steps=4)
    asked = argparse.Namespace(model="lenet5", data=None, test_data=None, input_shape=None)
    source, training, _ = source_and_data(asked, options)
    modules = compile_model(source, training, options, lambda _: None).modules
    graph = modules["buffered"]
    found = plan(find_graph(graph))
    return Lowered(found.name, modules["integer"], graph, found, modules["rtl"], {})


def random_networks(count: int, seed: int) -> Iterator[tuple[str, Make]]:
    """Networks of consecutive seeds, by name; made when they are needed."""
    for number in range(seed, seed + count):
        name, case = f"seed{number}", random_case(random.Random(number))
        yield name, lambda name=name, case=case: _lowered(name, case)


def directed_networks() -> Iterator[tuple[str, Make]]:
    """The directed networks of the tests, by group and name; none without the tests."""
    try:
        tests = import_module("tests.hardware.cases")
    except ImportError:
        return
    for group, cases in cast(Mapping[str, Mapping[str, Case]], tests.GROUPS).items():
        for case_name, case in cases.items():
            name = f"{group}_{case_name}"
            yield name, lambda name=name, case=case: _lowered(name, case)


def _lowered(name: str, case: Case) -> Lowered:
    return lower(case.network(name), case.decisions)


def _keep(folder: Path, design: Lowered, outcome: Outcome) -> None:
    """Writes a design that failed at all levels, and what is wrong with it."""
    target = folder / design.name
    target.mkdir(parents=True, exist_ok=True)
    texts = {
        "message.txt": "\n".join(outcome.messages) + "\n",
        "dataflow.mlir": f"{design.graph}\n",
        "rtl.mlir": f"{design.hardware}\n",
        "circt.mlir": print_circt(design.hardware),
        "circt.sv": outcome.export.verilog,
    }
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")


def check_all(
    networks: Sequence[tuple[str, Make]], interpreter: Interpreter, seed: int, folder: Path
) -> Iterator[Outcome]:
    """The outcomes of networks, twelve in one simulator; failures are printed and kept."""
    console = Console(stderr=True)
    pending = iter(networks)
    with console.status("") as status:
        done = 0
        while part := list(islice(pending, BATCH)):
            status.update(f"{done} of {len(networks)} networks")
            designs = [make() for _, make in part]
            outcomes = check_designs(designs, interpreter, seed=seed)
            for design in designs:
                outcome = outcomes[design.name]
                if not outcome.is_equal:
                    _keep(folder, design, outcome)
                    console.print(f"{design.name}: {outcome.messages[0]}", soft_wrap=True, markup=False)
                yield outcome
            done += len(part)


def rows_of(title: str, outcomes: Sequence[Outcome]) -> list[Row]:
    """The rows of some designs: what reached each stage, of all of them."""
    count = len(outcomes)

    def row(what: str, passed: Callable[[Outcome], bool]) -> Row:
        return Row(f"{title}: {what}", count, count - sum(map(passed, outcomes)))

    beats, differing = (sum(numbers) for numbers in zip(*((o.beats, o.differing) for o in outcomes), strict=True))
    return [
        row("parsed and verified", lambda outcome: outcome.export.reached("verified")),
        row("exported", lambda outcome: outcome.export.reached("exported")),
        row("simulated", lambda outcome: outcome.simulated),
        row("equal to the cycle model", lambda outcome: outcome.is_equal),
        Row(f"{title}: beats compared", beats, differing, note="value and cycle, every stream"),
    ]


def _spread(networks: list[tuple[str, Make]], most: int | None) -> list[tuple[str, Make]]:
    """At most so many of them, in equal steps."""
    if most is None or most >= len(networks):
        return networks
    return networks[:: -(-len(networks) // most)] if most else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if a design fails, 2 if the user's Python has no CIRCT; without any CIRCT all is skipped."""
    parser = argparse.ArgumentParser(description="Compare CIRCT's SystemVerilog of designs with the cycle model.")
    parser.add_argument("--count", type=int, default=48, help="random networks (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first (default %(default)s)")
    parser.add_argument(
        "--circt-python", type=Path, help=f"a Python that imports circt (default: {VARIABLE}, or one on the path)"
    )
    parser.add_argument("--directed", type=int, help="directed networks of the tests, evenly spread (default: all)")
    parser.add_argument("--json", type=Path, help="where the rows are written")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/circt"), help="where failures are written")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    sets: dict[str, list[tuple[str, Make]]] = {
        "LeNet-5": [("lenet5", lenet5)],
        "random networks": list(random_networks(options.count, options.seed)),
        "directed networks": _spread(list(directed_networks()), options.directed),
    }
    sets = {title: networks for title, networks in sets.items() if networks}
    try:
        interpreter = find_interpreter(options.circt_python)
    except E3neError as error:
        print(error, file=sys.stderr)
        return 2
    if interpreter is None:
        print(SET_UP, file=sys.stderr)
    rows: list[Row] = []
    for title, networks in sets.items():
        if interpreter is None:
            rows.append(Row(f"{title}: compared", len(networks), skipped=len(networks), note="no Python with CIRCT"))
        else:
            rows += rows_of(title, list(check_all(networks, interpreter, options.seed, options.output)))
    if interpreter is not None:
        rows[0] = replace(rows[0], note=f"circt {interpreter.version}")
    return finish(CHECK, rows, time.perf_counter() - start, options.json)


if __name__ == "__main__":
    sys.exit(main())
