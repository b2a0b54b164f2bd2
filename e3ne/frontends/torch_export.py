"""From PyTorch: `torch.export` graphs to the float form of snn. PyTorch is imported inside functions only."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.parameter import identifier, unused
from e3ne.dialects.snn import LayerOp, NetworkOp, ParameterOp, find_network, float_tensor
from e3ne.errors import E3neError
from e3ne.frontends.spiking.module import LIBRARIES, import_spiking, neurons_of
from e3ne.frontends.structure import spiking_problems, structure_problems
from e3ne.frontends.torch_layers import SUPPORTED, Call, Step, handlers

if TYPE_CHECKING:
    import torch
    from torch import fx, nn
    from torch.export import ExportedProgram


def import_module(model: nn.Module, example_shape: tuple[int, int, int], name: str) -> ModuleOp:
    """The float form of a PyTorch module for one image of `example_shape` (C, H, W), as network `@name`.

    The module is read in eval mode and left as it was. One with neurons of a spiking library is imported as that
    library means it, for (F, 1, 1) as a row of F numbers. Raises `E3neError` that names every layer that is not
    supported, every problem of structure, or PyTorch's own reason why the module cannot be exported.
    """
    import torch

    if neurons_of(model):
        return _import_spiking(model, example_shape, name)
    training = model.training
    try:
        # what PyTorch prints of a graph that it cannot export is not for the user
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            program = torch.export.export(model.eval(), (torch.zeros(1, *example_shape),))
    except SystemExit as error:
        raise E3neError("the network's forward() ended the program") from error
    except Exception as error:
        # whatever the user's forward() raises arrives here
        raise E3neError(f"PyTorch cannot export the network for an image of {example_shape}: {error}") from error
    finally:
        model.train(training)
    return import_exported(program, name)


def _import_spiking(model: nn.Module, shape: tuple[int, int, int], name: str) -> ModuleOp:
    from e3ne.frontends.spiking.lower import lower

    module = lower(import_spiking(model, shape, name))
    if problems := spiking_problems(find_network(module)):
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise E3neError(f"network '{name}' cannot be compiled:\n{lines}")
    return module


def import_exported(program: ExportedProgram, name: str) -> ModuleOp:
    """The float form of an exported program with one input of batch size 1; raises `E3neError` as `import_module`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            core = program.run_decompositions({})  # pyright: ignore[reportUnknownMemberType]
    except Exception as error:
        raise E3neError(f"PyTorch cannot simplify the exported network: {error}") from error
    draft = _Draft(identifier(name), _constants(core))
    draft.read(core)
    return draft.module()


class _SchemaArgument(Protocol):
    """What is used of a parameter of a PyTorch operator."""

    name: str
    default_value: object

    def has_default_value(self) -> bool: ...


class _Schema(Protocol):
    """What is used of a PyTorch operator's signature."""

    arguments: Sequence[_SchemaArgument]


@dataclass(frozen=True)
class _Node:
    """A supported node of the graph: the value it takes and what it becomes."""

    layer: str
    source: fx.Node
    steps: list[Step]


