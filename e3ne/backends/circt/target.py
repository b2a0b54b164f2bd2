"""The target `circt`: the hardware in CIRCT's hw, comb and seq, as text for `circt-opt`."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.target import Target

from e3ne.passes.convert_rtl_to_circt import ConvertRtlToCirctPass


def print_circt(module: ModuleOp) -> str:
    """The text that CIRCT reads. The module itself is not changed. Raises E3neError like the pass."""
    copy = module.clone()
    ConvertRtlToCirctPass().apply(Context(), copy)
    copy.verify()
    text = StringIO()
    Printer(text).print_op(copy)
    return text.getvalue() + "\n"


@dataclass(frozen=True)
class CirctTarget(Target):
    """Prints what `convert-rtl-to-circt` makes of the `rtl.module`s."""

    name = "circt"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write(print_circt(module))
