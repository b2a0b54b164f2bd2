"""The `rtl` dialect: modules, instances, registers, memories and combinational operations.

It is the lowest level: it knows bits and clock edges, and neither spikes nor layers. See docs for its rationale.
"""

from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.ir import Attribute, Dialect, Operation

from e3ne.dialects.rtl.arithmetic import (
    AddOp,
    AndOp,
    ArithmeticOp,
    BitwiseOp,
    CompareOp,
    EqOp,
    MuxOp,
    NeOp,
    NotOp,
    OrOp,
    SleOp,
    SltOp,
    SubOp,
    UleOp,
    UltOp,
    XorOp,
)
from e3ne.dialects.rtl.attributes import (
    Bits,
    BitsAttr,
    MemoryType,
    Words,
    WordsAttr,
    address_width,
    bits_type,
    width_of,
)
from e3ne.dialects.rtl.base import CombinationalOp, ConstantOp, constant_value
from e3ne.dialects.rtl.bits import (
    ConcatOp,
    ExtractOp,
    ReduceAndOp,
    ReduceOp,
    ReduceOrOp,
    ReduceXorOp,
    ReplicateOp,
    SextOp,
    ZextOp,
)
from e3ne.dialects.rtl.instance import InstanceOp, find_module
from e3ne.dialects.rtl.memory import (
    MemoryOp,
    MemoryPortOp,
    MemoryReadOp,
    MemoryReadRegisteredOp,
    MemoryStyle,
    MemoryWriteOp,
)
from e3ne.dialects.rtl.register import RegisterOp
from e3ne.dialects.rtl.structure import ModuleOp, OutputOp
from e3ne.dialects.rtl.table import TableOp


class RtlConstantMaterialization(ConstantMaterializationInterface):
    """Makes `rtl.constant` of what the folders return."""

    def materialize_constant(self, value: Attribute, type: Attribute) -> Operation | None:
        return ConstantOp(value) if isinstance(value, BitsAttr) and type == bits_type(value.width) else None


RTL = Dialect(
    "rtl",
    [
        ModuleOp,
        OutputOp,
        InstanceOp,
        ConstantOp,
        AddOp,
        SubOp,
        AndOp,
        OrOp,
        XorOp,
        NotOp,
        EqOp,
        NeOp,
        UltOp,
        UleOp,
        SltOp,
        SleOp,
        MuxOp,
        ConcatOp,
        ExtractOp,
        ReplicateOp,
        ZextOp,
        SextOp,
        ReduceAndOp,
        ReduceOrOp,
        ReduceXorOp,
        TableOp,
        RegisterOp,
        MemoryOp,
        MemoryWriteOp,
        MemoryReadOp,
        MemoryReadRegisteredOp,
    ],
    [BitsAttr, WordsAttr, MemoryType],
    [RtlConstantMaterialization()],
)

__all__ = [
    "RTL",
    "AddOp",
    "AndOp",
    "ArithmeticOp",
    "Bits",
    "BitsAttr",
    "BitwiseOp",
    "CombinationalOp",
    "CompareOp",
    "ConcatOp",
    "ConstantOp",
    "EqOp",
    "ExtractOp",
    "InstanceOp",
    "MemoryOp",
    "MemoryPortOp",
    "MemoryReadOp",
    "MemoryReadRegisteredOp",
    "MemoryStyle",
    "MemoryType",
    "MemoryWriteOp",
    "ModuleOp",
    "MuxOp",
    "NeOp",
    "NotOp",
    "OrOp",
    "OutputOp",
    "ReduceAndOp",
    "ReduceOp",
    "ReduceOrOp",
    "ReduceXorOp",
    "RegisterOp",
    "ReplicateOp",
    "SextOp",
    "SleOp",
    "SltOp",
    "SubOp",
    "TableOp",
    "UleOp",
    "UltOp",
    "Words",
    "WordsAttr",
    "XorOp",
    "ZextOp",
    "address_width",
    "bits_type",
    "constant_value",
    "find_module",
    "width_of",
]
