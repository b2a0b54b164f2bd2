"""Runs pipelines of passes given as text, as `e3ne-opt` does, and reads and writes modules."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.passes import PassPipeline
from xdsl.printer import Printer
from xdsl.transforms import get_all_passes

from e3ne.errors import E3neError
from e3ne.module_text import parse_text, read_text
from e3ne.universe import E3NE_UNIVERSE


def new_context() -> Context:
    """A context that knows e3ne's dialects."""
    context = Context()
    context.load_dialect(Builtin)
    for name, factory in E3NE_UNIVERSE.all_dialects.items():
        context.register_dialect(name, factory)
    return context


def quoted(text: str) -> str:
    """A string as an option of a pass; raises E3neError for characters that a pipeline cannot have."""
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, escaped)
    if wrong := [character for character in text if character in "\f\v\r" or "\ud800" <= character <= "\udfff"]:
        raise E3neError(f"{text!r} has the character {wrong[0]!r}, which cannot stand in a pipeline of passes")
    return f'"{text}"'


def run_passes(module: ModuleOp, passes: str) -> None:
    """Runs a pipeline in place and verifies the module after it.

    Raises E3neError for a user's mistake that a pass finds; VerifyException means a mistake in a pass.
    """
    available = {**get_all_passes(), **E3NE_UNIVERSE.all_passes}
    PassPipeline.parse_spec(available, passes).apply(new_context(), module)
    module.verify()


def read_module(path: Path) -> ModuleOp:
    """Parses and verifies a module; parameters in side files are found beside it. Raises E3neError."""
    try:
        return parse_text(read_text(path), str(path), new_context())
    except E3neError as error:
        raise E3neError(f"{path}: {error}") from error


def parse_module(text: str, name: str) -> ModuleOp:
    """As `read_module`, from a text; `name` is the file's."""
    return parse_text(text, name, new_context())


def print_module(module: ModuleOp) -> str:
    """The text of a module, as `e3ne-opt` prints it."""
    text = StringIO()
    Printer(text).print_op(module)
    return text.getvalue() + "\n"
