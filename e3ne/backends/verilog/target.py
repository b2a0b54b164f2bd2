"""The target `verilog`: the hardware as Verilog-2001; and the function that gives it as one text a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects import builtin
from xdsl.interfaces import HasFolderInterface
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.utils.target import Target

from e3ne.backends.verilog.hierarchy import plan_modules
from e3ne.backends.verilog.module import print_module
from e3ne.dialects import rtl


def print_verilog(module: builtin.ModuleOp) -> dict[str, str]:
    """Verilog text by file name, `<module>.v`; a module comes after all modules that it instantiates.

    The module itself is not changed. Raises E3neError if it holds anything but `rtl.module`s.
    """
    plans = plan_modules(_simplified(module))
    return {f"{plan.name}.v": print_module(plan, plans) for plan in plans.values()}


def _simplified(module: builtin.ModuleOp) -> builtin.ModuleOp:
    """The module, or a canonical copy if it holds an operation that is a constant or changes nothing.

    Tools warn of such operations: comparisons that are always true, for example.
    """
    if not any(
        isinstance(op, HasFolderInterface) and not isinstance(op, rtl.ConstantOp) and op.fold() for op in module.walk()
    ):
        return module
    context = Context()
    context.load_dialect(builtin.Builtin)
    context.load_dialect(rtl.RTL)
    copy = module.clone()
    CanonicalizePass().apply(context, copy)
    return copy


@dataclass(frozen=True)
class VerilogTarget(Target):
    """Prints all modules in one text."""

    name = "verilog"

    def emit(self, ctx: Context, module: builtin.ModuleOp, output: IO[str]) -> None:
        output.write("\n".join(print_verilog(module).values()))