@dataclass
class _Draft:
    """Reads a graph, collecting problems; then builds the module."""

    name: str
    constants: Mapping[str, npt.NDArray[np.generic]]
    problems: list[str] = field(default_factory=list[str])
    nodes: dict[fx.Node, _Node] = field(default_factory=dict["fx.Node", _Node])
    inputs: list[fx.Node] = field(default_factory=list["fx.Node"])
    outputs: list[fx.Node] = field(default_factory=list["fx.Node"])
    symbols: set[str] = field(default_factory=set[str])

    def read(self, program: ExportedProgram) -> None:
        """Goes over all nodes; raises one `E3neError` for all that is not supported."""
        users = set(program.graph_signature.user_inputs)
        for node in program.graph.nodes:
            match node.op:
                case "placeholder" if node.name in users:
                    self._read_input(node)
                case "call_function" if _target_name(node) != "getitem":
                    self._read_call(node)
                case "call_function":
                    self._read_getitem(node)
                case "output":
                    self.outputs.extend(_nodes_in(node.args[0]))
                case _:
                    pass
        if len(self.inputs) != 1:
            self.problems.append(f"the network must have one input, not {len(self.inputs)}")
        if len(self.outputs) != 1:
            self.problems.append(f"the network must have one output, not {len(self.outputs)}")
        self.raise_problems(f"supported are: {SUPPORTED}")

    def raise_problems(self, hint: str) -> None:
        """Raises if there are any."""
        if self.problems:
            lines = "\n".join(f"  - {problem}" for problem in self.problems)
            raise E3neError(f"network '{self.name}' cannot be compiled:\n{lines}\n({hint})")

    def _read_input(self, node: fx.Node) -> None:
        import torch

        self.inputs.append(node)
        tensor = _tensor(node)
        if tensor is None or tensor.dtype != torch.float32:
            self.problems.append(f"input '{node.name}' must be a float32 tensor")
        elif len(tensor.shape) != 4 or tensor.shape[0] != 1:
            self.problems.append(f"input '{node.name}' must have shape 1 x C x H x W, not {tuple(tensor.shape)}")

    def _read_call(self, node: fx.Node) -> None:
        operator = _target_name(node)
        handler = handlers().get(operator)
        path, owner = _owner(node)
        if _is_spiking(owner):
            self.problems.append(
                f"{path or owner}: modules of spiking libraries keep state between steps that torch.export has frozen; "
                "give the module itself, as file.py:factory"
            )
            return
        where = f"layer '{path or node.name}' ({owner.rpartition('.')[2]})" if owner else f"layer '{node.name}'"
        sources = [other for other in node.all_input_nodes if other.name not in self.constants]
        if handler is None:
            self.problems.append(f"{where}: operation '{operator}' is not supported")
            return
        if len(sources) != 1:
            self.problems.append(f"{where}: operation '{operator}' must have one input, not {len(sources)}")
            return
        try:
            steps = handler(self._call(node, sources[0]))
            self.nodes[node] = _Node(_layer_name(node, path, owner), sources[0], steps)
        except E3neError as error:
            self.problems.append(f"{where}: {error}")

    def _read_getitem(self, node: fx.Node) -> None:
        source, index = node.args[0], node.args[1]
        if index != 0:
            self.problems.append(f"result {index} of '{source}' is not supported")
        self.nodes[node] = _Node(node.name, cast("fx.Node", source), [])

    def _call(self, node: fx.Node, source: fx.Node) -> Call:
        """The arguments by the names of the operator's schema, omitted ones filled in."""
        schema = cast(_Schema, getattr(node.target, "_schema", None))
        arguments: dict[str, object] = {}
        parameters: dict[str, npt.NDArray[np.generic]] = {}
        for position, argument in enumerate(schema.arguments):
            value: object = argument.default_value if argument.has_default_value() else None
            value = node.args[position] if position < len(node.args) else node.kwargs.get(argument.name, value)
            arguments[argument.name] = value
            if _is_node(value) and str(value) in self.constants:
                parameters[argument.name] = self.constants[str(value)]
        return Call(arguments, parameters, _shape(source), _shape(node))

    def module(self) -> ModuleOp:
        """The module; raises one `E3neError` for all that is wrong with the order of layers."""
        chain: list[_Node] = []
        value = self.outputs[0]
        while value is not self.inputs[0]:
            if value not in self.nodes:
                self.problems.append(f"the output does not depend on the input ('{value.name}' is constant)")
                self.raise_problems("a network is a chain of layers")
            chain.append(self.nodes[value])
            value = self.nodes[value].source
        if idle := [node.name for node in self.nodes if self.nodes[node] not in chain]:
            self.problems.append(f"the results of {', '.join(idle)} are not used by the output")
        network = NetworkOp.start(self.name, float_tensor(_shape(self.inputs[0])))
        self.symbols.add(self.name)
        parameters = self._build(network, reversed(chain))
        self.problems.extend(structure_problems(network))
        self.raise_problems("see the user guide for the networks that can be compiled")
        module = ModuleOp([*parameters, network])
        try:
            module.verify()
        except VerifyException as error:
            first = next(iter(str(error).splitlines()), "")
            raise E3neError(f"network '{self.name}' cannot be compiled: {first}") from error
        return module

    def _build(self, network: NetworkOp, chain: Iterable[_Node]) -> list[Operation]:
        parameters: list[Operation] = []
        used: set[tuple[str, str]] = set()
        value = network.image
        result: LayerOp | None = None
        for node in chain:
            for kind, build in node.steps:
                layer = unused(node.layer, {other for other, k in used if k == kind})
                used.add((layer, kind))

                def define(what: str, array: npt.NDArray[np.float32], layer: str = layer) -> str:
                    symbol = unused(identifier(f"{layer}_{what}"), self.symbols)
                    self.symbols.add(symbol)
                    parameters.append(ParameterOp(symbol, array))
                    return symbol

                result = build(layer, value if result is None else result.output, define)
                network.block.add_op(result)
        network.finish(value if result is None else result.output)
        return parameters


