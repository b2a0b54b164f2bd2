"""The Verilog does what the IR means: a random design with every operation, in Verilator, cycle by cycle."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from observed_simulation import CYCLES, RESET_CYCLES, simulate, stimulus
from rtl_designs import designs, random_design
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from e3ne.backends.verilog import print_verilog
from e3ne.dialects.rtl import RTL
from e3ne.semantics.rtl import run


@settings(max_examples=40, deadline=None)
@given(designs(40))
def test_canonicalization_keeps_the_meaning(design: ModuleOp) -> None:
    inputs = stimulus(design, 20)
    expected = run(design, inputs, RESET_CYCLES)
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(RTL)
    for each in (CanonicalizePass(), CommonSubexpressionElimination(), DeadCodeElimination()):
        each.apply(context, design)
        design.verify()
        assert run(design, inputs, RESET_CYCLES)[RESET_CYCLES:] == expected[RESET_CYCLES:], each.name


@pytest.mark.parametrize("every", [1, 7])
def test_verilog_does_what_the_ir_means(every: int, tmp_path: Path) -> None:
    """With all values in the output each has a wire; with some of them others are printed within what uses them."""
    design = random_design(0, 60, observe=True, every=every)
    if every == 1:
        present = {op.name for op in design.walk()}
        assert {op.name for op in RTL.operations} <= present
    inputs = stimulus(design, CYCLES)
    got = simulate(print_verilog(design), design, inputs, tmp_path)
    expected = [outputs["all"] for outputs in run(design, inputs, RESET_CYCLES)]
    assert got[RESET_CYCLES:] == expected[RESET_CYCLES:]
