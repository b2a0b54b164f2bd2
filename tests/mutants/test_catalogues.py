"""Every mutant applies to the project as it is, and every kind of unit has some."""

from __future__ import annotations

from collections import Counter

import pytest

from e3ne.units.registry import UNITS as KINDS
from tests.mutants import model, passes, printer
from tests.mutants.edits import Edit, NotApplicableError, applied
from tests.mutants.units import UNITS
from tests.mutants.verilog_text import TEXT

EDITS = {
    f"{catalogue}-{name}": mutant.edit
    for catalogue, mutants in (
        ("units", UNITS),
        ("printer", printer.MUTANTS),
        ("model", model.MUTANTS),
        ("passes", passes.MUTANTS),
    )
    for name, mutant in mutants.items()
}
NAMES = {
    "sum_frames": "sum", "max_pool": "pool", "argmax": "argmax", "fifo": "fifo", "fire": "fire", "lif": "lif",
    "matvec": "matvec", "pool": "pool", "replay": "replay", "resize": "resize", "sink": "sink", "source": "source",
    "window": "window",
}  # fmt: skip


def test_every_edit_applies() -> None:
    for name, edit in EDITS.items():
        try:
            with applied([edit]):
                pass
        except NotApplicableError as error:
            raise AssertionError(f"{name}: {error}") from error


def test_an_edit_is_undone() -> None:
    from e3ne.units.adders import tree_depth

    with applied([Edit("e3ne.units.adders:tree_depth", "max(0,", "max(1,")]):
        assert tree_depth(1) == 1
    assert tree_depth(1) == 0


@pytest.mark.parametrize("old", ["no such text", "terms"])
def test_text_that_is_not_there_once_is_an_error(old: str) -> None:
    with pytest.raises(NotApplicableError), applied([Edit("e3ne.units.adders:tree_depth", old, "")]):
        pass


@pytest.mark.parametrize("kind", [name.removeprefix("dataflow.") for name in KINDS])
def test_every_kind_of_unit_has_mutants(kind: str) -> None:
    of_units = Counter(mutant.kind for mutant in UNITS.values())
    of_units.update(mutant.unit.rpartition("_")[2] for mutant in TEXT.values())
    assert of_units[NAMES[kind]] >= 4
