"""From an integer network to Verilog, with decisions made by hand on the way, or by the compiler."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr
from xdsl.utils.exceptions import VerifyException

from e3ne.backends.verilog.target import print_verilog
from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    FlattenOp,
    LifOp,
    MatvecOp,
    Order,
    PoolOp,
    ReplayOp,
    SinkOp,
    SourceOp,
    SumFramesOp,
    TransformOp,
    UnitOp,
    WindowOp,
    number,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.options import Options
from e3ne.passes.convert_snn_to_dataflow import ConvertSnnToDataflowPass
from e3ne.passes.dataflow_check_ranges import DataflowCheckRangesPass
from e3ne.passes.dataflow_fold import DataflowFoldPass, foldings
from e3ne.passes.dataflow_insert_fifos import DataflowInsertFifosPass
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass
from e3ne.passes.dataflow_set_target import DataflowSetTargetPass
from e3ne.passes.pipelines import hardware_stages
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import Plan
from e3ne.units.fire import Fire
from e3ne.units.interface import Choice
from e3ne.units.matvec import Matvec
from e3ne.units.matvec_table import MAXIMAL_FOLD_BITS
from e3ne.verification.decisions import Decisions, Folding

SMALL_LUT_DEVICE = "ecp5-85"

_DECIDED: Mapping[type[UnitOp], tuple[str, ...]] = {
    MatvecOp: (
        *("output_lanes", "input_lanes", "parallel_steps", "order"),
        *("implementation", "weight_memory", "stationary"),
    ),
    WindowOp: ("lanes", "parallel_steps", "parallel_out"),
    FireOp: ("parallel_steps", "stages", "threshold_memory"),
    FifoOp: ("depth",),
}
"""Properties of units that are decisions."""


class BrokenDesignError(Exception):
    """The compiler refuses its own design: no mistake of a user."""


@dataclass(frozen=True)
class Lowered:
    """A design at all levels: integer network, graph, plan of the graph, rtl, and Verilog files by name."""

    name: str
    integer: ModuleOp
    graph: ModuleOp
    plan: Plan
    hardware: ModuleOp
    verilog: Mapping[str, str]


def arrange(network: ModuleOp, decisions: Decisions) -> ModuleOp:
    """A graph for a target, with all decisions that precede layouts but those by unit; the network stays as it is."""
    module, context = network.clone(), Context()
    ConvertSnnToDataflowPass().apply(context, module)
    if decisions.pools_first:
        DataflowPoolBeforeFirePass(interval=1).apply(context, module)
    DataflowParallelizePixelsPass(decisions.pixels).apply(context, module)
    _name_sink(module)
    module.verify()
    _fold(module, decisions)
    DataflowFoldPass(interval=decisions.interval).apply(context, module)
    if _has_small_luts(decisions):
        DataflowSetTargetPass().apply(context, module)
    return module


def lay_out(network: ModuleOp, decisions: Decisions) -> ModuleOp:
    """The graph with layouts and FIFOs. Raises KeyError for choices of units that there are not."""
    module, context = arrange(network, decisions), Context()
    left = _write(module, decisions.choices)
    _lay_out_streams(module, decisions)
    module.verify()
    _place(module, decisions)
    left = _write(module, left)
    if decisions.fifo_depth:
        _insert_fifos(module, decisions)
    else:
        DataflowInsertFifosPass().apply(context, module)
    left = _write(module, left)
    if left:
        raise KeyError(f"no unit of {find_graph(module).sym_name.data} is called {', '.join(left)}")
    module.verify()
    return module


def lower(network: ModuleOp, decisions: Decisions) -> Lowered:
    """Runs all passes; the network itself stays as it is. Errors as in `lay_out`, and E3neError where it is refused."""
    graph = _as_compiled(network, decisions) if decisions.objective else lay_out(network, decisions)
    return build(network, graph, decisions)


def build(network: ModuleOp, graph: ModuleOp, decisions: Decisions) -> Lowered:
    """The hardware of a graph with layouts and FIFOs, which stays as it is."""
    module, found = graph.clone(), plan(find_graph(graph))
    options = Options(device=SMALL_LUT_DEVICE) if _has_small_luts(decisions) else Options()
    try:
        DataflowCheckRangesPass().apply(Context(), module)
        run_passes(module, ",".join(hardware_stages(options)[-1].passes))
    except E3neError as error:
        raise BrokenDesignError(str(error)) from error
    return Lowered(found.name, network, graph, found, module, print_verilog(module))


def choices_of(design: Lowered, decisions: Decisions) -> dict[str, Choice]:
    """What was decided for each unit, as `Decisions` has it; none where the compiler has decided."""
    found: dict[str, Choice] = {}
    for unit in _units(design.graph) if not decisions.objective else ():
        if isinstance(unit, FifoOp) and not decisions.fifo_depth:
            continue
        made: dict[str, int | str] = {}
        for name in _DECIDED.get(type(unit), ()):
            match unit.properties.get(name):
                case IntegerAttr() as value if value.value.data:
                    made[name] = value.value.data
                case StringAttr() as value if value.data:
                    made[name] = value.data
                case _:
                    pass
        if made:
            found[_local(design.graph, unit)] = made
    return found


def _as_compiled(network: ModuleOp, decisions: Decisions) -> ModuleOp:
    module = network.clone()
    convert, *stages, _ = hardware_stages(Options(objective=decisions.objective, interval=decisions.interval))
    run_passes(module, ",".join(convert.passes))
    _name_sink(module)
    # Ranges are checked where the compiler may not refuse a design any more.
    for name in (each for stage in stages for each in stage.passes if each != DataflowCheckRangesPass.name):
        run_passes(module, name)
    return module


def _lay_out_streams(module: ModuleOp, decisions: Decisions) -> None:
    """Choices of several units may each be legal, and exclude each other: widths of which neither divides the other."""
    try:
        DataflowLegalizeStreamsPass().apply(Context(), module)
    except VerifyException as error:
        if decisions.seed is None and not decisions.choices:
            raise
        raise E3neError(f"choices that were drawn do not go together: {error}") from error


def _name_sink(module: ModuleOp) -> None:
    graph = find_graph(module)
    for unit in units_of(graph):
        if isinstance(unit, SinkOp):
            # Modules of several designs are simulated together, and all sinks have one name.
            unit.unit = StringAttr(f"{graph.sym_name.data}_sink")


def _local(module: ModuleOp, unit: UnitOp) -> str:
    """The name of a unit behind that of the network."""
    return unit.unit_name.removeprefix(find_graph(module).sym_name.data)


def _has_small_luts(decisions: Decisions) -> bool:
    return decisions.small_luts or (decisions.seed is not None and decisions.seed % 2 == 1)


def _write(module: ModuleOp, choices: Mapping[str, Choice]) -> Mapping[str, Choice]:
    """Writes the choices of units that there are; returns those of the others, which come to be later."""
    units = {_local(module, unit): unit for unit in _units(module)}
    for name, choice in choices.items():
        if name in units:
            _choose(units[name], **choice)
    return {name: choice for name, choice in choices.items() if name not in units}


def _units(module: ModuleOp) -> list[UnitOp]:
    return units_of(find_graph(module))


def _fold(module: ModuleOp, decisions: Decisions) -> None:
    for index, op in enumerate(unit for unit in _units(module) if isinstance(unit, MatvecOp)):
        rng, folding = _rng(module, op, decisions), decisions.foldings.get(index)
        if folding is None and rng is not None:
            folding = _random_folding(op, rng)
        if folding is not None:
            _set(op, folding)
    for index, op in enumerate(unit for unit in _units(module) if isinstance(unit, FireOp)):
        rng, neurons = _rng(module, op, decisions), decisions.neurons.get(index)
        choice = None if rng is None else rng.choice(Fire().legal_choices(op))
        if neurons is not None:
            _choose(op, parallel_steps=neurons.parallel, stages=neurons.stages, threshold_memory=neurons.memory)
        elif choice is not None:
            _choose(op, **choice)
    for pool in [unit for unit in _units(module) if isinstance(unit, PoolOp)]:
        window, rng = pool.input.owner, _rng(module, pool, decisions)
        assert isinstance(window, WindowOp)
        steps = decisions.pool_steps or (0 if rng is None else rng.choice((0, *_divisors(window.input_type.steps))))
        if steps and not pool.input_type.signed:
            _choose(window, parallel_steps=steps, parallel_out=1)


def _rng(module: ModuleOp, unit: UnitOp, decisions: Decisions) -> random.Random | None:
    """Of its own for each unit, so that what is drawn for it stays when another one goes."""
    return None if decisions.seed is None else random.Random(f"{decisions.seed}:{_local(module, unit)}")


def _choose(op: UnitOp, **choices: int | str) -> None:
    for name, value in choices.items():
        op.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def _set(op: MatvecOp, folding: Folding) -> None:
    inputs = folding.inputs or op.input_type.channels
    _choose(
        op,
        output_lanes=folding.outputs or op.outputs.value.data,
        input_lanes=inputs,
        parallel_steps=folding.parallel,
        order=folding.order.value,
        implementation=folding.implementation,
        weight_memory=folding.weight_memory,
        stationary=folding.stationary,
    )
    window = op.input.owner
    if folding.window and isinstance(window, WindowOp):
        steps = folding.window_steps or folding.parallel
        _choose(window, lanes=inputs // window.size, parallel_steps=steps, parallel_out=folding.parallel)


def _random_folding(op: MatvecOp, rng: random.Random) -> Folding:
    """One that the stream before the unit can supply; tables only where they hold the folds, shared sums for one."""
    lanes = rng.choice(list(foldings(op)))
    op.output_lanes, op.input_lanes = number(lanes.outputs), number(lanes.inputs)
    op.parallel_steps = number(lanes.parallel)
    bits = Matvec().fold(op).address_bits
    legal: list[Literal["table", "shared", "adder", "event"]] = ["adder"]
    if bits <= MAXIMAL_FOLD_BITS:
        legal.append("table")
    if not bits:
        legal.append("shared")
    if lanes.parallel == 1 and not op.why_not_event:
        legal.append("event")
    implementation = rng.choice(legal)
    whole = lanes.parallel == op.input_type.steps and implementation != "event"
    parts = rng.choice(_divisors(op.input_type.steps // lanes.parallel))
    return Folding(
        lanes.outputs,
        lanes.inputs,
        lanes.parallel,
        rng.choice(list(Order)),
        implementation,
        rng.choice(["distributed", "block"]),
        rng.random() < 0.7,
        rng.choice(["output", "input"]) if whole else "output",
        lanes.parallel * parts,
    )


def _place(module: ModuleOp, decisions: Decisions) -> None:
    for unit in _units(module):
        if decisions.memory and isinstance(unit, WindowOp):
            unit.memory = StringAttr(decisions.memory)
        if decisions.memory and isinstance(unit, LifOp | SumFramesOp):
            unit.state_memory = StringAttr("block" if decisions.memory == "block" else "distributed")
        if decisions.memory and isinstance(unit, ReplayOp):
            unit.memory = StringAttr("block" if decisions.memory == "block" else "distributed")


def _insert_fifos(module: ModuleOp, decisions: Decisions) -> None:
    for unit in _units(module):
        if not isinstance(unit, SourceOp | TransformOp) or isinstance(unit, FlattenOp):
            continue
        rng = _rng(module, unit, decisions)
        depth = decisions.fifo_depth if rng is None else rng.randint(1, decisions.fifo_depth)
        fifo = FifoOp(f"{unit.unit_name}_fifo", unit.layer.data, unit.output, depth)
        block = unit.parent_block()
        assert block is not None
        block.insert_op_after(fifo, unit)
        unit.output.replace_uses_with_if(fifo.output, lambda use, new=fifo: use.operation is not new)
