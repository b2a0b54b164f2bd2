"""Networks with residual connections as chains, which hardware takes: spikes that are needed later go along.

Layers that take spikes of the same age become one layer, beside each other by channel. Spikes that a later layer
takes pass through it: a neuron that forgets at once repeats them. Every spike is what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import UnionType

import numpy as np

from e3ne.dialects.parameter import unused
from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Operation,
    Pool,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.merging import Drive, Term, Train, merged_neuron, merged_synapse, passing_on
from e3ne.frontends.spiking.shapes import result_shape

INPUT = -1


def as_chain(network: SpikingNetwork) -> SpikingNetwork:
    """The network itself if it is a chain, else one that gives the same spikes.

    A layer of it has the name of the first of the layers that it stands for, and their neurons in its first channels.
    Raises `E3neError` for what cannot come together: pools inside of residual blocks, other rules, strides or sizes.
    """
    if all(node.inputs == (place - 1,) for place, node in enumerate(network.nodes)):
        return network
    return _Chaining(network).run()


@dataclass
class _Chaining:
    network: SpikingNetwork
    result: list[Node] = field(default_factory=list[Node])
    drives: dict[int, Drive] = field(default_factory=dict[int, Drive])
    owners: dict[Train, int] = field(default_factory=dict[Train, int])
    """the trains in hand, in the order of their channels, and the nodes that gave them"""
    done: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        nodes = self.network.nodes
        self.end = len(nodes)
        """stands for the output among what takes a train"""
        self.takers: dict[int, set[int]] = {}
        for place in range(self.end - 1, INPUT - 1, -1):
            self.takers[place] = {self.end} if place == self.end - 1 else set()
            for after, node in enumerate(nodes):
                if place in node.inputs:
                    self.takers[place] |= self.takers[after] if _is_linear(node.operation) else {after}

    def run(self) -> SpikingNetwork:
        self._have({Train("input", self.network.input_shape): INPUT})
        while True:
            self._add_up()
            if (pool := next(self._pools(), None)) is not None:
                self._pool(pool)
            elif neurons := [each for each in self._waiting(Neuron) if self._source(each) in self.drives]:
                self._layer(neurons)
            else:
                break
        self._finish()
        return replace(self.network, nodes=self.result)

    def _have(self, trains: dict[Train, int]) -> None:
        self.owners = trains
        for train, place in trains.items():
            self.drives.setdefault(place, Drive((Term(train),), train.shape))

    def _add_up(self) -> None:
        """The drives of all weights, scales and sums whose inputs are there."""
        for place, node in enumerate(self.network.nodes):
            if place not in self.drives and _is_linear(node.operation) and all(i in self.drives for i in node.inputs):
                self.drives[place] = _combined(node, [self.drives[each] for each in node.inputs])

    def _waiting(self, kind: UnionType | type) -> Iterator[int]:
        """Nodes of a kind that are to be made, and that something takes."""
        for place, node in enumerate(self.network.nodes):
            if isinstance(node.operation, kind) and place not in self.done and self.takers[place]:
                yield place

    def _source(self, place: int) -> int:
        return self.network.nodes[place].inputs[0]

    def _needed(self, train: Train) -> set[int]:
        return self.takers[self.owners[train]] - self.done

    def _pools(self) -> Iterator[int]:
        """Pools and flattens that are the next thing to happen to all spikes in hand."""
        for place in self._waiting(Pool | Flatten):
            if self._source(place) in self.drives and all(self._needed(train) == {place} for train in self.owners):
                yield place

    def _pool(self, place: int) -> None:
        node = self.network.nodes[place]
        drive = self.drives[self._source(place)]
        if any(term.weights is not None for term in drive.terms):
            raise E3neError(f"layer '{node.name}' pools or flattens drives, which is supported in chains alone")
        if isinstance(node.operation, Pool) and node.operation.kind == "max" and len(drive.terms) > 1:
            raise E3neError(f"layer '{node.name}' is a max pool of a sum of spikes, which is not supported")
        adds = isinstance(node.operation, Pool) and node.operation.kind != "max"
        now = {
            train: Train(node.name, result_shape(node.operation, [train.shape]), "sums" if adds else train.holds)
            for train in self.owners
        }
        shapes = [train.shape for train in now.values()]
        self._append(node.name, node.operation, (sum(shape[0] for shape in shapes), *shapes[0][1:]))
        self.drives[place] = Drive(tuple(replace(term, train=now[term.train]) for term in drive.terms), node.shape)
        self.done.add(place)
        self.owners = dict.fromkeys(now.values(), place)

    def _layer(self, places: Sequence[int]) -> None:
        """All neurons that can be computed, and the spikes that are needed after them."""
        nodes = [self.network.nodes[place] for place in places]
        drives = [self.drives[node.inputs[0]] for node in nodes]
        self.done.update(places)
        passed = {train: place for train, place in self.owners.items() if self._needed(train)}
        first, source = nodes[0], nodes[0].inputs[0]
        self._check_passed(first, passed)
        weight = _power_of_two(drives)
        every = [*drives, *(passing_on(train, weight) for train in passed)]
        try:
            synapse = merged_synapse(every, list(self.owners)) if len(every) > 1 else self._synapse(drives[0])
            neurons = [(node.operation, node.shape[0]) for node in nodes if isinstance(node.operation, Neuron)]
            neuron = merged_neuron(neurons, [(train.shape[0], weight) for train in passed])
        except E3neError as error:
            raise E3neError(f"layer '{first.name}': {error}") from error
        channels = sum(drive.shape[0] for drive in every)
        name = f"{first.name}_drive" if source == INPUT else self.network.nodes[source].name
        self._append(name, synapse, (channels, *first.shape[1:]))
        self._append(first.name, neuron, (channels, *first.shape[1:]))
        holds = "several" if neuron.several else "one"
        given = {Train(node.name, node.shape, holds): place for place, node in zip(places, nodes, strict=True)}
        self._have(given | passed)

    def _check_passed(self, first: Node, passed: Mapping[Train, int]) -> None:
        """Raises `E3neError` for what neurons cannot repeat."""
        several = isinstance(first.operation, Neuron) and first.operation.several
        for train, place in passed.items():
            what = None
            if place == INPUT:
                what = "a connection from the input past neurons is not supported"
            elif train.holds == "sums":
                what = f"the sums of spikes of '{train.name}' cannot go past neurons; spikes can"
            elif train.holds == "several" and not several:
                what = f"neurons of one spike a step cannot pass on those of '{train.name}', which has several"
            if what is not None:
                raise E3neError(f"layer '{first.name}': {what}")

    def _synapse(self, drive: Drive) -> Convolution | Linear:
        """A layer of its own, as it is if it is one."""
        (term, *more) = drive.terms
        if more or term.weights is None or list(self.owners) != [term.train]:
            return merged_synapse([drive], list(self.owners))
        return replace(term.weights, weights=term.factor * term.weights.weights, bias=drive.bias)

    def _append(self, name: str, operation: Operation, shape: tuple[int, ...]) -> None:
        free = unused(name, {node.name for node in self.result})
        self.result.append(Node(free, operation, (len(self.result) - 1,), shape))

    def _finish(self) -> None:
        last = self.network.nodes[-1]
        wrong = [self.network.nodes[place].name for place in self._waiting(Neuron | Pool | Flatten)]
        if wrong:
            raise E3neError(
                f"layers {', '.join(wrong)}: in residual blocks only what pools all spikes alike is supported"
            )
        drive = self.drives[self.end - 1]
        if _is_linear(last.operation) or len(self.owners) > 1 or len(drive.terms) > 1:
            self._append(last.name, self._synapse(drive), last.shape)


def _is_linear(operation: Operation) -> bool:
    return isinstance(operation, Convolution | Linear | Scale | Add)


def _combined(node: Node, given: Sequence[Drive]) -> Drive:
    """What a layer without neurons makes of drives. Raises `E3neError` if weights follow weights."""
    (first, *_), operation = given, node.operation
    match operation:
        case Add():
            terms = tuple(term for drive in given for term in drive.terms)
            biases = [drive.bias for drive in given if drive.bias is not None]
            return Drive(terms, node.shape, np.sum(biases, axis=0) if biases else None)
        case Scale(factor=factor):
            terms = tuple(replace(term, factor=factor * term.factor) for term in first.terms)
            return Drive(terms, node.shape, None if first.bias is None else factor * first.bias)
        case _:
            assert isinstance(operation, Convolution | Linear)
            if any(term.weights is not None for term in first.terms):
                raise E3neError(f"layer '{node.name}' follows weights without neurons in between")
            return Drive(tuple(replace(t, weights=operation) for t in first.terms), node.shape, operation.bias)


def _power_of_two(drives: Sequence[Drive]) -> float:
    """One that is not larger than the largest weight: among these it takes no further bits."""
    sizes = [
        abs(term.factor) * float(np.abs(term.weights.weights).max()) for d in drives for term in d.terms if term.weights
    ]
    largest = max(sizes, default=0.0)
    return float(2.0 ** np.floor(np.log2(largest))) if largest > 0 else 1.0
