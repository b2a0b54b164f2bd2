"""Combinational operations as Verilog expressions: what is written in place, what gets a wire.

An expression has exactly the width of its value and depends on no context: operands of an operator have equal widths
everywhere, and what is beside them in a concatenation, index or reduction is self-determined in Verilog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from xdsl.ir import Operation, SSAValue

from e3ne.backends.verilog.hierarchy import ModulePlan, is_combinational
from e3ne.backends.verilog.literals import bit_column, literal, vector
from e3ne.backends.verilog.names import Names
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of
from e3ne.dialects.rtl.names import stable_hint

LONGEST_INLINE = 60
"""Characters; a longer expression gets a wire of its own."""
WIDEST_VECTOR_TABLE = 8
"""Address bits; a table with a wider address is printed as a memory, one word a line."""

_BINARY: dict[type[Operation], str] = {
    rtl.AddOp: " + ",
    rtl.SubOp: " - ",
    rtl.AndOp: " & ",
    rtl.OrOp: " | ",
    rtl.XorOp: " ^ ",
    rtl.EqOp: " == ",
    rtl.NeOp: " != ",
    rtl.UltOp: " < ",
    rtl.UleOp: " <= ",
    rtl.SltOp: " < ",
    rtl.SleOp: " <= ",
}
_REDUCTION: dict[type[Operation], str] = {rtl.ReduceAndOp: "&", rtl.ReduceOrOp: "|", rtl.ReduceXorOp: "^"}


class Binding(IntEnum):
    """How tightly an expression holds together."""

    ATOM = 0
    UNARY = 1
    OPERATOR = 2


@dataclass(frozen=True)
class Expression:
    """Text, and whether it needs parentheses as an operand."""

    text: str
    binding: Binding = Binding.ATOM

    def within(self, binding: Binding) -> str:
        """The text, in parentheses if it holds together less tightly than `binding`."""
        return self.text if self.binding <= binding else f"({self.text})"


class Expressions:
    """The expressions of one module.

    `declarations` collects the wires and tables that they need, in an order in which each is declared before its use;
    `used` says which bits of each named value are mentioned (a mask).
    """

    def __init__(self, plan: ModulePlan, names: Names, named: dict[SSAValue, str], aliases: set[SSAValue]) -> None:
        """`named` holds the names of ports and state; `aliases` are the values that are known by an output's name."""
        self._names = names
        self._named = named
        self._aliases = aliases
        self._inline: dict[SSAValue, Expression] = {}
        self._tables: dict[tuple[int, int], str] = {}
        self._order = _topological(plan)
        self._uses, self._needs_name = _count_uses(plan)
        self.declarations: list[str] = []
        self.used: dict[SSAValue, int] = {}

    def build(self) -> None:
        """Writes all combinational operations of the module."""
        late = {value for value in self._order.cyclic if value not in self._aliases}
        for value in sorted(late, key=self._order.position.__getitem__):
            self._name(value)
            self.declarations.append(f"wire {vector(width_of(value))}{self._named[value]};")
        for op in self._order.operations:
            value = op.results[0]
            expression = self._write(op)
            if value in self._aliases or value in late:
                self.declarations.append(f"assign {self._named[value]} = {expression.text};")
            elif self._stays_inline(op, expression):
                self._inline[value] = expression
            else:
                self._name(value)
                self.declarations.append(f"wire {vector(width_of(value))}{self._named[value]} = {expression.text};")

    def of(self, value: SSAValue) -> Expression:
        """The expression of a value, whatever it is."""
        if value in self._inline:
            return self._inline[value]
        if isinstance(value.owner, rtl.ConstantOp):
            return Expression(literal(value.owner.value.value, value.owner.value.width))
        self.used[value] = (1 << width_of(value)) - 1
        return Expression(self._named[value])

    def text(self, value: SSAValue) -> str:
        """The expression of a value where no parentheses are needed."""
        return self.of(value).text

    def _name(self, value: SSAValue) -> None:
        self._named[value] = self._names.unique(stable_hint(value.name_hint) or "n")

    def _stays_inline(self, op: Operation, expression: Expression) -> bool:
        value = op.results[0]
        if value in self._needs_name or stable_hint(value.name_hint):
            return False
        if len(expression.text) > LONGEST_INLINE:
            return False
        cheap = isinstance(op, rtl.ExtractOp | rtl.NotOp) and expression.binding <= Binding.UNARY
        return cheap or self._uses[value] == 1

    def _write(self, op: Operation) -> Expression:
        for kind, symbol in _BINARY.items():
            if isinstance(op, kind):
                signed = isinstance(op, rtl.SltOp | rtl.SleOp)
                operands = [self._operand(operand, signed) for operand in op.operands]
                return Expression(symbol.join(operands), Binding.OPERATOR)
        for kind, symbol in _REDUCTION.items():
            if isinstance(op, kind):
                return Expression(symbol + self.of(op.operands[0]).within(Binding.ATOM), Binding.OPERATOR)
        return self._writers[type(op)](self, op)

    def _operand(self, value: SSAValue, signed: bool) -> str:
        return f"$signed({self.text(value)})" if signed else self.of(value).within(Binding.UNARY)

    def _not(self, op: rtl.NotOp) -> Expression:
        return Expression("~" + self.of(op.input).within(Binding.ATOM), Binding.UNARY)

    def _mux(self, op: rtl.MuxOp) -> Expression:
        condition, if_true, if_false = (self.of(operand).within(Binding.UNARY) for operand in op.operands)
        return Expression(f"{condition} ? {if_true} : {if_false}", Binding.OPERATOR)

    def _concat(self, op: rtl.ConcatOp) -> Expression:
        return Expression("{" + ", ".join(self.text(part) for part in op.operands) + "}")

    def _replicate(self, op: rtl.ReplicateOp) -> Expression:
        return Expression(f"{{{op.times}{{{self.text(op.input)}}}}}")

    def _zext(self, op: rtl.ZextOp) -> Expression:
        return Expression(f"{{{literal(0, op.width - width_of(op.input))}, {self.text(op.input)}}}")

    def _sext(self, op: rtl.SextOp) -> Expression:
        source = width_of(op.input)
        text = self.text(op.input)
        if source == 1:
            return Expression(f"{{{op.width}{{{text}}}}}")
        return Expression(f"{{{{{op.width - source}{{{text}[{source - 1}]}}}}, {text}}}")

    def _extract(self, op: rtl.ExtractOp) -> Expression:
        name = self._named[op.input]
        self.used[op.input] = self.used.get(op.input, 0) | ((1 << op.width) - 1) << op.low
        high = op.low + op.width - 1
        return Expression(f"{name}[{high}:{op.low}]" if op.width > 1 else f"{name}[{high}]")

    def _memory_read(self, op: rtl.MemoryReadOp) -> Expression:
        return Expression(f"{self._named[op.memory]}[{self.text(op.address)}]")

    def _table(self, op: rtl.TableOp) -> Expression:
        address = width_of(op.address)
        text = self.text(op.address)
        if address > WIDEST_VECTOR_TABLE:
            return Expression(f"{self._memory_table(op)}[{text}]")
        bits: list[str] = []
        for bit in reversed(range(op.width)):
            column = bit_column(op.words, bit)
            if column in (0, (1 << (1 << address)) - 1):
                bits.append(literal(column & 1, 1))
            else:
                bits.append(f"{self._vector_table(column, 1 << address)}[{text}]")
        return Expression(bits[0] if len(bits) == 1 else "{" + ", ".join(bits) + "}")

    def _vector_table(self, column: int, size: int) -> str:
        """The name of a constant of `size` bits that the address selects one of; equal ones are shared."""
        key = (column, size)
        if key not in self._tables:
            self._tables[key] = self._names.unique("t")
            self.declarations.append(f"wire {vector(size)}{self._tables[key]} = {literal(column, size)};")
        return self._tables[key]

    def _memory_table(self, op: rtl.TableOp) -> str:
        """The name of a memory that holds the words."""
        name = self._names.unique("t")
        size = 1 << width_of(op.address)
        words = (*op.words, *([0] * (size - len(op.words))))
        # "logic" is what Yosys calls a ROM of LUTs; "distributed" asks it for LUT RAM, which cannot be one.
        self.declarations.append('(* rom_style = "logic" *)')
        self.declarations.append(f"reg {vector(op.width)}{name} [0:{size - 1}];")
        self.declarations.append(initial_block(name, words, op.width))
        return name

    _writers: dict[type[Operation], Callable[..., Expression]] = {
        rtl.NotOp: _not,
        rtl.MuxOp: _mux,
        rtl.ConcatOp: _concat,
        rtl.ReplicateOp: _replicate,
        rtl.ZextOp: _zext,
        rtl.SextOp: _sext,
        rtl.ExtractOp: _extract,
        rtl.MemoryReadOp: _memory_read,
        rtl.TableOp: _table,
    }


