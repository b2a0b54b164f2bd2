"""A builder for `rtl.module`: hardware described by Python functions.

Widths are checked at once, where the mistake is made; what is left undriven is reported by `build`.
All errors of a caller of this class are ValueError or VerifyException: they are mistakes in a unit, not of the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl import (
    AddOp,
    AndOp,
    BitsAttr,
    CombinationalOp,
    ConcatOp,
    ConstantOp,
    EqOp,
    ExtractOp,
    InstanceOp,
    MemoryOp,
    MemoryStyle,
    MemoryType,
    ModuleOp,
    MuxOp,
    NeOp,
    NotOp,
    OrOp,
    OutputOp,
    ReduceAndOp,
    ReduceOrOp,
    ReduceXorOp,
    RegisterOp,
    ReplicateOp,
    SextOp,
    SleOp,
    SltOp,
    SubOp,
    TableOp,
    UleOp,
    UltOp,
    WordsAttr,
    XorOp,
    ZextOp,
    bits_type,
    width_of,
)
from e3ne.dialects.rtl.builder_handles import (
    ForwardReferenceOp,
    Instance,
    Memory,
    Register,
    Wire,
    require_width,
)
from e3ne.dialects.rtl.names import name_hint

__all__ = ["Instance", "Memory", "ModuleBuilder", "Register", "Wire", "width_of"]


class ModuleBuilder:
    """Builds one module; clock and synchronous reset are implicit.

    Values are xDSL SSA values of integer types. Operations fold when their operands are constants or when they
    change nothing, so that the value returned may be an existing one.
    """

    def __init__(self, name: str, *, comment: str = "", parameters: Mapping[str, int | str] | None = None) -> None:
        """`comment` and `parameters` document the module, and are printed above it in Verilog."""
        self._name = name
        self._comment = comment
        self._parameters = {} if parameters is None else dict(parameters)
        self._block = Block()
        self._input_names: list[str] = []
        self._outputs: dict[str, SSAValue] = {}
        self._constants: dict[tuple[int, int], SSAValue] = {}
        self._registers: list[Register] = []
        self._wires: list[Wire] = []
        self._instances: dict[str, Instance] = {}
        self._undriven: dict[int, SSAValue] = {}
        self._built = False

    @property
    def where(self) -> str:
        """The module, as messages name it."""
        return f"module @{self._name}"

    def insert(self, op: Operation) -> Operation:
        """Appends an operation to the module, and returns it."""
        self._block.add_op(op)
        return op

    def _emit(self, op: CombinationalOp) -> SSAValue:
        """Appends an operation, or what it folds to. Raises VerifyException if its widths do not agree."""
        try:
            op.verify_()
        except VerifyException as error:
            raise VerifyException(f"{self.where}: {op.name}: {error}") from None
        folded = op.fold()
        if folded is None:
            self._block.add_op(op)
            return op.results[0]
        op.erase()
        value = folded[0]
        if isinstance(value, BitsAttr):
            return self.constant(value.value, value.width)
        assert isinstance(value, SSAValue)
        return value

    def _placeholder(self, width: int) -> SSAValue:
        """What an operand is until it is given; one for each width."""
        if width not in self._undriven:
            self._undriven[width] = ForwardReferenceOp.create(result_types=(bits_type(width),)).results[0]
        return self._undriven[width]

    # Ports

    def input(self, name: str, width: int) -> SSAValue:
        """A new input port of `width` bits."""
        self._input_names.append(name)
        value = self._block.insert_arg(bits_type(width), len(self._block.args))
        value.name_hint = name_hint(name)
        return value

    def output(self, name: str, value: SSAValue) -> None:
        """A new output port that carries `value`. Raises ValueError if there is one of this name."""
        if name in self._outputs:
            raise ValueError(f'{self.where} has two outputs named "{name}"')
        self._outputs[name] = value

    # Combinational operations

    def constant(self, value: int, width: int) -> SSAValue:
        """`value` modulo 2^`width`."""
        if width < 1:
            raise ValueError(f"{self.where}: a constant has at least 1 bit, got {width}")
        key = (value & ((1 << width) - 1), width)
        if key not in self._constants:
            self._constants[key] = self.insert(ConstantOp(BitsAttr.of(*key))).results[0]
        return self._constants[key]

    def add(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """Sum modulo 2^width of two values of one width."""
        return self._emit(AddOp.create_from((a, b), width_of(a)))

    def sub(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """Difference modulo 2^width of two values of one width."""
        return self._emit(SubOp.create_from((a, b), width_of(a)))

    def and_(self, *xs: SSAValue) -> SSAValue:
        """Bitwise and of one or more values of one width."""
        return self._emit(AndOp.create_from(xs, width_of(xs[0])))

    def or_(self, *xs: SSAValue) -> SSAValue:
        """Bitwise or of one or more values of one width."""
        return self._emit(OrOp.create_from(xs, width_of(xs[0])))

    def xor(self, *xs: SSAValue) -> SSAValue:
        """Bitwise exclusive or of one or more values of one width."""
        return self._emit(XorOp.create_from(xs, width_of(xs[0])))

    def not_(self, a: SSAValue) -> SSAValue:
        """Bitwise complement."""
        return self._emit(NotOp.create_from((a,), width_of(a)))

    def eq(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where equal."""
        return self._emit(EqOp.create_from((a, b)))

    def ne(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where not equal."""
        return self._emit(NeOp.create_from((a, b)))

    def ult(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where a < b, unsigned."""
        return self._emit(UltOp.create_from((a, b)))

    def ule(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where a <= b, unsigned."""
        return self._emit(UleOp.create_from((a, b)))

    def slt(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where a < b, two's complement."""
        return self._emit(SltOp.create_from((a, b)))

    def sle(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """1 where a <= b, two's complement."""
        return self._emit(SleOp.create_from((a, b)))

    def mux(self, condition: SSAValue, if_true: SSAValue, if_false: SSAValue) -> SSAValue:
        """`if_true` where the one-bit condition is 1, else `if_false`."""
        return self._emit(MuxOp.create_from(condition, if_true, if_false))

    def concat(self, *parts: SSAValue) -> SSAValue:
        """Parts side by side, the first one most significant."""
        return self._emit(ConcatOp.create_from(parts))

    def extract(self, value: SSAValue, low: int, width: int = 1) -> SSAValue:
        """Bits low … low + width − 1."""
        return self._emit(ExtractOp.create_from(value, low, width))

    def replicate(self, value: SSAValue, times: int) -> SSAValue:
        """`value` side by side, `times` times."""
        return self._emit(ReplicateOp.create_from(value, times * width_of(value)))

    def zext(self, value: SSAValue, width: int) -> SSAValue:
        """`value` with zeros above it; the same value if it has `width` bits already."""
        return self._emit(ZextOp.create_from(value, width))

    def sext(self, value: SSAValue, width: int) -> SSAValue:
        """`value` with copies of its sign above it; the same value if it has `width` bits already."""
        return self._emit(SextOp.create_from(value, width))

    def reduce_and(self, a: SSAValue) -> SSAValue:
        """1 if all bits are 1."""
        return self._emit(ReduceAndOp.create_from((a,)))

    def reduce_or(self, a: SSAValue) -> SSAValue:
        """1 if any bit is 1."""
        return self._emit(ReduceOrOp.create_from((a,)))

    def reduce_xor(self, a: SSAValue) -> SSAValue:
        """1 if an odd number of bits are 1."""
        return self._emit(ReduceXorOp.create_from((a,)))

    def table(self, address: SSAValue, words: Sequence[int], width: int) -> SSAValue:
        """Word number `address` of a constant list of words of `width` bits; 0 beyond the last one."""
        return self._emit(TableOp.create_from(address, WordsAttr.of(words, width)))

    # State

    def register(self, width: int, name: str, reset: int | None = None) -> Register:
        """A register whose next value is given later. `reset` is taken modulo 2^`width`."""
        register = Register(self.where, self._register_op(self._placeholder(width), None, reset, name))
        self._registers.append(register)
        return register

    def reg(
        self,
        next: SSAValue,
        *,
        enable: SSAValue | None = None,
        reset: int | None = None,
        name: str | None = None,
    ) -> SSAValue:
        """`next`, one clock edge later; held while `enable` is low. `reset` is taken modulo 2^width."""
        if enable is not None:
            require_width(enable, 1, f"the enable of a register of {self.where}")
        return self._register_op(next, enable, reset, name).result

    def _register_op(
        self, next_value: SSAValue, enable: SSAValue | None, reset: int | None, name: str | None
    ) -> RegisterOp:
        reset_attr = None if reset is None else BitsAttr.of(reset, width_of(next_value))
        op = RegisterOp.create_from(next_value, enable, reset_attr, None if name is None else StringAttr(name))
        if name is not None:
            op.result.name_hint = name_hint(name)
        self._block.add_op(op)
        return op

    def memory(
        self, width: int, depth: int, name: str, *, style: MemoryStyle, init: Sequence[int] | None = None
    ) -> Memory:
        """A memory of `depth` words of `width` bits; without a write port it is a ROM and needs `init`."""
        words = None if init is None else WordsAttr.of(init, width)
        op = MemoryOp.create_from(name, MemoryType.of(depth, width), style, words)
        op.result.name_hint = name_hint(name)
        self._block.add_op(op)
        return Memory(self.where, self._block, op)

    # Structure

    def instance(self, module: ModuleOp, name: str) -> Instance:
        """An instance of `module`. Raises ValueError if there is one of this name."""
        if name in self._instances:
            raise ValueError(f'{self.where} has two instances named "{name}"')
        inputs = [(port, self._placeholder(width)) for port, width in module.inputs.items()]
        op = InstanceOp.create_from(name, module.sym_name.data, inputs, tuple(module.outputs.items()))
        self._block.add_op(op)
        self._instances[name] = Instance(self.where, op, module)
        return self._instances[name]

    def wire(self, width: int) -> Wire:
        """A value of `width` bits that is given later."""
        self._wires.append(Wire(self.where, width))
        return self._wires[-1]

    def name(self, value: SSAValue, name: str) -> SSAValue:
        """Suggests a name for `value`, and returns it."""
        value.name_hint = name_hint(name)
        return value

    def build(self) -> ModuleOp:
        """The finished, verified module; the builder cannot be used afterwards.

        Raises ValueError that lists every register, wire and instance input that was not driven, and VerifyException
        if the module is not legal.
        """
        problems = [f'register "{register.name}" is not driven' for register in self._registers if not register.driven]
        for instance in self._instances.values():
            problems += [
                f'input "{port}" of instance "{instance.name}" is not connected'
                for port in sorted(instance.unconnected)
            ]
        unassigned = sum(wire.source is None for wire in self._wires)
        if unassigned:
            problems.append(f"{unassigned} of {len(self._wires)} wires are not assigned")
        if problems:
            raise ValueError(f"{self.where}: " + "; ".join(problems))
        if self._built:
            raise ValueError(f"{self.where} has been built already")
        self._built = True
        self._block.add_op(OutputOp.create(operands=tuple(self._outputs.values())))
        self._resolve_wires()
        parameters: dict[str, Attribute] = {
            key: IntegerAttr(value, 64) if isinstance(value, int) else StringAttr(value)
            for key, value in self._parameters.items()
        }
        module = ModuleOp(
            self._name,
            self._input_names,
            tuple(self._outputs),
            Region(self._block),
            comment=self._comment,
            parameters=DictionaryAttr(parameters),
        )
        module.verify()
        return module

    def _resolve_wires(self) -> None:
        """Replaces every wire by what was assigned to it. Raises ValueError if wires are assigned in a circle."""
        sources = {wire.value: wire.source for wire in self._wires if wire.source is not None}
        for wire in self._wires:
            source, steps = sources[wire.value], 0
            while source in sources:
                source, steps = sources[source], steps + 1
                if steps > len(sources):
                    raise ValueError(f"{self.where}: wires are assigned to each other in a circle")
            wire.value.replace_all_uses_with(source)
