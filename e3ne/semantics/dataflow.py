"""Execution of a dataflow graph: the value of every beat and the cycle in which it is transferred."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import FlattenOp, GraphOp, SinkOp, SourceOp, TransformOp, UnitOp, integers_of, units_of
from e3ne.errors import E3neError
from e3ne.semantics.plan import INPUT, OUTPUT, Plan, Stage, StreamInfo
from e3ne.units.interface import layout_of
from e3ne.units.registry import unit_for


def find_graph(module: ModuleOp) -> GraphOp:
    """The dataflow graph of a module; raises E3neError when there is none or several."""
    graphs = [op for op in module.body.block.ops if isinstance(op, GraphOp)]
    if len(graphs) != 1:
        raise E3neError(f"a module with one dataflow.graph is needed, this one has {len(graphs)}")
    return graphs[0]


def find_laid_out_graph(module: ModuleOp) -> GraphOp:
    """The dataflow graph of a module, ready for schedule and hardware; raises E3neError while layouts are undecided."""
    graph = find_graph(module)
    streams = {unit.unit_name: unit.output_type for unit in units_of(graph) if isinstance(unit, TransformOp | SourceOp)}
    undecided = [name for name, stream in streams.items() if not stream.has_layout]
    if undecided:
        raise E3neError(f"no layout is decided for {', '.join(undecided)} (run dataflow-legalize-streams first)")
    return graph


def stream_name(value: SSAValue) -> str:
    """The name of a stream: that of the unit which gives it (a flattened stream keeps its name)."""
    owner = value.owner
    assert isinstance(owner, UnitOp)
    return stream_name(owner.input) if isinstance(owner, FlattenOp) else owner.unit_name


def plan(graph: GraphOp) -> Plan:
    """The stages of a graph whose layouts are decided."""
    stages: list[Stage] = []
    streams: list[StreamInfo] = []
    units = [op for op in units_of(graph) if not isinstance(op, FlattenOp)]
    consumers = {stream_name(op.input): op.unit_name for op in units if isinstance(op, TransformOp | SinkOp)}
    source = next(op for op in units if isinstance(op, SourceOp))
    image = source.output_type
    sink = next(op for op in units if isinstance(op, SinkOp))
    for op in units:
        taken = stream_name(op.input) if isinstance(op, TransformOp | SinkOp) else INPUT
        given = OUTPUT if isinstance(op, SinkOp) else op.unit_name
        kind = op.name.removeprefix("dataflow.")
        stages.append(Stage(op.unit_name, kind, op.layer.data, unit_for(op).model(op), taken, given))
        if isinstance(op, TransformOp | SourceOp):
            value = "" if op.value is None else op.value.data
            layout = layout_of(op.output_type)
            streams.append(StreamInfo(op.unit_name, op.unit_name, consumers[op.unit_name], layout, value))
    return Plan(
        graph.sym_name.data,
        tuple(stages),
        tuple(streams),
        source.image_shape,
        image.steps,
        source.bus.value.data,
        source.beats_per_image,
        sink.bus,
        sink.input_type.beats_per_image,
        () if source.numbers is None else tuple(integers_of(source, source.numbers).tolist()),
        image.frames if source.spikes is not None else 0,
        None if source.scale is None else source.scale.value.data,
        source.rate_coded is not None,
    )
