"""One `rtl.module` as Verilog text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xdsl.dialects.builtin import IntegerAttr, StringAttr
from xdsl.ir import Attribute, SSAValue

from e3ne.analysis.module_hierarchy import instances_of
from e3ne.backends.verilog.expressions import Expressions, initial_block
from e3ne.backends.verilog.hierarchy import ModulePlan
from e3ne.backends.verilog.literals import literal, vector
from e3ne.backends.verilog.names import Names
from e3ne.dialects import rtl
from e3ne.dialects.rtl import constant_value, width_of
from e3ne.dialects.rtl.names import stable_hint
from e3ne.dialects.rtl.structure import IMPLICIT_PORTS

LINE = 110
"""Columns after which a line is broken."""


def print_module(plan: ModulePlan, plans: Mapping[str, ModulePlan]) -> str:
    """The text of a module. `plans` has all modules that it instantiates."""
    return _ModulePrinter(plan, plans).print()


class _ModulePrinter:
    def __init__(self, plan: ModulePlan, plans: Mapping[str, ModulePlan]) -> None:
        self._plan = plan
        self._plans = plans
        self._names = Names((*IMPLICIT_PORTS, plan.name, *plan.inputs, *plan.outputs))
        self._named: dict[SSAValue, str] = dict(zip(plan.op.block.args, plan.inputs, strict=True))
        self._ports = set(self._named.values())
        self._registers = [op for op in plan.op.block.ops if isinstance(op, rtl.RegisterOp) and op in plan.live]
        self._memories = [op for op in plan.op.block.ops if isinstance(op, rtl.MemoryOp) and op in plan.live]
        self._reads = [op for op in plan.op.block.ops if isinstance(op, rtl.MemoryReadRegisteredOp) and op in plan.live]
        self._instances = list(instances_of(plan.op))
        self._instance_names: dict[rtl.InstanceOp, str] = {}
        self._state = {op.results[0] for op in (*self._registers, *self._reads)}
        self._aliases = self._find_aliases()
        self._give_names()
        self._expressions = Expressions(plan, self._names, self._named, self._aliases)

    def print(self) -> str:
        self._expressions.build()
        sections = [
            self._declarations(),
            self._expressions.declarations,
            self._memory_contents(),
            *self._register_blocks(),
            *self._memory_blocks(),
            *(self._instance(op) for op in self._instances),
            self._output_assignments(),
        ]
        sections.append(self._unused())
        body = "\n\n".join("\n".join(_indent(text) for text in section) for section in sections if section)
        return f"{self._header()}{body}\n\nendmodule\n" if body else f"{self._header()}\nendmodule\n"

    # Names

    def _find_aliases(self) -> set[SSAValue]:
        """Values without a name of their own that are known by the name of the first output that they drive."""
        aliases: set[SSAValue] = set()
        for value, given, port in zip(
            self._plan.op.output_op.operands, self._plan.op.output_names, self._plan.outputs, strict=True
        ):
            if value in aliases or isinstance(value.owner, rtl.ConstantOp) or value in self._named:
                continue
            if self._own_name(value) in ("", given):
                aliases.add(value)
                self._named[value] = port
        return aliases

    @staticmethod
    def _own_name(value: SSAValue) -> str:
        if isinstance(value.owner, rtl.RegisterOp) and value.owner.register_name is not None:
            return value.owner.register_name.data
        return stable_hint(value.name_hint)

    def _give_names(self) -> None:
        """Names of instances and state, which are those of attributes, come first; hints have to give way."""
        for op in self._instances:
            self._instance_names[op] = self._names.unique(op.instance_name.data)
        for op in self._memories:
            self._named[op.result] = self._names.unique(op.memory_name.data)
        for op in self._registers:
            self._name(op.result, "r")
        for op in self._reads:
            self._name(op.result, f"{op.memory_op.memory_name.data}_q")
        for op in self._instances:
            for port, value in zip(op.output_names, op.results, strict=True):
                self._name(value, f"{op.instance_name.data}_{port}")

    def _name(self, value: SSAValue, otherwise: str) -> None:
        if value not in self._named:
            self._named[value] = self._names.unique(self._own_name(value) or otherwise)

    # Sections

    def _header(self) -> str:
        plan, op = self._plan, self._plan.op
        lines: list[str] = []
        if op.comment is not None:
            lines += [_comment(line) for line in op.comment.data.splitlines()]
        if op.parameters is not None:
            lines += [_comment(f"  {key} = {_parameter(value)}") for key, value in op.parameters.data.items()]
        ports = [f"input wire {name}" for name, needed in (("clk", plan.clk), ("rst", plan.rst)) if needed]
        ports += [f"input wire {vector(width_of(a))}{n}" for a, n in zip(op.block.args, plan.inputs, strict=True)]
        for value, name in zip(op.output_op.operands, plan.outputs, strict=True):
            kind = "reg" if value in self._state and self._named[value] == name else "wire"
            ports.append(f"output {kind} {vector(width_of(value))}{name}")
        inside = ",\n".join(f"  {port}" for port in ports)
        lines.append(f"module {plan.name} (\n{inside}\n);\n" if ports else f"module {plan.name} ();\n")
        return "\n".join(lines)

    def _declarations(self) -> list[str]:
        state = [op.result for op in (*self._registers, *self._reads) if op.result not in self._aliases]
        lines = [f"reg {vector(width_of(value))}{self._named[value]};" for value in state]
        for op in self._memories:
            rom = op.write is None
            style = "logic" if rom and op.style != "block" else op.style
            lines.append(f'(* {"rom_style" if rom else "ram_style"} = "{style}" *)')
            # The address of a single word has one bit all the same, which must select something.
            depth, width = max(2, op.memory_type.depth), op.memory_type.width
            lines.append(f"reg {vector(width)}{self._named[op.result]} [0:{depth - 1}];")
        for op in self._instances:
            lines += [f"wire {vector(width_of(v))}{self._named[v]};" for v in op.results if v not in self._aliases]
        return lines

    def _memory_contents(self) -> list[str]:
        lines: list[str] = []
        for op in self._memories:
            if op.init is None:
                continue
            words = op.init.values
            if op.write is None:
                words = (*words, *([0] * (op.memory_type.depth - len(words))))
            lines.append(initial_block(self._named[op.result], words, op.memory_type.width))
        return lines

    def _register_blocks(self) -> list[list[str]]:
        """One `always` block for all registers with the same enable, with or without reset."""
        groups: dict[tuple[SSAValue | None, bool], list[rtl.RegisterOp]] = {}
        for op in self._registers:
            enable = None if op.enable is None or constant_value(op.enable) == 1 else op.enable
            groups.setdefault((enable, op.reset is not None), []).append(op)
        blocks: list[list[str]] = []
        for (enable, has_reset), ops in groups.items():
            condition = None if enable is None else self._expressions.text(enable)
            store = [f"{self._named[op.result]} <= {self._expressions.text(op.next)};" for op in ops]
            clear = [
                f"{self._named[op.result]} <= {literal(op.reset.value, op.reset.width)};"
                for op in ops
                if op.reset is not None
            ]
            branches: list[tuple[str | None, list[str]]] = [("rst", clear)] if has_reset else []
            if condition is not None or has_reset:
                branches.append((condition, store))
            lines = _branches(branches) if branches else [f"  {line}" for line in store]
            blocks.append(["always @(posedge clk) begin", *lines, "end"])
        return blocks

    def _memory_blocks(self) -> list[list[str]]:
        blocks: list[list[str]] = []
        for op in self._memories:
            name = self._named[op.result]
            lines: list[str] = []
            before: list[str] = []
            if op.write is not None:
                address = self._expressions.text(op.write.address)
                if constant_value(op.write.address) is not None:
                    # Yosys turns a memory that is only written at constant addresses into registers, with a warning.
                    constant = self._names.unique(f"{name}_address")
                    before.append(f"wire {vector(width_of(op.write.address))}{constant} = {address};")
                    address = constant
                target = f"{name}[{address}]"
                lines += self._guarded(op.write.enable, f"{target} <= {self._expressions.text(op.write.data)};")
            for read in self._reads:
                if read.memory_op is op:
                    source = f"{name}[{self._expressions.text(read.address)}]"
                    lines += self._guarded(read.enable, f"{self._named[read.result]} <= {source};")
            if lines:
                blocks.append([*before, "always @(posedge clk) begin", *lines, "end"])
        return blocks

    def _guarded(self, enable: SSAValue, statement: str) -> list[str]:
        if constant_value(enable) == 1:
            return [f"  {statement}"]
        return _branches([(self._expressions.text(enable), [statement])])

    def _instance(self, op: rtl.InstanceOp) -> list[str]:
        child = self._plans[op.module_name]
        connections = [(port, port) for port, needed in (("clk", child.clk), ("rst", child.rst)) if needed]
        connections += [
            (child.ports[port], self._expressions.text(value))
            for port, value in zip(op.input_names, op.operands, strict=True)
        ]
        connections += [
            (child.ports[port], self._named[value]) for port, value in zip(op.output_names, op.results, strict=True)
        ]
        ports = [f"  .{port}({text})," for port, text in connections]
        if ports:
            ports[-1] = ports[-1][:-1]
        return [f"{child.name} {self._instance_names[op]} (", *ports, ");"]

    def _output_assignments(self) -> list[str]:
        pairs = zip(self._plan.op.output_op.operands, self._plan.outputs, strict=True)
        return [f"assign {port} = {self._expressions.text(v)};" for v, port in pairs if self._named.get(v) != port]

    def _unused(self) -> list[str]:
        """Bits that nothing reads, gathered in one place, so that tools see that they are left out on purpose."""
        unused: list[str] = []
        for value, name in self._named.items():
            if value in self._aliases or isinstance(value.type, rtl.MemoryType):
                continue
            width = width_of(value)
            used = self._expressions.used.get(value, 0)
            unused += [
                name if high - low + 1 == width else f"{name}[{high}:{low}]" if high > low else f"{name}[{low}]"
                for low, high in _runs(~used & ((1 << width) - 1))
            ]
        return [f"wire {self._names.unique('unused')} = &{{1'b0, {', '.join(unused)}}};"] if unused else []


def _branches(branches: list[tuple[str | None, list[str]]]) -> list[str]:
    """`if … else if … else`, each with its statements; None is a condition that always holds."""
    lines: list[str] = []
    for index, (condition, statements) in enumerate(branches):
        head = "else " if index else ""
        head += f"if ({condition}) " if condition is not None else ""
        lines.append(f"  {'end ' if index else ''}{head}begin")
        lines += [f"    {statement}" for statement in statements]
    return [*lines, "  end"]


def _runs(mask: int) -> list[tuple[int, int]]:
    """The runs of ones in a mask, from the highest down, as (lowest bit, highest bit)."""
    runs: list[tuple[int, int]] = []
    while mask:
        low = (mask & -mask).bit_length() - 1
        rest = mask >> low
        length = (~rest & (rest + 1)).bit_length() - 1
        runs.append((low, low + length - 1))
        mask &= ~(((1 << length) - 1) << low)
    return runs[::-1]


def _comment(line: str) -> str:
    """A comment line that no tool takes for a directive."""
    text = "".join(character if character.isprintable() else " " for character in line).rstrip(" \\")
    if re.match(r"\s*(verilator|synopsys|synthesis|pragma|translate|coverage|cadence|xilinx|yosys)\b", text, re.I):
        text = f"- {text.lstrip()}"
    return f"// {text}".rstrip()


def _parameter(value: Attribute) -> str:
    if isinstance(value, StringAttr):
        return value.data
    assert isinstance(value, IntegerAttr)
    return str(value.value.data)


def _indent(text: str) -> str:
    """Every line indented, and broken at spaces where it is long."""
    lines: list[str] = []
    for line in text.split("\n"):
        rest = f"  {line}"
        margin = " " * (len(rest) - len(rest.lstrip()) + 4)
        while len(rest) > LINE:
            cut = rest.rfind(" ", len(margin) + 1, LINE)
            if cut < 0:
                cut = rest.find(" ", LINE)
            if cut < 0:
                break
            lines.append(rest[:cut].rstrip())
            rest = margin + rest[cut + 1 :]
        lines.append(rest)
    return "\n".join(lines)
