"""The traced graph of one time step, to a spiking network. It imports PyTorch: import it inside functions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import fx, nn
from torch.nn import functional

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, Flatten, Neuron, Node, Operation, Scale, SpikingNetwork
from e3ne.frontends.spiking.module_layers import (
    IDENTITIES,
    LAYERS,
    SUPPORTED,
    check_flatten,
    read_layer,
    with_batch_norm,
)
from e3ne.frontends.spiking.module_tracer import CHAINS, package_of, trace
from e3ne.frontends.spiking.shapes import Shape, result_shape

_ADDITIONS = cast("tuple[object, ...]", (operator.add, operator.iadd, torch.add))  # pyright: ignore[reportUnknownMemberType]
_PRODUCTS = cast("tuple[object, ...]", (operator.mul, operator.imul, torch.mul, torch.multiply))  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True)
class Library:
    """What the import must know of a library.

    `neurons` make a neuron of a module and its shape by the name of its class; they raise `E3neError`. A module of
    `returns_states` gives (spikes, states...) and not spikes alone. `lead` dimensions come before those of a sample:
    batch, or time and batch.
    """

    package: str
    neurons: Mapping[str, Callable[[nn.Module, Shape], Neuron]]
    returns_states: Callable[[nn.Module], bool]
    lead: int = 1


@dataclass(frozen=True)
class _Outputs:
    """What a neuron gives with its states: the spikes are at `place`."""

    place: int
    neuron: str


@dataclass(frozen=True)
class _State:
    """A neuron's state, or what may become one; None if it comes from outside."""

    neuron: str | None


_Value = int | _Outputs | _State | None
"""A place in the list of nodes (−1 is the input), or what is no result of a layer; None is a number or a shape."""


def import_module(module: nn.Module, input_shape: Shape, name: str, library: Library) -> SpikingNetwork:
    """The network of a module for one sample of `input_shape`, (C, H, W) or (N,).

    Raises one `E3neError` that names every module that is not supported.
    """
    if len(input_shape) not in (1, 3) or min(input_shape) < 1:
        raise E3neError(f"the shape of an input is (C, H, W) or (N,), not {input_shape}")
    if hooked := _hooked(module):
        raise E3neError(
            f"network '{name}': {', '.join(hooked)} has hooks (pruning, weight_norm, ...), which change its "
            "result; make them permanent first (prune.remove, remove_weight_norm, handle.remove)"
        )
    traced = trace(module)
    walk = _Walk(module, input_shape, library, traced.tensors)
    for node in traced.graph.nodes:
        walk.visit(node)
    if walk.problems:
        lines = "\n".join(f"  - {problem}" for problem in walk.problems)
        neurons = ", ".join(library.neurons)
        raise E3neError(f"network '{name}' cannot be imported:\n{lines}\nsupported are: {neurons}; {SUPPORTED}")
    return SpikingNetwork(name, input_shape, walk.nodes)


def _hooked(root: nn.Module) -> list[str]:
    """The modules whose forward() is not all that they do."""
    parts = cast("Iterator[tuple[str, nn.Module]]", root.named_modules())
    return [
        f"module '{path}' ({type(part).__name__})" if path else "the network itself"
        for path, part in parts
        if any(vars(part).get(hooks) for hooks in ("_forward_hooks", "_forward_pre_hooks"))
    ]