def initial_block(name: str, words: tuple[int, ...], width: int) -> str:
    """Sets the words of a memory before the first cycle."""
    lines = [f"  {name}[{index}] = {literal(word, width)};" for index, word in enumerate(words)]
    return "\n".join(["initial begin", *lines, "end"])


@dataclass(frozen=True)
class _Order:
    """Combinational operations, operands first; values in `cyclic` are used before they can be written."""

    operations: tuple[Operation, ...]
    cyclic: frozenset[SSAValue]

    @property
    def position(self) -> dict[SSAValue, int]:
        return {op.results[0]: index for index, op in enumerate(self.operations)}


def _topological(plan: ModulePlan) -> _Order:
    """Depth first from each operation in turn, so that the order follows from the order of the operations alone."""
    order: dict[Operation, None] = {}
    cyclic: set[SSAValue] = set()
    for root in plan.op.block.ops:
        if root not in plan.live or root in order or not root.results or not is_combinational(root.results[0]):
            continue
        path: dict[Operation, int] = {root: 0}
        while path:
            op, position = path.popitem()
            if position == len(op.operands):
                order[op] = None
                continue
            path[op] = position + 1
            operand = op.operands[position]
            if not is_combinational(operand):
                continue
            assert isinstance(operand.owner, Operation)
            if operand.owner in path:
                cyclic.add(operand)
            elif operand.owner not in order:
                path[operand.owner] = 0
    return _Order(tuple(order), frozenset(cyclic))


def _count_uses(plan: ModulePlan) -> tuple[dict[SSAValue, int], set[SSAValue]]:
    """How often each value is written, and the values of which bits are selected, so that they need a name."""
    uses: dict[SSAValue, int] = {}
    needs_name: set[SSAValue] = set()
    groups: set[tuple[SSAValue, bool]] = set()
    for op in plan.op.block.ops:
        if op not in plan.live:
            continue
        for index, operand in enumerate(op.operands):
            if isinstance(op, rtl.RegisterOp) and index == 1:
                # The registers of one group share one `if`.
                group = (operand, op.reset is not None)
                if group in groups:
                    continue
                groups.add(group)
            uses[operand] = uses.get(operand, 0) + 1
        if (
            isinstance(op, rtl.ExtractOp)
            or (isinstance(op, rtl.SextOp) and width_of(op.input) > 1)
            or (isinstance(op, rtl.TableOp) and op.width > 1)
        ):
            needs_name.add(op.operands[0])
        if isinstance(op, rtl.MemoryWriteOp):
            # Yosys makes registers of a memory that is read within the address of a write.
            needs_name.add(op.address)
    return uses, needs_name