def _constants(program: ExportedProgram) -> dict[str, npt.NDArray[np.generic]]:
    """The parameters, buffers and constants of a program by the name of their node."""
    signature = program.graph_signature
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for node, target in named.items():
        tensor: object = program.state_dict.get(target, program.constants.get(target))
        arrays[node] = cast("torch.Tensor", tensor).detach().cpu().contiguous().numpy()
    return arrays


def _target_name(node: fx.Node) -> str:
    """`conv2d` of `torch.ops.aten.conv2d.padding`; `getitem`."""
    packet = getattr(node.target, "overloadpacket", node.target)
    return str(getattr(packet, "__name__", packet)).rpartition(".")[2]


def _owner(node: fx.Node) -> tuple[str, str]:
    """The path of the innermost module that the node comes from, and the name of that module's class."""
    stack = cast("Mapping[str, tuple[str, object]]", node.meta.get("nn_module_stack") or {})
    if not stack:
        return "", ""
    path, owner = list(stack.values())[-1]
    return path, owner if isinstance(owner, str) else f"{owner.__module__}.{owner.__name__}"  # type: ignore[attr-defined]


def _layer_name(node: fx.Node, path: str, owner: str) -> str:
    """The module's path where the module is one layer; functions called within a larger module add their own name."""
    is_layer = owner.startswith("torch.nn.modules.") and path
    name = path if is_layer else f"{path}_{node.name}" if path else node.name
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _tensor(node: fx.Node) -> torch.Tensor | None:
    import torch

    value: object = node.meta.get("val")
    return value if isinstance(value, torch.Tensor) else None


def _shape(node: fx.Node) -> tuple[int, ...]:
    """The shape of a node's (first) tensor without the batch dimension."""
    value: object = node.meta.get("val")
    first = cast("tuple[torch.Tensor, ...]", value)[0] if isinstance(value, tuple | list) else _tensor(node)
    if first is None:
        raise E3neError("the result is not a tensor")
    if not all(type(size) is int for size in first.shape):
        raise E3neError("the network was exported with a dynamic shape; export it for images of one size")
    if len(first.shape) == 0 or first.shape[0] != 1:
        raise E3neError(f"the result has shape {tuple(first.shape)}: the batch dimension must stay, and be 1")
    return tuple(first.shape[1:])


def _nodes_in(value: object) -> list[fx.Node]:
    if _is_node(value):
        return [cast("fx.Node", value)]
    items = cast("Sequence[object]", value) if isinstance(value, tuple | list) else ()
    return [node for item in items for node in _nodes_in(item)]


def _is_node(value: object) -> bool:
    from torch import fx

    return isinstance(value, fx.Node)


def _is_spiking(class_path: str) -> bool:
    return class_path.partition(".")[0] in LIBRARIES
