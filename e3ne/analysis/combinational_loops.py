"""Combinational loops of a design, across its hierarchy.

Each module is examined once. An instance contributes, for each output, the inputs that it depends on within the same
cycle, so that valid and ready may run through a module in opposite directions. Registers and registered memory reads
end a path. A first search looks at whole values; what it finds is examined bit by bit, so that bits packed into one
value and taken out again are no loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx
from xdsl.dialects import builtin
from xdsl.ir import Block, SSAValue

from e3ne.analysis.module_hierarchy import instantiation_order
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of

Dependencies = Mapping[str, frozenset[str]]
"""For each output of a module the inputs that it depends on in the same cycle."""
_Bit = tuple[SSAValue, int]
"""A bit of a value; bit −1 stands for "any of them"."""
_ANY = -1


@dataclass(frozen=True)
class CombinationalLoop:
    """A loop, by the module in which it closes and the values along it; the first value follows on the last."""

    module: str
    path: tuple[str, ...]

    def message(self) -> str:
        """One line for the user."""
        return f"combinational loop in module @{self.module}: {' -> '.join((*self.path, self.path[0]))}"


def combinational_loops(design: builtin.ModuleOp) -> list[CombinationalLoop]:
    """One loop for each set of values that depend on each other, in the order of the modules.

    Raises E3neError if a module instantiates itself or an unknown one.
    """
    modules = {op.sym_name.data: op for op in design.body.block.ops if isinstance(op, rtl.ModuleOp)}
    dependencies: dict[str, Dependencies] = {}
    loops: dict[str, list[CombinationalLoop]] = {}
    for name in instantiation_order(modules):
        loops[name] = list(_loops_of(modules[name], dependencies))
        dependencies[name] = module_dependencies(modules[name], dependencies)
    return [loop for name in modules for loop in loops[name]]


def sources(value: SSAValue, dependencies: Mapping[str, Dependencies]) -> Iterable[SSAValue]:
    """The values that `value` is computed from in the same cycle."""
    op = value.owner
    match op:
        case rtl.CombinationalOp():
            return op.operands
        case rtl.MemoryReadOp():
            return (op.address,)
        case rtl.InstanceOp():
            port = op.output_names[op.results.index(value)]
            needed = dependencies[op.module_name][port]
            return [v for name, v in zip(op.input_names, op.operands, strict=True) if name in needed]
        case _:
            return ()


def module_dependencies(module: rtl.ModuleOp, dependencies: Mapping[str, Dependencies]) -> Dependencies:
    """For each output of `module` the inputs that it depends on; `dependencies` has those of its instances."""
    inputs: dict[SSAValue, str] = dict(zip(module.block.args, module.input_names, strict=True))
    result: dict[str, frozenset[str]] = {}
    for name, output in zip(module.output_names, module.output_op.operands, strict=True):
        seen: set[SSAValue] = {output}
        pending: list[SSAValue] = [output]
        while pending:
            for source in sources(pending.pop(), dependencies):
                if source not in seen:
                    seen.add(source)
                    pending.append(source)
        result[name] = frozenset(inputs[value] for value in seen if value in inputs)
    return result


def _loops_of(module: rtl.ModuleOp, dependencies: Mapping[str, Dependencies]) -> Iterator[CombinationalLoop]:
    graph: nx.DiGraph[SSAValue] = nx.DiGraph()
    for op in module.block.ops:
        for value in op.results:
            graph.add_edges_from((source, value) for source in sources(value, dependencies))
    for component in list(nx.strongly_connected_components(graph)):
        if len(component) > 1 or any(graph.has_edge(value, value) for value in component):
            yield from _bit_loops(module, component, dependencies)


def _bit_loops(
    module: rtl.ModuleOp, values: set[SSAValue], dependencies: Mapping[str, Dependencies]
) -> Iterator[CombinationalLoop]:
    """The loops among `values` that remain when every bit is looked at by itself."""
    graph: nx.DiGraph[_Bit] = nx.DiGraph()
    position: dict[SSAValue, int] = {v: i for i, v in enumerate(v for op in module.block.ops for v in op.results)}
    ordered = sorted(values, key=lambda value: position[value])
    for value in ordered:
        for bit in (_ANY, *range(width_of(value))):
            drivers = _bit_sources(value, bit, dependencies)
            graph.add_edges_from((driver, (value, bit)) for driver in drivers if driver[0] in values)
    reported: set[frozenset[SSAValue]] = set()
    for component in nx.strongly_connected_components(graph):
        if len(component) == 1 and not any(graph.has_edge(bit, bit) for bit in component):
            continue
        # The bits of a word that go round side by side are one loop for a reader.
        involved = frozenset(value for value, _ in component)
        if involved in reported:
            continue
        reported.add(involved)
        start = min(component, key=lambda bit: (position[bit[0]], bit[1]))
        names = [_describe(value, bit) for value, bit in _shortest_cycle(graph, start) if bit != _ANY]
        yield CombinationalLoop(module.sym_name.data, tuple(dict.fromkeys(names)))


def _shortest_cycle(graph: nx.DiGraph[_Bit], start: _Bit) -> list[_Bit]:
    """The nodes of a shortest cycle through `start`, which must be on one."""
    backwards = nx.single_source_shortest_path(graph.reverse(copy=False), start)
    return min((backwards[node][::-1] for node in graph.successors(start) if node in backwards), key=len)


def _bit_sources(value: SSAValue, bit: int, dependencies: Mapping[str, Dependencies]) -> Iterator[_Bit]:
    """The bits that one bit is computed from; for bit `_ANY`, all bits of all values that `value` depends on."""
    if bit == _ANY:
        yield from ((s, b) for s in sources(value, dependencies) for b in range(width_of(s)))
        return
    match op := value.owner:
        case rtl.ConcatOp():
            low = op.width
            for part in op.operands:
                low -= width_of(part)
                if low <= bit < low + width_of(part):
                    yield part, bit - low
        case rtl.ExtractOp():
            yield op.input, op.low + bit
        case rtl.ZextOp():
            if bit < width_of(op.input):
                yield op.input, bit
        case rtl.SextOp():
            yield op.input, min(bit, width_of(op.input) - 1)
        case rtl.ReplicateOp():
            yield op.input, bit % width_of(op.input)
        case rtl.MuxOp():
            yield from ((op.condition, 0), (op.if_true, bit), (op.if_false, bit))
        case rtl.BitwiseOp() | rtl.NotOp():
            yield from ((operand, bit) for operand in op.operands)
        case rtl.ArithmeticOp():
            yield from ((operand, bit) for operand in op.operands)
            if bit > 0:
                yield value, bit - 1  # the carry depends on all that the bit below depends on
        case _:
            yield value, _ANY


def _describe(value: SSAValue, bit: int) -> str:
    """How a message names a bit of a value."""
    op = value.owner
    if isinstance(op, rtl.InstanceOp):
        name = f"{op.instance_name.data}.{op.output_names[op.results.index(value)]}"
    elif value.name_hint is not None or isinstance(op, Block):
        name = value.name_hint or "?"
    else:
        name = f"({op.name})"
    return f"{name}[{bit}]" if width_of(value) > 1 else name
