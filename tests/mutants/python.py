"""Mutates the project's Python: `python -m tests.mutants.python --count N --seed S`.

A mutant is one changed operator, constant, condition or statement in a function of e3ne/semantics, e3ne/units,
e3ne/conversion or e3ne/passes, drawn at random; it is killed if a test of its module fails. Tests run in a copy of this
process, in which the code of the function is exchanged, so that nothing is imported again. Estimates of cost
(`*_features`) and the search for what costs least are left out: a wrong estimate changes what is chosen, not what is
computed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from e3ne.verification.progress import Steps
from e3ne.verification.table import Row, finish
from tests.mutants.edits import Edit, code_in, function_of

ROOT = Path(__file__).parents[2]
UNIT, PASS = "tests/units/test_", "tests/passes/test_"
CHECKS = "tests/mutants/test_checks.py"

TESTS: Mapping[str, Sequence[str]] = {
    "semantics.snn": ("tests/semantics/test_snn_interpreter.py", f"{PASS}snn_quantize_spiking.py", CHECKS),
    "semantics.snn_arithmetic": ("tests/semantics/test_snn_arithmetic.py", f"{PASS}snn_convert_to_rate.py", CHECKS),
    "semantics.snn_lif": ("tests/semantics/test_snn_interpreter.py", f"{PASS}snn_quantize_spiking.py"),
    "semantics.plan": (f"{PASS}insert_fifos.py", f"{PASS}snn_convert_to_rate.py", CHECKS),
    "semantics.dataflow": (CHECKS, f"{PASS}insert_fifos.py"),
    "units.adders": (f"{UNIT}adders.py",),
    "units.accumulator": (f"{UNIT}matvec.py",),
    "units.argmax": (f"{UNIT}argmax.py",),
    "units.bit_heap": (f"{UNIT}bit_heap.py", f"{UNIT}matvec.py"),
    "units.common_sums": (f"{UNIT}common_sums.py",),
    "units.comparison": (f"{UNIT}argmax.py", f"{UNIT}fire.py"),
    "units.drive": (f"{UNIT}matvec.py",),
    "units.fifo": (f"{UNIT}fifo.py",),
    "units.fire": (f"{UNIT}fire.py",),
    "units.fire_search": (f"{UNIT}fire.py",),
    "units.fire_thresholds": (f"{UNIT}fire.py",),
    "units.flow": (f"{UNIT}matvec.py", f"{UNIT}window.py", f"{UNIT}argmax.py"),
    "units.handshake": (f"{UNIT}fifo.py", f"{UNIT}matvec.py", f"{UNIT}replay.py"),
    "units.layout": (f"{UNIT}layout.py", f"{UNIT}matvec.py"),
    "units.matvec": (f"{UNIT}matvec.py", f"{UNIT}synapses.py"),
    "units.matvec_adder": (f"{UNIT}matvec.py",),
    "units.matvec_event": (f"{UNIT}matvec_event.py",),
    "units.matvec_event_model": (f"{UNIT}matvec_event.py",),
    "units.matvec_shared": (f"{UNIT}common_sums.py", f"{UNIT}matvec.py"),
    "units.matvec_table": (f"{UNIT}matvec.py", f"{UNIT}table_plan.py"),
    "units.max_pool": (f"{UNIT}max_pool.py",),
    "units.max_pool_build": (f"{UNIT}max_pool.py",),
    "units.pool": (f"{UNIT}pool.py",),
    "units.replay": (f"{UNIT}replay.py",),
    "units.resize": (f"{UNIT}resize.py",),
    "units.sink": (f"{UNIT}boundary.py",),
    "units.source": (f"{UNIT}boundary.py",),
    "units.synapses": (f"{UNIT}synapses.py", f"{UNIT}matvec.py"),
    "units.weighted_sums": (f"{UNIT}matvec.py",),
    "units.window": (f"{UNIT}window.py",),
    "units.window_taps": (f"{UNIT}window.py",),
    "passes.convert_snn_to_dataflow": (CHECKS,),
    **{f"conversion.{name}": (CHECKS,) for name in ("construction", "ends", "neurons", "pools", "synapses")},
    "passes.dataflow_fold": (CHECKS, "tests/filecheck/test_filecheck.py"),
    "passes.dataflow_insert_fifos": (f"{PASS}insert_fifos.py", CHECKS),
    "passes.dataflow_legalize_streams": (CHECKS,),
    "passes.dataflow_parallelize_pixels": (CHECKS, f"{PASS}dataflow_parallelize_pixels.py"),
    "passes.dataflow_pool_before_fire": (CHECKS,),
    "passes.layer_encodings": (f"{PASS}snn_encodings.py",),
    "passes.parameter_table": (f"{PASS}snn_passes.py",),
    "passes.rtl_compare_ahead": (f"{PASS}rtl_compare_ahead.py",),
    "passes.rtl_split_memories": (f"{PASS}rtl_split_memories.py",),
    "passes.snn_append_argmax": (CHECKS, f"{PASS}snn_quantize_spiking.py"),
    "passes.snn_calibrate": (CHECKS, f"{PASS}snn_encodings.py", f"{PASS}snn_passes.py"),
    "passes.snn_convert_to_rate": (f"{PASS}snn_convert_to_rate.py", CHECKS),
    "passes.snn_fold_batch_norm": (CHECKS,),
    "passes.snn_quantize": (CHECKS, f"{PASS}snn_encodings.py"),
    "passes.snn_quantize_spiking": (f"{PASS}snn_quantize_spiking.py",),
}
"""The tests of each module that is mutated, the fastest first; what is not here is not mutated."""

LEFT_OUT = ("features", "legal_choices", "cost")
"""Functions that estimate or list; choices are tested by building each."""

COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A mutation: the number of its node in the function's walk."""

    module: str
    function: str
    node: int
    line: int
    what: str

    def __str__(self) -> str:
        """Where it is, and what."""
        return f"{self.module.removeprefix('e3ne.')}:{self.line} {self.function}: {self.what}"


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """All functions and methods by qualified name, without those inside them."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{n.name}", n) for n in node.body if isinstance(n, ast.FunctionDef))


def nodes(function: ast.FunctionDef) -> list[ast.AST]:
    """What may be mutated, in order: the body, without messages, docstrings, annotations and names of hardware."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr) or is_text(node):
            continue
        found.append(node)
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.AnnAssign):
            children.remove(node.annotation)
        if isinstance(node, ast.FunctionDef):
            children = [*node.body]
        if isinstance(node, ast.Subscript) and is_type(node):
            continue
        pending += reversed(children)
    return found


