"""The network itself, its end, and the operations that only rearrange or select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolNameConstraint,
    TensorType,
    i32,
)
from xdsl.dialects.utils import parse_func_op_like, print_func_op_like
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsolatedFromAbove, IsTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from e3ne.dialects.snn.base import Kind, LayerOp
from e3ne.dialects.snn.encodings import EncodingAttr
from e3ne.dialects.snn.neurons import neuron_problem
from e3ne.dialects.snn.types import FloatTensor, MembraneType, TrainType, float_tensor, frames_of, same_kind, shape_of
from e3ne.errors import E3neError


@irdl_op_definition
class NetworkOp(IRDLOperation):
    """A network: one image in, scores (or a class) out.

        snn.network @lenet5(%image : tensor<1x28x28xf32>) -> !snn.membrane<[10], -90, 105> { ... snn.output ... }

    Stands at the top level of a module beside its parameters. `input_encoding` is an annotation of the float form:
    the encoding of the image.
    """

    name = "snn.network"

    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    input_encoding = opt_prop_def(EncodingAttr)
    body = region_def("single_block")

    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self, name: str, function_type: FunctionType, body: Region, input_encoding: EncodingAttr | None = None
    ):
        super().__init__(
            regions=[body],
            properties={
                "sym_name": StringAttr(name),
                "function_type": function_type,
                "input_encoding": input_encoding,
            },
        )

    @staticmethod
    def start(name: str, image_type: Attribute) -> NetworkOp:
        """A network without operations; add them to `block`, then call `finish`."""
        block = Block(arg_types=[image_type])
        block.args[0].name_hint = "image"
        return NetworkOp(name, FunctionType.from_lists([image_type], []), Region(block))

    def finish(self, *outputs: SSAValue) -> None:
        """Ends the network with `snn.output` of these values and sets the result types."""
        self.block.add_op(OutputOp(outputs))
        self.update_type()

    def update_type(self) -> None:
        """Makes the function type that of the actual image and outputs."""
        self.function_type = FunctionType.from_lists([self.image.type], [value.type for value in self.outputs])

    @property
    def block(self) -> Block:
        """The only block."""
        return self.body.block

    @property
    def image(self) -> BlockArgument:
        """The input."""
        return self.block.args[0]

    @property
    def outputs(self) -> Sequence[SSAValue]:
        """The values that the network gives."""
        last = self.block.last_op
        return last.operands if isinstance(last, OutputOp) else ()

    def layers(self) -> Iterator[LayerOp]:
        """The operations in order, without the terminator."""
        for op in self.block.ops:
            if isinstance(op, LayerOp):
                yield op

    @classmethod
    def parse(cls, parser: Parser) -> NetworkOp:
        """Parses `@name(%image : type) -> types attributes {...} { body }`."""
        name, inputs, outputs, region, extra, _, _ = parse_func_op_like(
            parser, reserved_attr_names=("sym_name", "function_type")
        )
        network = cls(name, FunctionType.from_lists(inputs, outputs), region)
        attributes: dict[str, Attribute] = {} if extra is None else dict(extra.data)
        if (encoding := attributes.pop("input_encoding", None)) is not None:
            network.properties["input_encoding"] = encoding
        network.attributes.update(attributes)
        return network

    def print(self, printer: Printer) -> None:
        """Prints what `parse` reads."""
        attributes = dict(self.attributes)
        if self.input_encoding is not None:
            attributes["input_encoding"] = self.input_encoding
        print_func_op_like(
            printer,
            self.sym_name,
            self.function_type,
            self.body,
            attributes,
            reserved_attr_names=("sym_name", "function_type"),
        )

    def verify_(self) -> None:
        """One image; outputs as declared; values defined before use; every (layer, kind) once."""
        if not isinstance(parent := self.parent_op(), ModuleOp | None):
            raise VerifyException(f"a network stands at the top level of a module, not in '{parent.name}'")
        if len(self.block.args) != 1 or not isa(self.image.type, FloatTensor):
            raise VerifyException("a network has one input, a tensor")
        if tuple(self.function_type.inputs) != (self.image.type,):
            raise VerifyException("the type of the network's input is not the declared one")
        if not isinstance(self.block.last_op, OutputOp):
            raise VerifyException("a network ends with snn.output")
        if tuple(self.function_type.outputs) != tuple(value.type for value in self.outputs):
            raise VerifyException("the types of snn.output are not the declared ones")
        if self.input_encoding is not None and (problem := neuron_problem(self.input_encoding)):
            raise VerifyException(f"input_encoding: {problem}")
        self._verify_order()

    def _verify_order(self) -> None:
        defined: set[SSAValue] = {self.image}
        seen: set[tuple[str, str]] = set()
        for op in self.block.ops:
            for operand in op.operands:
                if operand not in defined:
                    raise VerifyException(f"'{op.name}' uses a value before its definition")
            defined.update(op.results)
            if not isinstance(op, LayerOp):
                continue
            if (key := (op.layer_name, op.KIND)) in seen:
                raise VerifyException(f"layer '{key[0]}' has two operations of kind '{key[1]}'")
            seen.add(key)


@irdl_op_definition
class OutputOp(IRDLOperation):
    """The end of a network: what it gives."""

    name = "snn.output"

    values = var_operand_def()

    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(NetworkOp)))
    assembly_format = "$values attr-dict `:` type($values)"

    def __init__(self, values: Sequence[SSAValue]):
        super().__init__(operands=[values])

    def verify_(self) -> None:
        """At least one value."""
        if not self.values:
            raise VerifyException("a network gives at least one value")


@irdl_op_definition
class FlattenOp(LayerOp):
    """[C, H, W] -> [C * H * W], channel-major, in every form."""

    KIND: ClassVar[Kind] = "flatten"
    name = "snn.flatten"

    traits = traits_def(Pure())
    assembly_format = "$layer $input attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue):
        super().__init__(
            operands=[input],
            result_types=[same_kind(input.type, (prod(shape_of(input.type)),))],
            properties={"layer": StringAttr(layer)},
        )

    def verify_(self) -> None:
        """The result is like the input, in one dimension."""
        size = (prod(shape_of(self.input.type)),)
        self.verify_types((TensorType, TensorType), (TrainType, TrainType), (MembraneType, MembraneType))
        self.verify_shape(size)
        if same_kind(self.input.type, size) != self.output.type:
            raise self.error(f"the result must be {same_kind(self.input.type, size)}, not {self.output.type}")


@irdl_op_definition
class SumStepsOp(LayerOp):
    """The sum over time steps: trains of T frames become spike counts, membranes of T frames one membrane each."""

    KIND: ClassVar[Kind] = "sum"
    name = "snn.sum_steps"

    traits = traits_def(Pure())
    assembly_format = "$layer $input attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue):
        super().__init__(operands=[input], result_types=[summed(input.type)], properties={"layer": StringAttr(layer)})

    def verify_(self) -> None:
        """Trains or membranes in, membranes of one frame out whose range holds every sum."""
        if isinstance(self.input.type, TrainType) and not self.input.type.encoding.has_zero:
            raise self.error(f"sums of {self.input.type.encoding} are not defined: it has no zero")
        self.verify_types((TensorType, TensorType), (TrainType, MembraneType), (MembraneType, MembraneType))
        if self.output.type != summed(self.input.type):
            raise self.error(f"the sums are {summed(self.input.type)}, not {self.output.type}")


def summed(value_type: Attribute) -> Attribute:
    """The type of the sums over the time steps of trains, membranes or, in the float form, tensors."""
    frames, shape = frames_of(value_type), shape_of(value_type)
    if not isinstance(value_type, TrainType | MembraneType):
        return float_tensor(shape)
    if isinstance(value_type, TrainType):
        return MembraneType.of(shape, 0, frames * value_type.encoding.greatest)
    return MembraneType.of(shape, frames * value_type.low, frames * value_type.high)


@irdl_op_definition
class ArgmaxOp(LayerOp):
    """The index of the greatest membrane of [N]; the lowest index wins ties. Gives tensor<1xi32>."""

    KIND: ClassVar[Kind] = "output"
    name = "snn.argmax"

    traits = traits_def(Pure())
    assembly_format = "$layer $input attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue):
        super().__init__(
            operands=[input], result_types=[TensorType[Attribute](i32, [1])], properties={"layer": StringAttr(layer)}
        )

    def verify_(self) -> None:
        """Membranes in one dimension in, tensor<1xi32> out."""
        taken = self.input.type
        if not isinstance(taken, MembraneType) or len(taken.get_shape()) != 1 or taken.frames != 1:
            raise self.error(f"argmax takes membranes of [N] of one frame, not {taken}")
        if self.output.type != TensorType(i32, [1]):
            raise self.error(f"argmax gives tensor<1xi32>, not {self.output.type}")


def find_network(module: Operation) -> NetworkOp:
    """The only network of a module; raises `E3neError` when there is none or more than one."""
    found = [op for op in module.regions[0].ops if isinstance(op, NetworkOp)]
    if len(found) != 1:
        names = ", ".join(f"@{op.sym_name.data}" for op in found) or "none"
        raise E3neError(f"a module must contain exactly one snn.network; found: {names}")
    return found[0]
