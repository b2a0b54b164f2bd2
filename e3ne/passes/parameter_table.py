"""Changing the parameters of a module: what several passes over snn need."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import Operation

from e3ne.dialects.external import Array
from e3ne.dialects.parameter import identifier, unused
from e3ne.dialects.snn import ParameterOp


@dataclass(frozen=True)
class ParameterTable:
    """The parameters of one module. Symbols are looked up in the module each time, so other changes do no harm."""

    module: ModuleOp

    def assign(self, op: Operation, field: str, wanted: str, array: Array, width: int | None = None) -> None:
        """Makes property `field` of `op` refer to a parameter with this value.

        The parameter that the property refers to now is changed in place if nothing else uses it; otherwise a new one
        is made, called `wanted` or, if that is taken, `wanted_1` and so on.
        """
        current = op.properties.get(field)
        if isinstance(current, SymbolRefAttr) and self._uses(current.string_value()) == 1:
            self.set(current.string_value(), array, width)
        else:
            op.properties[field] = SymbolRefAttr(self.define(wanted, array, width))

    def define(self, wanted: str, array: Array, width: int | None = None) -> str:
        """Adds a parameter before the first operation that is none; gives its symbol."""
        taken = {self._symbol(op) for op in self.module.body.block.ops}
        name = unused(identifier(wanted), taken)
        parameter = ParameterOp(name, array, width)
        block = self.module.body.block
        after = next((op for op in block.ops if not isinstance(op, ParameterOp)), None)
        if after is None:
            block.add_op(parameter)
        else:
            block.insert_op_before(parameter, after)
        return name

    def set(self, symbol: str, array: Array, width: int | None = None) -> None:
        """Gives an existing parameter another value, shape and type."""
        for op in self.module.body.block.ops:
            if isinstance(op, ParameterOp) and op.sym_name.data == symbol:
                fresh = ParameterOp(symbol, array, width)
                op.properties.clear()
                op.properties.update(fresh.properties)

    def erase_unused(self) -> None:
        """Removes the parameters that nothing refers to."""
        used = {name for op in self.module.walk() for name in _references(op)}
        for op in list(self.module.body.block.ops):
            if isinstance(op, ParameterOp) and op.sym_name.data not in used:
                op.detach()
                op.erase()

    def _uses(self, symbol: str) -> int:
        return sum(_references(op).count(symbol) for op in self.module.walk())

    @staticmethod
    def _symbol(op: Operation) -> str:
        name = op.properties.get("sym_name")
        return "" if name is None else str(getattr(name, "data", ""))


def _references(op: Operation) -> list[str]:
    return [value.string_value() for value in op.properties.values() if isinstance(value, SymbolRefAttr)]