def is_text(node: ast.AST) -> bool:
    """A docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_type(node: ast.Subscript) -> bool:
    """list[int] and the like."""
    return isinstance(node.value, ast.Name) and node.value.id in ("list", "dict", "set", "tuple", "cast")


def change(node: ast.AST) -> str:
    """Mutates a node in place; gives what it did, empty if there is nothing to mutate."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            node.ops = [COMPARISONS[type(op)]()]
            return f"{type(op).__name__} → {type(node.ops[0]).__name__}"
        case ast.BinOp(op=op, left=left) if type(op) in OPERATORS and not isinstance(left, ast.JoinedStr):
            if isinstance(op, ast.BitOr) and any(
                isinstance(side, ast.Name) and side.id[0].isupper() for side in (left, node.right)
            ):
                return ""
            node.op = OPERATORS[type(op)]()
            return f"{type(op).__name__} → {type(node.op).__name__}"
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            return f"{type(op).__name__} → {type(node.op).__name__}"
        case ast.UnaryOp(op=ast.Not()):
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
            return "not dropped"
        case ast.UnaryOp(op=ast.USub()):
            node.op = ast.UAdd()
            return "sign dropped"
        case ast.Constant(value=bool() as value):
            node.value = not value
            return f"{value} → {not value}"
        case ast.Constant(value=int() as value):
            node.value = value + 1
            return f"{value} → {value + 1}"
        case ast.If(test=test) | ast.IfExp(test=test):
            node.test = ast.UnaryOp(ast.Not(), test)
            return "condition inverted"
        case ast.Expr(value=ast.Call() as call):
            node.value = ast.Constant(None)
            return f"without {ast.unparse(call)[:40]}"
        case ast.AugAssign(op=op) if type(op) in OPERATORS:
            node.op = OPERATORS[type(op)]()
            return f"{type(op).__name__}= → {type(node.op).__name__}="
        case _:
            return ""


