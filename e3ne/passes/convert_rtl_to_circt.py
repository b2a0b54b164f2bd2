"""`convert-rtl-to-circt`: from rtl to CIRCT's hw, comb and seq, as text that CIRCT parses and verifies.

Clock and reset become the first inputs of every module, `clk` and `rst`. Named results of instances, which are the
streams between units, keep their names in CIRCT's Verilog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from xdsl.context import Context
from xdsl.dialects import builtin, comb, hw, seq
from xdsl.dialects.builtin import ArrayAttr, IntegerType, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Operation, Region, SSAValue, TypeAttribute
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from e3ne.dialects import circt, rtl
from e3ne.dialects.rtl import width_of
from e3ne.dialects.rtl.names import name_hint, stable_hint
from e3ne.errors import E3neError
from e3ne.passes.circt_builder import CirctBuilder
from e3ne.passes.circt_memories import convert_memory


@dataclass(frozen=True)
class ConvertRtlToCirctPass(ModulePass):
    """Replaces every `rtl.module` by an `hw.module` that does the same in every cycle.

    A ROM becomes a constant array, a memory `seq.hlmem`, one with initial contents a register for each word; a
    registered read is a read in the same cycle and a register. Comments and parameters are dropped. Raises E3neError if
    there is anything but `rtl.module`.
    """

    name = "convert-rtl-to-circt"

    def apply(self, ctx: Context, op: builtin.ModuleOp) -> None:
        others = sorted({inner.name for inner in op.body.block.ops if not isinstance(inner, rtl.ModuleOp)})
        if others:
            raise E3neError(f"only rtl.module becomes CIRCT's hw.module, but there is also: {', '.join(others)}")
        for module in [inner for inner in op.body.block.ops if isinstance(inner, rtl.ModuleOp)]:
            Rewriter.replace_op(module, _converted(module), [])


def _converted(module: rtl.ModuleOp) -> hw.HWModuleOp:
    """The module in CIRCT's dialects; it takes over the body."""
    outputs = module.outputs
    block = module.body.detach_block(0)
    clock, reset = block.insert_arg(seq.clock, 0), block.insert_arg(builtin.i1, 1)
    clock.name_hint, reset.name_hint = "clk", "rst"
    inputs = zip(("clk", "rst", *module.input_names), block.args, strict=True)
    ports = [_port(name, argument.type, hw.Direction.INPUT) for name, argument in inputs]
    ports += [_port(name, IntegerType(width), hw.Direction.OUTPUT) for name, width in outputs.items()]
    operations = list(block.ops)
    for op in operations:
        if isinstance(op, rtl.MemoryOp):
            convert_memory(op, clock, reset)
    for op in operations:
        if not isinstance(op, rtl.MemoryOp | rtl.MemoryPortOp):
            _convert(op, CirctBuilder(clock, reset))
    for number, wire in enumerate([op for op in block.ops if isinstance(op, circt.WireOp)]):
        wire.inner_sym = hw.InnerSymAttr(f"wire{number}")  # names may come twice, symbols may not
    return hw.HWModuleOp(module.sym_name, hw.ModuleType(ArrayAttr(ports)), Region(block))


def _port(name: str, port_type: Attribute, direction: hw.Direction) -> hw.ModulePort:
    assert isinstance(port_type, TypeAttribute)
    return hw.ModulePort(StringAttr(name), port_type, hw.DirectionAttr(direction))


def _convert(op: Operation, build: CirctBuilder) -> None:
    """Replaces an operation. Those of its operands that are still to be converted are replaced in their turn."""
    results = _CONVERSIONS[type(op)](op, build)
    build.replace(op, results)


def _constant(op: rtl.ConstantOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.constant(op.value.value, op.value.width)]


def _add(op: rtl.AddOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.AddOp(op.operands))]


def _sub(op: rtl.SubOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.SubOp(op.lhs, op.rhs))]


def _and(op: rtl.AndOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.AndOp(op.operands))]


def _or(op: rtl.OrOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.OrOp(op.operands))]


def _xor(op: rtl.XorOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.XorOp(op.operands))]


