"""`convert-dataflow-to-rtl`: each unit becomes a module, the graph the top module that joins them."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from e3ne.dialects.dataflow import FlattenOp, GraphOp, ParameterOp, SinkOp, SourceOp, TransformOp, UnitOp, units_of
from e3ne.dialects.rtl import structure
from e3ne.dialects.rtl.builder import Instance, ModuleBuilder
from e3ne.semantics.dataflow import find_laid_out_graph, stream_name
from e3ne.units.registry import unit_for


@dataclass(frozen=True)
class ConvertDataflowToRtlPass(ModulePass):
    """Builds the hardware of every unit, and the top module with AXI4-Stream ports around them."""

    name = "convert-dataflow-to-rtl"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replaces graph and parameters by rtl modules; parameters are constants and memories from here on."""
        graph = find_laid_out_graph(op)
        units = [unit for unit in units_of(graph) if not isinstance(unit, FlattenOp)]
        modules = {unit.unit_name: unit_for(unit).build(unit) for unit in units}
        top = _top(graph, units, modules)
        block = op.body.block
        old: list[Operation] = [graph, *(o for o in block.ops if isinstance(o, ParameterOp))]
        for operation in old:
            operation.detach()
            operation.erase()
        block.add_ops([*modules.values(), top])


def _top(graph: GraphOp, units: list[UnitOp], modules: dict[str, structure.ModuleOp]) -> structure.ModuleOp:
    layers = list(dict.fromkeys(unit.layer.data for unit in units))
    m = ModuleBuilder(
        graph.sym_name.data,
        comment=f"Accelerator {graph.sym_name.data}: AXI4-Stream in and out, layers {', '.join(layers)}.",
        parameters={"units": len(units)},
    )
    instances: dict[str, Instance] = {name: m.instance(module, name) for name, module in modules.items()}
    for unit in units:
        instance = instances[unit.unit_name]
        if isinstance(unit, SourceOp):
            instance.connect("s_data", m.input("s_axis_tdata", unit.bus.value.data))
            instance.connect("s_valid", m.input("s_axis_tvalid", 1))
            m.output("s_axis_tready", instance["s_ready"])
        elif isinstance(unit, TransformOp | SinkOp):
            name = stream_name(unit.input)
            _join(m, name, instances[name], instance)
        if isinstance(unit, SinkOp):
            m.output("m_axis_tdata", instance["m_data"])
            m.output("m_axis_tvalid", instance["m_valid"])
            m.output("m_axis_tlast", instance["m_last"])
            instance.connect("m_ready", m.input("m_axis_tready", 1))
    return m.build()


def _join(m: ModuleBuilder, name: str, producer: Instance, consumer: Instance) -> None:
    wires: dict[str, SSAValue] = {
        "data": producer["m_data"],
        "valid": producer["m_valid"],
        "ready": consumer["s_ready"],
    }
    for suffix, value in wires.items():
        m.name(value, f"{name}_{suffix}")
    consumer.connect("s_data", wires["data"])
    consumer.connect("s_valid", wires["valid"])
    producer.connect("m_ready", wires["ready"])
