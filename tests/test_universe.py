"""Everything that e3ne adds to xDSL's drivers is found by its name, and nothing is missing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from xdsl.passes import ModulePass
from xdsl.universe import Universe

import e3ne.passes
from e3ne.universe import DIALECTS, E3NE_UNIVERSE, PASSES, TARGETS


def _passes_in_files() -> Iterator[tuple[str, type[ModulePass]]]:
    for file in iter_modules(e3ne.passes.__path__, "e3ne.passes."):
        module = import_module(file.name)
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, ModulePass) and found.__module__ == file.name:
                yield file.name, found


def test_every_pass_is_in_the_table_and_the_other_way_round() -> None:
    in_files = {found.name: f"{module}:{found.__name__}" for module, found in _passes_in_files()}
    assert in_files == dict(PASSES)


def test_tables_are_in_the_order_of_the_page_that_is_made_of_them() -> None:
    assert [list(table) for table in (DIALECTS, PASSES, TARGETS)] == [sorted(t) for t in (DIALECTS, PASSES, TARGETS)]


@pytest.mark.parametrize("name", PASSES)
def test_file_and_class_are_named_as_the_pass(name: str) -> None:
    module, _, cls = PASSES[name].partition(":")
    assert module == f"e3ne.passes.{name.replace('-', '_')}"
    assert cls == f"{name.title().replace('-', '')}Pass"


def test_names_in_the_tables_are_the_names_of_what_they_load() -> None:
    assert {name: factory().name for name, factory in E3NE_UNIVERSE.all_dialects.items()} == {n: n for n in DIALECTS}
    assert {name: factory().name for name, factory in E3NE_UNIVERSE.all_passes.items()} == {n: n for n in PASSES}
    assert {name: factory().name for name, factory in E3NE_UNIVERSE.all_targets.items()} == {n: n for n in TARGETS}


def test_the_entry_point_brings_them_into_xdsl() -> None:
    multiverse = Universe.get_multiverse()
    assert set(DIALECTS) <= set(multiverse.all_dialects)
    assert set(PASSES) <= set(multiverse.all_passes)
    assert set(TARGETS) <= set(multiverse.all_targets)


def test_plain_xdsl_opt_lists_and_runs_them() -> None:
    command = Path(sys.executable).with_name("xdsl-opt")
    text = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    words = "".join(text.split())  # argparse breaks lines, also at hyphens
    assert all(name in words for name in (*PASSES, *TARGETS))
    graph = "rtl.module @empty() -> () {\n  rtl.output\n}"
    printed = subprocess.run([command], input=graph, capture_output=True, text=True, check=True).stdout
    assert "rtl.module @empty" in printed
