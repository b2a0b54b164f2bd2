"""Unknown bits: healthy designs show none that matters, and what is broken is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from e3ne.errors import E3neError
from e3ne.verification.batch import random_runs
from e3ne.verification.case import Case
from e3ne.verification.decisions import Decisions, Neurons
from e3ne.verification.four_state.__main__ import main
from e3ne.verification.four_state.simulation import compare
from e3ne.verification.four_state.waves import sampled
from e3ne.verification.lowering import Lowered, lower

pytest.importorskip("pyosys")

CASE = Case(
    (2, 4, 4),
    3,
    lambda n: n.conv(2, (2, 2), padding=(1, 0, 0, 0)).fire().max_pool((2, 2)).linear(3, bias=True),
    Decisions(neurons={0: Neurons(3, 3, "block")}, fifo_depth=3, memory="block"),
)


@pytest.fixture(scope="module")
def design() -> Lowered:
    return lower(CASE.network("states", seed=3), CASE.decisions)


def changed(design: Lowered, unit: str, old: str, new: str) -> Lowered:
    """The design with another text in the module of a unit, where `old` is found once or more."""
    name = next(name for name in design.verilog if name.endswith(f"{unit}.v"))
    text = design.verilog[name]
    assert old in text, text
    return replace(design, verilog={**design.verilog, name: text.replace(old, new)})


def test_a_healthy_design(design: Lowered, tmp_path: Path) -> None:
    for run in random_runs(design, 5, seed=1):
        message, beats = compare(design, run, tmp_path / "kept")
        assert message == ""
        assert beats > 200
    assert not list(tmp_path.iterdir())


BROKEN = [
    ("fire", "busy <= 1'b0;", "busy <= busy;", r"unknown after reset, in cycle 0: .*_ready"),
    ("window", "column <= 2'd0;", "column <= column;", "unknown after reset"),
    ("sink", "assign s_ready = ~(valid_0 & ~m_ready)", "assign s_ready = 1'b1", "'states_sink' differs"),
    ("sink", "assign m_valid = valid_0", "assign m_valid = 1'b1", "unknown after reset, in cycle 0: m_axis_tdata"),
    ("source", "held[0]", "held[1]", r"'states_input1_source' differs: .*expected 0, got 1"),
]


@pytest.mark.parametrize(("unit", "old", "new", "message"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)])
def test_what_is_broken_is_found(design: Lowered, unit: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    wrong = changed(design, unit, old, new)
    found = [compare(wrong, run, tmp_path)[0] for run in random_runs(wrong, 5, seed=1)]
    assert any(found)
    first = next(text for text in found if text)
    assert re.search(message, first), first
    assert (tmp_path / "waves.vcd").exists()


def test_what_yosys_refuses_is_told(design: Lowered) -> None:
    wrong = changed(design, "sink", "endmodule", "endmodul")
    with pytest.raises(E3neError, match="Yosys failed"):
        compare(wrong, random_runs(wrong, 1, seed=1)[0])


def test_waves_are_sampled_before_rising_edges(tmp_path: Path) -> None:
    waves = tmp_path / "waves.vcd"
    waves.write_text(
        "$scope module top $end\n$var wire 1 a clk $end\n$var wire 1 b rst $end\n$scope module dut $end\n"
        "$var wire 3 c value [2:0] $end\n$var wire 1 d clk $end\n$upscope $end\n$upscope $end\n$enddefinitions $end\n"
        # in reset, then a rising edge
        "#0\n0a\n0d\n1b\nbxxx c\n#5\n1a\n1d\n"
        "#10\n0a\n0d\n0b\nb1 c\n#15\n1a\nb110 c\n#20\n0a\nbx c\n#25\n1a\nb0 c\n#30\n"
    )
    assert [values["value"] for values in sampled(waves, ("top", "dut"), ["value"])] == ["001", "xxx"]
    with pytest.raises(KeyError, match=r"no signals other in top\.dut"):
        list(sampled(waves, ("top", "dut"), ["value", "other"]))


def test_the_command_writes_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    assert main(["--count", "2", "--no-units", "--seed", "7", "--json", str(path)]) == 0
    (row,) = json.loads(path.read_text())["rows"]
    assert (row["what"], row["count"], row["failures"]) == ("random networks", 2, 0)
