"""What a module builder hands out for things that are completed later: wires, registers, memories, instances.

`where` names the module in messages.
"""

from __future__ import annotations

from xdsl.ir import Block, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, result_def

from e3ne.dialects.rtl import (
    InstanceOp,
    MemoryOp,
    MemoryReadOp,
    MemoryReadRegisteredOp,
    MemoryWriteOp,
    ModuleOp,
    RegisterOp,
    bits_type,
    width_of,
)
from e3ne.dialects.rtl.base import BITS


@irdl_op_definition
class ForwardReferenceOp(IRDLOperation):
    """Stands for a value that is given later; not part of the dialect, and gone when a module is built."""

    name = "rtl.forward_reference"
    result = result_def(BITS)


class Wire:
    """A value that may be used before it is known: `value` now, `assign` later, exactly once."""

    def __init__(self, where: str, width: int) -> None:
        self._where = where
        self._reference = ForwardReferenceOp.create(result_types=(bits_type(width),))
        self._source: SSAValue | None = None

    @property
    def value(self) -> SSAValue:
        return self._reference.results[0]

    @property
    def source(self) -> SSAValue | None:
        """What has been assigned."""
        return self._source

    def assign(self, value: SSAValue) -> None:
        """Gives the wire its value. Raises ValueError if it has one, or if the widths differ."""
        if self._source is not None:
            raise ValueError(f"a wire of {self._where} is assigned twice")
        require_width(value, width_of(self.value), f"the value of a wire of {self._where}")
        self._source = value


class Register:
    """A register with feedback: `value` now, `drive` later, exactly once."""

    def __init__(self, where: str, op: RegisterOp) -> None:
        self._where = where
        self._op = op
        self.driven = False

    @property
    def value(self) -> SSAValue:
        return self._op.result

    @property
    def name(self) -> str:
        return self._op.register_name.data if self._op.register_name is not None else ""

    def drive(self, next: SSAValue, enable: SSAValue | None = None) -> None:
        """Says what is stored at the clock edge, and when. Raises ValueError if driven already or widths differ."""
        where = f'register "{self.name}" of {self._where}'
        if self.driven:
            raise ValueError(f"{where} is driven twice")
        require_width(next, width_of(self.value), f"the next value of {where}")
        if enable is not None:
            require_width(enable, 1, f"the enable of {where}")
        self.driven = True
        self._op.operands = (next,) if enable is None else (next, enable)


class Memory:
    """A memory; addresses have exactly `address_width` bits."""

    def __init__(self, where: str, block: Block, op: MemoryOp) -> None:
        self._where = where
        self._block = block
        self._op = op

    @property
    def address_width(self) -> int:
        return self._op.memory_type.address_width

    def _ports(self, address: SSAValue, data: SSAValue | None, enable: SSAValue | None) -> list[SSAValue]:
        where = f'memory "{self._op.memory_name.data}" of {self._where}'
        require_width(address, self.address_width, f"the address of {where}")
        operands: list[SSAValue] = [self._op.result, address]
        if data is not None:
            require_width(data, self._op.memory_type.width, f"the data of {where}")
            operands.append(data)
        if enable is not None:
            require_width(enable, 1, f"the enable of {where}")
            operands.append(enable)
        return operands

    def write(self, address: SSAValue, data: SSAValue, enable: SSAValue) -> None:
        """The write port: at the clock edge, if `enable` is high. Raises ValueError if there is one already."""
        if self._op.write is not None:
            raise ValueError(f'memory "{self._op.memory_name.data}" of {self._where} has two write ports')
        self._block.add_op(MemoryWriteOp.create(operands=self._ports(address, data, enable)))

    def read(self, address: SSAValue) -> SSAValue:
        """The word at `address` in the same cycle; not of a block memory."""
        if self._op.style == "block":
            raise ValueError(f'memory "{self._op.memory_name.data}" of {self._where} has registered reads only')
        result = bits_type(self._op.memory_type.width)
        op = MemoryReadOp.create(operands=self._ports(address, None, None), result_types=(result,))
        self._block.add_op(op)
        return op.result

    def read_registered(self, address: SSAValue, enable: SSAValue) -> SSAValue:
        """The word at `address` one cycle later, held while `enable` is low; the old word if written just then."""
        result = bits_type(self._op.memory_type.width)
        op = MemoryReadRegisteredOp.create(operands=self._ports(address, None, enable), result_types=(result,))
        self._block.add_op(op)
        return op.result


class Instance:
    """An instance: `instance[port]` is an output's value; each input is connected exactly once."""

    def __init__(self, where: str, op: InstanceOp, module: ModuleOp) -> None:
        self._where = where
        self._op = op
        self._inputs = {port: index for index, port in enumerate(op.input_names)}
        self._widths = module.inputs
        self._outputs = dict(zip(op.output_names, op.results, strict=True))
        self.unconnected = set(self._inputs)

    @property
    def name(self) -> str:
        return self._op.instance_name.data

    def __getitem__(self, port: str) -> SSAValue:
        """The value of an output port. Raises ValueError if there is none of that name."""
        if port not in self._outputs:
            raise ValueError(f'instance "{self.name}" of {self._where} has no output "{port}"')
        return self._outputs[port]

    def connect(self, port: str, value: SSAValue) -> None:
        """Connects an input port. Raises ValueError if unknown or connected already, or if the widths differ."""
        where = f'instance "{self.name}" of {self._where}'
        if port not in self._inputs:
            raise ValueError(f'{where} has no input "{port}"')
        if port not in self.unconnected:
            raise ValueError(f'input "{port}" of {where} is connected twice')
        require_width(value, self._widths[port], f'input "{port}" of {where}')
        self.unconnected.discard(port)
        self._op.operands[self._inputs[port]] = value


def require_width(value: SSAValue, width: int, what: str) -> None:
    """Raises ValueError unless `value` has `width` bits."""
    if width_of(value) != width:
        raise ValueError(f"{what} has {width_of(value)} bits, expected {width}")
