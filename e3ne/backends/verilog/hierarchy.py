"""The modules of a design: their Verilog names and ports, and the order in which they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import builtin
from xdsl.ir import Operation, SSAValue

from e3ne.analysis.module_hierarchy import instances_of, instantiation_order
from e3ne.backends.verilog.names import Names
from e3ne.dialects import rtl
from e3ne.dialects.rtl.structure import IMPLICIT_PORTS
from e3ne.errors import E3neError


@dataclass(frozen=True)
class ModulePlan:
    """What a module looks like from outside, and which of its operations matter."""

    op: rtl.ModuleOp
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    live: frozenset[Operation]
    clk: bool
    rst: bool

    @cached_property
    def ports(self) -> Mapping[str, str]:
        """Verilog name of each port, by its name in `rtl`."""
        given = (*self.op.input_names, *self.op.output_names)
        return dict(zip(given, (*self.inputs, *self.outputs), strict=True))


def plan_modules(module: builtin.ModuleOp) -> dict[str, ModulePlan]:
    """A plan for each module, by symbol name; a module comes after all modules that it instantiates.

    Raises E3neError if there is something else than `rtl.module`, if a module instantiates itself or an unknown one.
    """
    others = sorted({op.name for op in module.body.block.ops if not isinstance(op, rtl.ModuleOp)})
    if others:
        raise E3neError(f"Verilog is printed from rtl.module only, but there is also: {', '.join(others)}")
    modules = {op.sym_name.data: op for op in module.body.block.ops if isinstance(op, rtl.ModuleOp)}
    names = Names()
    verilog_names = {name: names.unique(name) for name in modules}
    plans: dict[str, ModulePlan] = {}
    for name in instantiation_order(modules):
        plans[name] = _plan(modules[name], verilog_names[name], plans)
    return plans


def _plan(op: rtl.ModuleOp, name: str, plans: Mapping[str, ModulePlan]) -> ModulePlan:
    live = live_operations(op)
    registers = [each for each in live if isinstance(each, rtl.RegisterOp)]
    children = [plans[instance.module_name] for instance in instances_of(op)]
    clocked = any(isinstance(each, rtl.MemoryWriteOp | rtl.MemoryReadRegisteredOp) for each in live)
    ports = Names(IMPLICIT_PORTS)
    return ModulePlan(
        op,
        name,
        tuple(ports.unique(port) for port in op.input_names),
        tuple(ports.unique(port) for port in op.output_names),
        frozenset(live),
        clk=bool(registers) or clocked or any(child.clk for child in children),
        rst=any(each.reset is not None for each in registers) or any(child.rst for child in children),
    )


def live_operations(module: rtl.ModuleOp) -> set[Operation]:
    """The operations that an output or an instance depends on, through registers and memories too."""
    live: set[Operation] = set()
    pending: list[Operation] = [module.output_op, *instances_of(module)]
    while pending:
        op = pending.pop()
        if op in live:
            continue
        live.add(op)
        pending += [operand.owner for operand in op.operands if isinstance(operand.owner, Operation)]
        if isinstance(op, rtl.MemoryOp) and op.write is not None:
            pending.append(op.write)
    return live


def is_combinational(value: SSAValue) -> bool:
    """Whether the value is computed in the same cycle by an operation of the module: not a port, nor state."""
    return isinstance(value.owner, rtl.CombinationalOp | rtl.MemoryReadOp)
