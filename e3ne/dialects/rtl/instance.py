"""Structure: instances of modules."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import Operation, OpResult, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    SymbolTable,
    SymbolUserOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import bits_type, width_of
from e3ne.dialects.rtl.base import BITS, parse_bits_type, print_attributes
from e3ne.dialects.rtl.structure import ModuleOp, names_of, parse_port_name, print_port_name


class ConnectsPorts(SymbolUserOpInterface):
    """An instance has the ports of the module it names: checked in time linear in the ports."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, InstanceOp)
        parent = op.parent_op()
        table = parent.parent_op() if parent is not None else None
        if table is None or not table.has_trait(SymbolTable):
            return  # a module under construction stands alone
        module = find_module(table, op.module_name)
        if module is None:
            raise VerifyException(f'instance "{op.instance_name.data}" is of an unknown module @{op.module_name}')
        given_inputs = {n: width_of(v) for n, v in zip(op.input_names, op.operands, strict=True)}
        given_outputs = {n: width_of(v) for n, v in zip(op.output_names, op.results, strict=True)}
        for kind, given, expected in (
            ("inputs", given_inputs, module.inputs),
            ("outputs", given_outputs, module.outputs),
        ):
            if given != expected:
                raise VerifyException(
                    f'instance "{op.instance_name.data}" has {kind} ({_port_text(given)}), '
                    f"but module @{op.module_name} has ({_port_text(expected)})"
                )


def _port_text(ports: dict[str, int]) -> str:
    return ", ".join(f"{name}: i{width}" for name, width in ports.items())


def find_module(table: Operation, name: str) -> ModuleOp | None:
    """The module of this name directly within `table`."""
    for op in table.regions[0].block.ops:
        if isinstance(op, ModuleOp) and op.sym_name.data == name:
            return op
    return None


@irdl_op_definition
class InstanceOp(IRDLOperation):
    """An instance of a module: `%sum = rtl.instance "first" @adder(a: %x: i8, b: %y: i8) -> (sum: i8)`."""

    name = "rtl.instance"

    instance_name = prop_def(StringAttr)
    module = prop_def(FlatSymbolRefAttrConstr)
    input_names_attr = prop_def(ArrayAttr[StringAttr], prop_name="input_names")
    output_names_attr = prop_def(ArrayAttr[StringAttr], prop_name="output_names")
    inputs = var_operand_def(BITS)
    outputs = var_result_def(BITS)

    traits = traits_def(ConnectsPorts())

    @classmethod
    def create_from(
        cls,
        instance_name: str,
        module_name: str,
        inputs: Sequence[tuple[str, SSAValue]],
        outputs: Sequence[tuple[str, int]],
    ) -> InstanceOp:
        """An instance with these inputs, and outputs of these widths."""
        return cls.create(
            operands=[value for _, value in inputs],
            result_types=[bits_type(width) for _, width in outputs],
            properties={
                "instance_name": StringAttr(instance_name),
                "module": SymbolRefAttr(module_name),
                "input_names": ArrayAttr([StringAttr(port) for port, _ in inputs]),
                "output_names": ArrayAttr([StringAttr(port) for port, _ in outputs]),
            },
        )

    @property
    def module_name(self) -> str:
        return self.module.root_reference.data

    @property
    def input_names(self) -> tuple[str, ...]:
        return names_of(self.input_names_attr)

    @property
    def output_names(self) -> tuple[str, ...]:
        return names_of(self.output_names_attr)

    def output(self, port: str) -> OpResult:
        """The value of an output. Raises KeyError if there is no such port."""
        for name, result in zip(self.output_names, self.results, strict=True):
            if name == port:
                return result
        raise KeyError(port)

    def verify_(self) -> None:
        if len(self.input_names) != len(self.operands) or len(self.output_names) != len(self.results):
            raise VerifyException(f'instance "{self.instance_name.data}" does not have one name for each port')

    def print(self, printer: Printer) -> None:
        def print_port(port: tuple[str, SSAValue], is_input: bool) -> None:
            print_port_name(printer, port[0])
            printer.print_string(": ")
            if is_input:
                printer.print_ssa_value(port[1])
                printer.print_string(": ")
            printer.print_attribute(port[1].type)

        printer.print_string(" ")
        printer.print_string_literal(self.instance_name.data)
        printer.print_string(" ")
        printer.print_symbol_name(self.module_name)
        with printer.in_parens():
            inputs = tuple(zip(self.input_names, self.operands, strict=True))
            printer.print_list(inputs, lambda port: print_port(port, True))
        printer.print_string(" -> ")
        with printer.in_parens():
            outputs = tuple(zip(self.output_names, self.results, strict=True))
            printer.print_list(outputs, lambda port: print_port(port, False))
        print_attributes(self, printer)

    @classmethod
    def parse(cls, parser: Parser) -> InstanceOp:
        def parse_input() -> tuple[str, SSAValue]:
            name = parse_port_name(parser)
            parser.parse_punctuation(":")
            operand = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            return name, parser.resolve_operand(operand, parse_bits_type(parser))

        def parse_output() -> tuple[str, int]:
            name = parse_port_name(parser)
            parser.parse_punctuation(":")
            return name, parse_bits_type(parser).width.data

        instance_name = parser.parse_str_literal(" (instance name)")
        module = parser.parse_symbol_name()
        inputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_input)
        parser.parse_punctuation("->")
        outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_output)
        op = cls.create_from(instance_name, module.data, inputs, outputs)
        op.attributes.update(parser.parse_optional_attr_dict())
        return op