def _not(op: rtl.NotOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.XorOp([op.input, build.constant(-1, op.width)]))]


def _compare(op: rtl.CompareOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.compare(op.name.removeprefix("rtl."), op.lhs, op.rhs)]


def _mux(op: rtl.MuxOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(comb.MuxOp(op.condition, op.if_true, op.if_false))]


def _concat(op: rtl.ConcatOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.concat(op.operands)]


def _extract(op: rtl.ExtractOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.extract(op.input, op.low, op.width)]


def _replicate(op: rtl.ReplicateOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.replicate(op.input, op.width)]


def _zext(op: rtl.ZextOp, build: CirctBuilder) -> Sequence[SSAValue]:
    missing = op.width - width_of(op.input)
    above = [build.constant(0, missing)] if missing else []
    return [build.concat([*above, op.input])]


def _sext(op: rtl.SextOp, build: CirctBuilder) -> Sequence[SSAValue]:
    source = width_of(op.input)
    missing = op.width - source
    above = [build.replicate(build.extract(op.input, source - 1, 1), missing)] if missing else []
    return [build.concat([*above, op.input])]


def _reduce_and(op: rtl.ReduceAndOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.compare("eq", op.input, build.constant(-1, width_of(op.input)))]


def _reduce_or(op: rtl.ReduceOrOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.compare("ne", op.input, build.constant(0, width_of(op.input)))]


def _reduce_xor(op: rtl.ReduceXorOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.add(circt.ParityOp(op.input))]


def _table(op: rtl.TableOp, build: CirctBuilder) -> Sequence[SSAValue]:
    return [build.look_up(op.words, op.width, op.address)]


def _register(op: rtl.RegisterOp, build: CirctBuilder) -> Sequence[SSAValue]:
    reset = None if op.reset is None else build.constant(op.reset.value, op.width)
    result = build.register(op.next, op.enable, reset)
    if op.register_name is not None:
        result.name_hint = name_hint(op.register_name.data)
    return [result]


def _instance(op: rtl.InstanceOp, build: CirctBuilder) -> Sequence[SSAValue]:
    inputs = [("clk", build.clock), ("rst", build.reset), *zip(op.input_names, op.operands, strict=True)]
    outputs = [(port, IntegerType(width_of(value))) for port, value in zip(op.output_names, op.results, strict=True)]
    made = hw.InstanceOp(op.instance_name.data, SymbolRefAttr(op.module_name), inputs, outputs)
    build.made.append(made)
    results: list[SSAValue] = []
    for old, new in zip(op.results, made.results, strict=True):
        hint = stable_hint(old.name_hint)
        results.append(build.add(circt.WireOp(new, hint)) if hint else new)
    return results


def _output(op: rtl.OutputOp, build: CirctBuilder) -> Sequence[SSAValue]:
    build.made.append(hw.OutputOp(op.operands))
    return []


_Convert = Callable[[Any, CirctBuilder], Sequence[SSAValue]]

_CONVERSIONS: Mapping[type[Operation], _Convert] = MappingProxyType(
    {
        rtl.ConstantOp: _constant,
        rtl.AddOp: _add,
        rtl.SubOp: _sub,
        rtl.AndOp: _and,
        rtl.OrOp: _or,
        rtl.XorOp: _xor,
        rtl.NotOp: _not,
        rtl.EqOp: _compare,
        rtl.NeOp: _compare,
        rtl.UltOp: _compare,
        rtl.UleOp: _compare,
        rtl.SltOp: _compare,
        rtl.SleOp: _compare,
        rtl.MuxOp: _mux,
        rtl.ConcatOp: _concat,
        rtl.ExtractOp: _extract,
        rtl.ReplicateOp: _replicate,
        rtl.ZextOp: _zext,
        rtl.SextOp: _sext,
        rtl.ReduceAndOp: _reduce_and,
        rtl.ReduceOrOp: _reduce_or,
        rtl.ReduceXorOp: _reduce_xor,
        rtl.TableOp: _table,
        rtl.RegisterOp: _register,
        rtl.InstanceOp: _instance,
        rtl.OutputOp: _output,
    }
)
"""How each operation but memories is built; its results in order."""
