"""Operations of CIRCT's hw, comb and seq that xDSL lacks, or prints as CIRCT does not read them.

They have CIRCT's names and, in text, CIRCT's syntax: where a result names what becomes of it in Verilog (registers,
memories) the custom one, else the generic one. They are written only, never parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    IntAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    i1,
)
from xdsl.dialects.hw import ArrayType, InnerSymAttr
from xdsl.dialects.seq import ClockType
from xdsl.ir import Attribute, Block, ParametrizedAttribute, Region, SSAValue, TypeAttribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    BaseAttr,
    IRDLOperation,
    ParamAttrConstraint,
    VarConstraint,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator

from e3ne.dialects.rtl.attributes import bits_type, width_of


@irdl_op_definition
class WireOp(IRDLOperation):
    """A value under a name that stays in the Verilog: its inner symbol, unique in the module, keeps it from removal."""

    name = "hw.wire"

    T: ClassVar = VarConstraint("T", BaseAttr(IntegerType))

    input = operand_def(T)
    inner_sym = prop_def(InnerSymAttr)
    wire_name = prop_def(StringAttr, prop_name="name")
    result = result_def(T)

    assembly_format = "$input `sym` $inner_sym `name` $name attr-dict `:` type($input)"

    def __init__(self, value: SSAValue, name: str) -> None:
        properties: dict[str, Attribute] = {"inner_sym": InnerSymAttr(name), "name": StringAttr(name)}
        super().__init__(operands=(value,), properties=properties, result_types=(value.type,))


@irdl_op_definition
class AggregateConstantOp(IRDLOperation):
    """A constant array; the element with the highest index comes first."""

    name = "hw.aggregate_constant"

    fields = prop_def(ArrayAttr[IntegerAttr])
    result = result_def(ArrayType)

    assembly_format = "$fields attr-dict `:` type($result)"

    def __init__(self, words: Sequence[int], width: int) -> None:
        """The array of `words`, word 0 first as one counts."""
        element = IntegerType(width)
        fields = ArrayAttr([IntegerAttr(word, element, truncate_bits=True) for word in reversed(words)])
        super().__init__(properties={"fields": fields}, result_types=(ArrayType(element, len(words)),))


@irdl_op_definition
class ParityOp(IRDLOperation):
    """The exclusive or of all bits. (xDSL prints the result's type where CIRCT reads the operand's.)"""

    name = "comb.parity"

    input = operand_def(IntegerType)
    result = result_def(i1)

    assembly_format = "$input attr-dict `:` type($input)"

    def __init__(self, value: SSAValue) -> None:
        super().__init__(operands=(value,), result_types=(i1,))


@irdl_attr_definition
class ImmutableType(ParametrizedAttribute, TypeAttribute):
    """What is known before the first cycle, `!seq.immutable<i8>`."""

    name = "seq.immutable"

    inner_type: IntegerType


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends `seq.initial`."""

    name = "seq.yield"

    value = operand_def(IntegerType)

    traits = traits_def(IsTerminator())

    def __init__(self, value: SSAValue) -> None:
        super().__init__(operands=(value,))


@irdl_op_definition
class InitialOp(IRDLOperation):
    """A value that is computed before the first cycle."""

    name = "seq.initial"

    body = region_def("single_block")
    result = result_def(ImmutableType)

    traits = traits_def(IsolatedFromAbove())

    def __init__(self, body: Block) -> None:
        """`body` ends with a YieldOp."""
        assert isinstance(body.last_op, YieldOp)
        value_type = bits_type(width_of(body.last_op.value))
        super().__init__(regions=(Region(body),), result_types=(ImmutableType(value_type),))


@irdl_op_definition
class CompRegClockEnabledOp(IRDLOperation):
    """A register with an enable; the reset value comes in whatever the enable says."""

    name = "seq.compreg.ce"

    T: ClassVar = VarConstraint("T", BaseAttr(IntegerType))

    input = operand_def(T)
    clk = operand_def(ClockType)
    clock_enable = operand_def(i1)
    reset = opt_operand_def(i1)
    reset_value = opt_operand_def(T)
    initial_value = opt_operand_def(ParamAttrConstraint(ImmutableType, (T,)))
    data = result_def(T)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    assembly_format = (
        "$input `,` $clk `,` $clock_enable (`reset` $reset^ `,` $reset_value)? (`initial` $initial_value^)? "
        "attr-dict `:` type($input)"
    )

    def __init__(
        self,
        value: SSAValue,
        clock: SSAValue,
        enable: SSAValue,
        reset: tuple[SSAValue, SSAValue] | None = None,
        initial: SSAValue | None = None,
    ) -> None:
        """`reset` is the reset and the value that it gives."""
        signal, reset_value = reset or (None, None)
        super().__init__(
            operands=(value, clock, enable, signal, reset_value, initial),
            result_types=(value.type,),
        )


@irdl_attr_definition
class HLMemType(ParametrizedAttribute, TypeAttribute):
    """A handle on a memory of `depth` words, `!seq.hlmem<16xi8>`."""

    name = "seq.hlmem"

    depth: IntAttr
    element_type: IntegerType

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.depth.data}x")
        printer.print_attribute(self.element_type)
        printer.print_string(">")


@irdl_op_definition
class HLMemOp(IRDLOperation):
    """A memory whose ports are read and write operations. While its reset is high nothing is written."""

    name = "seq.hlmem"

    memory_name = prop_def(StringAttr, prop_name="name")
    clk = operand_def(ClockType)
    rst = operand_def(i1)
    handle = result_def(HLMemType)

    def __init__(self, name: str, depth: int, width: int, clock: SSAValue, reset: SSAValue) -> None:
        handle = HLMemType(IntAttr(depth), IntegerType(width))
        super().__init__(operands=(clock, reset), properties={"name": StringAttr(name)}, result_types=(handle,))


@irdl_op_definition
class HLMemWriteOp(IRDLOperation):
    """A write port, of one cycle."""

    name = "seq.write"

    memory = operand_def(HLMemType)
    address = operand_def(IntegerType)
    data = operand_def(IntegerType)
    enable = operand_def(i1)
    latency = prop_def(IntegerAttr[I64])

    def __init__(self, memory: SSAValue, address: SSAValue, data: SSAValue, enable: SSAValue) -> None:
        super().__init__(operands=(memory, address, data, enable), properties={"latency": IntegerAttr(1, 64)})


@irdl_op_definition
class HLMemReadOp(IRDLOperation):
    """A read port, in the same cycle."""

    name = "seq.read"

    memory = operand_def(HLMemType)
    address = operand_def(IntegerType)
    enable = opt_operand_def(i1)
    latency = prop_def(IntegerAttr[I64])
    data = result_def(IntegerType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(self, memory: SSAValue, address: SSAValue) -> None:
        assert isinstance(memory.type, HLMemType)
        super().__init__(
            operands=(memory, address, None),
            properties={"latency": IntegerAttr(0, 64)},
            result_types=(memory.type.element_type,),
        )