def places() -> list[Place]:
    """Every mutation that there is."""
    found: list[Place] = []
    for name in TESTS:
        module = f"e3ne.{name}"
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        for function, node in functions(tree):
            if function.rpartition(".")[2] in LEFT_OUT:
                continue
            for number, each in enumerate(nodes(node)):
                line = getattr(each, "lineno", node.lineno)
                what = change(copy.deepcopy(each))
                if what:
                    found.append(Place(module, function, number, line, what))
    return found


def exchange(place: Place) -> None:
    """Makes the function the mutated one."""
    path = ROOT / f"{place.module.replace('.', '/')}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = dict(functions(tree))[place.function]
    assert change(nodes(node)[place.node]) == place.what
    ast.fix_missing_locations(tree)
    code = code_in(compile(tree, str(path), "exec", dont_inherit=True), place.function)
    function_of(Edit(f"{place.module}:{place.function}", "", "")).__code__ = code


def survives(place: Place | None, tests: Sequence[str], seconds: float) -> bool:
    """Whether all tests pass with a mutation (None: with none) within so many seconds of CPU."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        status = 3
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            if place is not None:
                exchange(place)
            import pytest

            options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "-W", "ignore"]
            status = int(pytest.main([*options, "--rootdir", str(ROOT), *tests]))
        finally:
            os._exit(status)
    # What waits for itself uses no CPU; other work on the machine makes the clock run faster.
    end = time.monotonic() + 20 * seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> int:
    """The command; exit status 1 if the tests fail without a mutation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many mutants are drawn (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the draw (default 0)")
    parser.add_argument("--timeout", type=float, default=120, help="seconds of CPU for a mutant (default 120)")
    parser.add_argument("--module", default="", help="only modules whose names contain this")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the row is written")
    options = parser.parse_args()
    started = time.monotonic()
    os.chdir(ROOT)
    everything = [place for place in places() if options.module in place.module]
    drawn = random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    for name in (
        "torch",
        "pytest",
        "hypothesis",
        "e3ne.pipeline_runner",
        "e3ne.frontends.torch_export",
        *(f"e3ne.{m}" for m in TESTS),
    ):
        importlib.import_module(name)
    left: list[Place] = []
    healthy: dict[tuple[str, ...], bool] = {}
    with Steps() as progress:
        task = progress.add_task("mutants of Python", total=len(drawn))
        for place in drawn:
            tests = tuple(TESTS[place.module.removeprefix("e3ne.")])
            if tests not in healthy:
                healthy[tests] = survives(None, tests, 10 * options.timeout)
                if not healthy[tests]:
                    print(f"without any mutant a test fails of {', '.join(tests)}", file=sys.stderr)
                    return 1
            if survives(place, tests, options.timeout):
                left.append(place)
                progress.console.print(escape(f"survived: {place}"), soft_wrap=True)
            progress.advance(task)
    killed = len(drawn) - len(left)
    share = killed / max(1, len(drawn))
    note = f"killed {killed} ({share:.0%}), seed {options.seed}, drawn from {len(everything)} places"
    print(*(f"survived: {place}" for place in left), sep="\n")
    # Some of those that survive change nothing that can be seen: the score is a measure, not a test.
    return finish(
        "mutants of Python",
        [Row("mutants of Python", len(drawn), 0, 0, note)],
        time.monotonic() - started,
        options.json,
    )


if __name__ == "__main__":
    sys.exit(main())
