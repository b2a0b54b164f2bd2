"""Goals that cannot be met, decisions that are not open, and the account of a choice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, ModuleOp, f64
from xdsl.parser import Parser

from e3ne.analysis.energy import energy_of
from e3ne.choice import choose
from e3ne.choice.account import kept
from e3ne.choice.decisions import read_decisions
from e3ne.dialects.dataflow import MatvecOp, number, units_of
from e3ne.errors import E3neError
from e3ne.passes.dataflow_choose import DataflowChoosePass
from e3ne.pipeline_runner import new_context, run_passes
from e3ne.semantics.dataflow import find_graph
from tests.choice.every_design import undecided
from tests.choice.networks import dense, pooled


def chosen(module: ModuleOp, pass_: DataflowChoosePass) -> ModuleOp:
    """A copy of a module after the pass."""
    copy = module.clone()
    pass_.apply(Context(), copy)
    copy.verify()
    return copy


def matvecs(module: ModuleOp) -> dict[str, MatvecOp]:
    return {unit.unit_name: unit for unit in units_of(find_graph(module)) if isinstance(unit, MatvecOp)}


@pytest.mark.parametrize(
    ("goal", "nearest"),
    [
        (DataflowChoosePass(objective="area", latency=3), "within the budget a latency of 12 cycles"),
        (DataflowChoosePass(objective="latency", lut=20), "at the speed asked for"),
        (DataflowChoosePass(objective="interval", latency=3), "within the budget a latency of 12 cycles"),
        (DataflowChoosePass(objective="energy", latency=3), "within the budget a latency of 12 cycles"),
    ],
)
def test_impossible_goals_name_the_nearest_points(goal: DataflowChoosePass, nearest: str) -> None:
    with pytest.raises(E3neError) as raised:
        chosen(undecided(dense()), goal)
    first, *lines = str(raised.value).splitlines()
    assert first == "no choice of the hardware meets all limits; the nearest that do:"
    assert any(line.startswith(nearest) for line in lines)
    assert all(" LUT, " in line for line in lines)


def test_the_energy_that_was_minimised_is_that_of_the_design() -> None:
    """Counted operations are in it, and it is part of the account."""
    module = undecided(dense())
    for op, operations in zip(matvecs(module).values(), (20.0, 9.5), strict=True):
        op.synaptic_operations = FloatAttr(operations, f64)
    goal = DataflowChoosePass(objective="energy", latency=30, lut=190)
    counted, worst = chosen(module, goal), chosen(undecided(dense()), goal)
    values: list[float] = []
    for found in (counted, worst):
        account = kept(find_graph(found))
        assert account is not None
        run_passes(found, "dataflow-legalize-streams,dataflow-insert-fifos{latency=30 interval=1073741824}")
        values.append(round(energy_of(find_graph(found)).total_pj, 3))
        assert account["value"] == account["bound"] == values[-1]
    assert values[0] < values[1]
    assert str(kept(find_graph(counted))).count("'energy'") > 1


def test_the_same_twice() -> None:
    module = undecided(pooled())
    for goal in (DataflowChoosePass(objective="latency", lut=240), DataflowChoosePass(interval=40)):
        assert str(chosen(module, goal)) == str(chosen(module, goal))


def test_decisions_of_a_file_are_kept(tmp_path: Path) -> None:
    wanted = {"output_lanes": 2, "input_lanes": 1, "implementation": "adder"}
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"dense_linear3_matvec": wanted}))
    found = matvecs(chosen(undecided(dense()), DataflowChoosePass(objective="latency", decisions=str(file))))
    op = found["dense_linear3_matvec"]
    assert (op.output_lanes.value.data, op.input_lanes.value.data, op.implementation.data) == (2, 1, "adder")


def test_decisions_by_hand_are_kept() -> None:
    module = undecided(dense())
    op = matvecs(module)["dense_linear5_matvec"]
    for name, value in (("output_lanes", 1), ("input_lanes", 2), ("parallel_steps", 1)):
        op.properties[name] = number(value)
    before = dict(op.properties)
    assert dict(matvecs(chosen(module, DataflowChoosePass(objective="latency")))[op.unit_name].properties) == before


def test_all_problems_of_decisions_are_named(tmp_path: Path) -> None:
    module = undecided(dense())
    file = tmp_path / "decisions.json"
    layer = "dense_linear3_matvec"
    wrong = {
        "fc": {"output_lanes": 1},
        layer: {"colour": 3, "order": [1], "output_lanes": 3, "latency": 99, "weights": "x", "parallel_steps": True},
        "dense_linear5_matvec": {"implementation": "table", "weight_memory": "block"},
        "output_sink": 4,
        "graph": {"pixels": 0, "pool_before_fire": 2, "colour": 1},
    }
    file.write_text(json.dumps(wrong))
    with pytest.raises(E3neError) as raised:
        read_decisions(file, lambda _: [module])
    lines = str(raised.value).splitlines()
    assert [line.removeprefix(f"{file}: ").split(";")[0] for line in lines] == [
        "there is no unit fc",
        f"{layer} has no choice 'colour' of 3",
        f"{layer} has no choice 'order' of [1]",
        f"{layer} has no choice 'output_lanes' of 3",
        f"{layer} has no choice 'latency' of 99",
        f"{layer} has no choice 'weights' of 'x'",
        f"{layer} has no choice 'parallel_steps' of True",
        "dense_linear5_matvec: with implementation table weight_memory is no choice, not block",
        "output_sink: an object of choices is needed",
        "graph has no choice 'pixels' of 0",
        "graph has no choice 'pool_before_fire' of 2",
        "graph has no choice 'colour' of 1",
    ]


def test_decisions_that_contradict_each_other(tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"pooled_conv2_window": {"lanes": 1}, "pooled_conv2_matvec": {"input_lanes": 3}}))
    with pytest.raises(E3neError, match=r"^no choice of the hardware meets all limits and agrees with the decisions"):
        chosen(undecided(pooled()), DataflowChoosePass(objective="latency", decisions=str(file)))


@pytest.mark.parametrize(("text", "part"), [("{", "cannot be read as JSON"), ("[1]", "an object of choices by unit")])
def test_files_that_hold_no_decisions(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(text)
    for path, wanted in ((file, part), (tmp_path / "nowhere.json", "cannot be read as JSON")):
        with pytest.raises(E3neError, match=wanted):
            read_decisions(path, lambda _: [undecided(dense())])


def test_decisions_are_those_of_the_pixels_that_the_file_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"graph": {"pixels": 2}, "pooled_conv2_window": {"lanes": 3}}))
    asked: list[int] = []

    def arranged(pixels: int) -> list[ModuleOp]:
        asked.append(pixels)
        return [undecided(pooled())]

    with pytest.raises(E3neError, match="pooled_conv2_window has no choice 'lanes' of 3"):
        read_decisions(file, arranged)
    assert asked == [2]


def test_an_arrangement_that_is_impossible_is_the_problem(tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"graph": {"pixels": 97}, "pooled_conv2_matvec": {"input_lanes": 1}}))
    with pytest.raises(E3neError, match="97"):
        chosen(undecided(pooled()), DataflowChoosePass(objective="latency", decisions=str(file)))


def test_the_least_interval_stands_where_the_fastest_design_of_it_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that keeps few labels may miss all designs of the least interval; the smallest one is known."""
    goal = DataflowChoosePass(objective="interval", lut=240)
    before = kept(find_graph(chosen(undecided(pooled()), goal)))
    monkeypatch.setattr(choose, "_best", lambda *_: None)
    after = kept(find_graph(chosen(undecided(pooled()), goal)))
    assert before is not None
    assert after is not None
    assert (after["value"], after["bound"]) == (before["value"], before["bound"])


def test_the_account_is_read_back() -> None:
    module = chosen(undecided(pooled()), DataflowChoosePass(objective="latency", lut=260))
    account = kept(find_graph(module))
    assert account is not None
    assert (account["objective"], account["limits"]) == ("latency", {"lut": 260})
    units = account["units"]
    assert isinstance(units, dict)
    hardware = [unit.unit_name for unit in units_of(find_graph(module))]
    assert list(units) == hardware
    assert account["slowest_unit"] in hardware
    read = Parser(new_context(), str(module)).parse_module()
    assert kept(find_graph(read)) == account
    assert kept(find_graph(undecided(pooled()))) is None