@dataclass(eq=False)
class _Walk:
    """Goes over the traced graph, collecting nodes and problems."""

    root: nn.Module
    input_shape: Shape
    library: Library
    tensors: Mapping[str, torch.Tensor]
    nodes: list[Node] = field(default_factory=list[Node])
    values: dict[fx.Node, _Value] = field(default_factory=dict["fx.Node", _Value])
    spoiled: set[fx.Node] = field(default_factory=set["fx.Node"])
    called: set[str] = field(default_factory=set[str])
    problems: list[str] = field(default_factory=list[str])

    def visit(self, node: fx.Node) -> None:
        """Takes the next node of the graph; what depends on one with a problem is passed over."""
        if any(source in self.spoiled for source in node.all_input_nodes):
            self.spoiled.add(node)
            return
        try:
            self.values[node] = self._value(node)
        except E3neError as error:
            self.spoiled.add(node)
            self.problems.append(f"{self._described(node)}: {error}" if node.op != "output" else str(error))

    def _value(self, node: fx.Node) -> _Value:
        match node.op:
            case "placeholder":
                return _State(None) if -1 in self.values.values() else -1
            case "get_attr":
                return None
            case "call_module":
                return self._module(node)
            case "call_function":
                return self._function(node)
            case "call_method":
                return self._method(node)
            case "output":
                return self._output(node)
            case _:
                raise E3neError("it is not supported")

    def _described(self, node: fx.Node) -> str:
        if node.op != "call_module":
            return f"operation '{node.name}'"
        return f"module '{node.target}' ({type(self.root.get_submodule(str(node.target))).__name__})"

    def _module(self, node: fx.Node) -> _Value:
        path = str(node.target)
        module = self.root.get_submodule(path)
        kind, package = type(module).__name__, package_of(module)
        if package == self.library.package and kind in self.library.neurons:
            return self._neuron(node, path, module, self._place(node.args[0] if node.args else None))
        place = self._place(_bound(node, "input").get("input"))
        if package not in ("torch", "spikingjelly"):
            raise E3neError("it is not supported")
        if kind in IDENTITIES:
            return place
        if kind in ("BatchNorm1d", "BatchNorm2d"):
            return self._batch_norm(node, module, place)
        if kind not in LAYERS:
            raise E3neError("it is not supported")
        return self._append(path, read_layer(module, self._shape(place), self._lead(node)), [place])

    def _neuron(self, node: fx.Node, path: str, module: nn.Module, place: int) -> _Value:
        if path in self.called:
            raise E3neError("it is called several times; forward() must run one time step")
        self.called.add(path)
        for state in (*node.args[1:], *node.kwargs.values()):
            self._check_state(state)
        neuron = self.library.neurons[type(module).__name__](module, self._shape(place))
        result = self._append(path, neuron, [place])
        return _Outputs(result, path) if self.library.returns_states(module) else result

    def _check_state(self, state: object) -> None:
        """Refuses a state that is not what the step before left, or nothing before the first step."""
        if state is None:
            return
        if isinstance(state, fx.Node) and state.op == "get_attr":
            if not self.tensors[str(state.target)].any():
                return
            raise E3neError("its first state is not zero")
        if not isinstance(state, fx.Node) or self.values[state] != _State(None):
            raise E3neError("its state is computed; it must be what the neuron gave in the step before")

    def _batch_norm(self, node: fx.Node, module: nn.Module, place: int) -> int:
        source = _bound(node, "input").get("input")
        others = any(value == place and len(each.users) > 1 for each, value in self.values.items())
        if place < 0 or not isinstance(source, fx.Node) or source.op != "call_module" or others:
            raise E3neError("batch normalisation must directly follow a convolution or linear layer")
        old = self.nodes[place]
        self.nodes[place] = Node(old.name, with_batch_norm(old.operation, module), old.inputs, old.shape)
        return place

    def _function(self, node: fx.Node) -> _Value:
        target = node.target
        if target is operator.getitem:
            return self._item(node)
        if target is getattr:
            return None
        if target in _ADDITIONS:
            return self._add(node)
        if target in _PRODUCTS:
            return self._scale(node)
        if target is torch.flatten:
            return self._flatten(node)
        if target in (functional.max_pool2d, functional.avg_pool2d):
            return self._pool(node)
        raise E3neError(f"{getattr(target, '__name__', target)} is not supported; use a module of torch.nn")

    def _add(self, node: fx.Node) -> int:
        given = _bound(node, "input", "other")
        return self._append(node.name, Add(), [self._place(given.get(name)) for name in ("input", "other")])

    def _item(self, node: fx.Node) -> _Value:
        source, index = node.args
        value = self.values[cast(fx.Node, source)]
        if value is None:
            return None
        if not isinstance(value, _Outputs) or not isinstance(index, int):
            raise E3neError("parts of a tensor are not supported; forward() must run one time step")
        return value.place if index == 0 else _State(value.neuron)

    def _scale(self, node: fx.Node) -> int:
        factors = list(_bound(node, "input", "other").values())
        numbers = [factor for factor in factors if isinstance(factor, int | float)]
        if len(numbers) != 1:
            raise E3neError("only multiplication by a number is supported")
        source = next(factor for factor in factors if not isinstance(factor, int | float))
        return self._append(node.name, Scale(float(numbers[0])), [self._place(source)])

    def _pool(self, node: fx.Node) -> int:
        arguments, keywords = node.args[1:], {key: value for key, value in node.kwargs.items() if key != "input"}
        make = nn.MaxPool2d if node.target is functional.max_pool2d else nn.AvgPool2d
        if len(arguments) > 3:
            raise E3neError("it has more arguments in a row than kernel_size, stride and padding; name them")
        place = self._place(node.args[0] if node.args else node.kwargs.get("input"))
        pool = cast("Callable[..., nn.Module]", make)(*arguments, **keywords)
        return self._append(node.name, read_layer(pool, self._shape(place), self._lead(node)), [place])

    def _method(self, node: fx.Node) -> _Value:
        match node.target:
            case "size" | "dim":
                return None
            case "flatten":
                return self._flatten(node)
            case "view" | "reshape":
                return self._view(node)
            case "detach" | "clone" | "contiguous" | "float":
                return self.values[cast(fx.Node, _bound(node, "input", "memory_format")["input"])]
            case "add" | "add_":
                return self._add(node)
            case _:
                raise E3neError(f"method {node.target} is not supported")

    def _flatten(self, node: fx.Node) -> int:
        given = _bound(node, "input", "start_dim", "end_dim")
        place = self._place(given.get("input"))
        check_flatten(given.get("start_dim", 0), given.get("end_dim", -1), self._lead(node), self._shape(place))
        return self._append(node.name, Flatten(), [place])

    def _view(self, node: fx.Node) -> int:
        place = self._place(node.args[0])
        sizes = node.args[1:]
        if node.kwargs:
            raise E3neError(f"its argument {', '.join(node.kwargs)} is not supported")
        if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
            sizes = tuple(cast("Sequence[object]", sizes[0]))
        if len(sizes) != self._lead(node) + 1 or sizes[-1] != -1:
            raise E3neError("only flattening is supported, as x.flatten(1) or x.view(x.size(0), -1)")
        return self._append(node.name, Flatten(), [place])

    def _output(self, node: fx.Node) -> _Value:
        given = node.args[0]
        results = cast("Sequence[object]", given) if isinstance(given, tuple | list) else (given,)
        values = [self.values[result] for result in results if isinstance(result, fx.Node)]
        places = [value.place if isinstance(value, _Outputs) else value for value in values]
        if not self.nodes or len(self.nodes) - 1 not in places:
            raise E3neError("forward() must return the result of the last layer: its spikes, or first its spikes")
        used = {place for made in self.nodes for place in made.inputs}
        for place, made in enumerate(self.nodes[:-1]):
            if place not in used:
                raise E3neError(f"the result of '{made.name}' does not get to the output")
        return None

    def _lead(self, node: fx.Node) -> int:
        """How many dimensions come before those of a sample: batch alone inside SpikingJelly's containers."""
        inside: dict[str, object] = node.meta.get("nn_module_stack", {})
        path = str(node.target) if node.op == "call_module" else next(reversed(inside), "")
        parts = path.split(".")
        above = (self.root.get_submodule(".".join(parts[:depth])) for depth in range(len(parts)))
        return 1 if any(type(module).__name__ in CHAINS for module in above) else self.library.lead

    def _place(self, argument: object) -> int:
        """Where an argument's values are; raises `E3neError` if it is not the result of a layer."""
        value = self.values[argument] if isinstance(argument, fx.Node) else None
        if isinstance(value, _Outputs):
            raise E3neError(f"its input is all that neuron '{value.neuron}' gives; take its spikes, the first of it")
        if not isinstance(value, int):
            raise E3neError("its input is not the result of a layer")
        return value

    def _shape(self, place: int) -> Shape:
        return self.input_shape if place < 0 else self.nodes[place].shape

    def _append(self, wanted: str, operation: Operation, places: Sequence[int]) -> int:
        shape = result_shape(operation, [self._shape(place) for place in places])
        name, number = wanted, 1
        while name in {node.name for node in self.nodes}:
            name, number = f"{wanted}_{number}", number + 1
        self.nodes.append(Node(name, operation, tuple(places), shape))
        return len(self.nodes) - 1


def _bound(node: fx.Node, *names: str) -> dict[str, object]:
    """The arguments of a call by name; raises `E3neError` for one that is not read."""
    if len(node.args) > len(names):
        raise E3neError(f"it has more arguments than {', '.join(names)}, which is not supported")
    if unread := [key for key in node.kwargs if key not in names]:
        raise E3neError(f"its argument {', '.join(unread)} is not supported")
    return {**dict(zip(names, node.args, strict=False)), **node.kwargs}
