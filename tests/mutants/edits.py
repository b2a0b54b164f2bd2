"""Changes a function of the project for a while, by a change of its text.

The code of the function is exchanged in place, so that whoever holds the function runs the changed one.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any


class NotApplicableError(Exception):
    """The text that a mutant changes is not there any more, or there more than once: the mutant must be renewed."""


@dataclass(frozen=True)
class Edit:
    """In function `target`, as module:Class.function, the only `old` becomes `new`."""

    target: str
    old: str
    new: str

    @property
    def module(self) -> str:
        """The module's name."""
        return self.target.partition(":")[0]

    @property
    def function(self) -> str:
        """The function's name, qualified."""
        return self.target.partition(":")[2]


@contextmanager
def applied(edits: Sequence[Edit]) -> Iterator[None]:
    """Runs with the changed functions. Raises NotApplicableError before anything is changed."""
    changes = [(function_of(edit), edited_code(edit)) for edit in edits]
    kept = [function.__code__ for function, _ in changes]
    for function, code in changes:
        if function.__code__.co_freevars != code.co_freevars:
            raise NotApplicableError(f"{function.__qualname__} uses other variables of the functions around it")
    forget()
    try:
        for function, code in changes:
            function.__code__ = code
        yield
    finally:
        for (function, _), code in zip(changes, kept, strict=True):
            function.__code__ = code
        forget()


def function_of(edit: Edit) -> FunctionType:
    """The function that an edit changes, without what its decorators have made of it."""
    found: Any = importlib.import_module(edit.module)
    for name in edit.function.split("."):
        found = vars(found).get(name)
        if isinstance(found, staticmethod | classmethod):
            found = found.__func__
        elif isinstance(found, property):
            found = found.fget
        elif isinstance(found, functools.cached_property):
            found = found.func
        found = _undecorated(getattr(found, "__wrapped__", found), edit.function)
    if not isinstance(found, FunctionType):
        raise NotApplicableError(f"there is no function {edit.target}")
    return found


def _undecorated(found: Any, name: str) -> Any:
    """The function of this name in the closure of what a decorator has made of it, if there is one."""
    if isinstance(found, FunctionType) and found.__qualname__ != name:
        held = [cell.cell_contents for cell in found.__closure__ or ()]
        return next((f for f in held if isinstance(f, FunctionType) and f.__qualname__ == name), found)
    return found


def edited_code(edit: Edit) -> CodeType:
    """The code of the changed function."""
    path = Path(importlib.import_module(edit.module).__file__ or "")
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    node = _node(ast.parse(text), edit)
    before, inside = "".join(lines[: node.lineno - 1]), "".join(lines[node.lineno - 1 : node.end_lineno])
    if inside.count(edit.old) != 1:
        raise NotApplicableError(f"{edit.target} has {inside.count(edit.old)} times {edit.old!r}")
    changed = before + inside.replace(edit.old, edit.new) + "".join(lines[node.end_lineno :])
    return code_in(compile(changed, str(path), "exec", dont_inherit=True), edit.function)


def _node(tree: ast.Module, edit: Edit) -> ast.stmt:
    body, node = tree.body, None
    for name in edit.function.split("."):
        named = (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name)
        node = next(named, None)
        if node is None:
            raise NotApplicableError(f"there is no {edit.target}")
        body = node.body
    assert node is not None
    return node


def code_in(code: CodeType, name: str) -> CodeType:
    """The code of a function, by its qualified name, within that of a module."""
    pending = [code]
    while pending:
        found = pending.pop()
        if found.co_qualname == name:
            return found
        pending += [each for each in found.co_consts if isinstance(each, CodeType)]
    raise NotApplicableError(f"{name} was not compiled")


def forget() -> None:
    """Empties the caches of the project's functions: they hold what an unchanged function, or a changed one, found."""
    for name, module in list(sys.modules.items()):
        if name == "e3ne" or name.startswith("e3ne."):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if callable(clear):
                    clear()
