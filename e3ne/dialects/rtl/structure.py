"""Structure: modules and their outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import width_of
from e3ne.dialects.rtl.base import BITS, parse_bits_type, print_attributes

IMPLICIT_PORTS = frozenset({"clk", "rst"})
"""Every module has these in Verilog, where it needs them; no port may be declared with such a name."""


def names_of(names: ArrayAttr[StringAttr]) -> tuple[str, ...]:
    """The strings of an array."""
    return tuple(name.data for name in names.data)


def print_port_name(printer: Printer, name: str) -> None:
    """As an identifier where it is one, else quoted. (`1x` and the like would not be parsed.)"""
    if re.fullmatch(r"[A-Za-z_][\w$.]*", name):
        printer.print_string(name)
    else:
        printer.print_string_literal(name)


def parse_port_name(parser: Parser) -> str:
    """An identifier or a quoted name."""
    name = parser.parse_optional_str_literal()
    return parser.parse_identifier(" (port name)") if name is None else name


@irdl_op_definition
class OutputOp(IRDLOperation):
    """Ends a module and gives the values of its outputs, in order: `rtl.output %a, %b : i8, i1`."""

    name = "rtl.output"

    outputs = var_operand_def(BITS)

    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(ModuleOp)))

    def print(self, printer: Printer) -> None:
        if self.operands:
            printer.print_string(" ")
            printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(self, printer)
        if self.operands:
            printer.print_string(" : ")
            printer.print_list(self.operand_types, printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> OutputOp:
        unresolved = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
        )
        attributes = parser.parse_optional_attr_dict()
        operands: Sequence[SSAValue] = ()
        if unresolved:
            parser.parse_punctuation(":")
            types = parser.parse_comma_separated_list(parser.Delimiter.NONE, lambda: parse_bits_type(parser))
            operands = parser.resolve_operands(unresolved, types, parser.pos)
        return cls.create(operands=operands, attributes=attributes)


@irdl_op_definition
class ModuleOp(IRDLOperation):
    """A hardware module: `rtl.module @adder(%a: i8, %b: i8) -> (sum: i8) comment "…" parameters {…} { … }`.

    The body is a graph: a value may be used before it is defined. Clock and synchronous reset are implicit.
    `comment` and `parameters` are documentation, printed above the module in Verilog.
    """

    name = "rtl.module"

    sym_name = prop_def(SymbolNameConstraint())
    input_names_attr = prop_def(ArrayAttr[StringAttr], prop_name="input_names")
    output_names_attr = prop_def(ArrayAttr[StringAttr], prop_name="output_names")
    comment = opt_prop_def(StringAttr)
    parameters = opt_prop_def(DictionaryAttr)
    body = region_def("single_block")

    traits = lazy_traits_def(lambda: (IsolatedFromAbove(), SymbolOpInterface()))

    def __init__(
        self,
        name: str,
        input_names: Sequence[str],
        output_names: Sequence[str],
        body: Region,
        *,
        comment: str = "",
        parameters: DictionaryAttr | None = None,
    ) -> None:
        properties: dict[str, Attribute] = {
            "sym_name": StringAttr(name),
            "input_names": ArrayAttr([StringAttr(port) for port in input_names]),
            "output_names": ArrayAttr([StringAttr(port) for port in output_names]),
        }
        if comment:
            properties["comment"] = StringAttr(comment)
        if parameters is not None and parameters.data:
            properties["parameters"] = parameters
        super().__init__(properties=properties, regions=[body])

    @property
    def block(self) -> Block:
        """The only block of the body; its arguments are the inputs."""
        return self.body.block

    @property
    def output_op(self) -> OutputOp:
        """The terminator. Raises VerifyException if there is none."""
        last = self.body.block.last_op
        if not isinstance(last, OutputOp):
            raise VerifyException(f"module @{self.sym_name.data} does not end with rtl.output")
        return last

    @property
    def input_names(self) -> tuple[str, ...]:
        return names_of(self.input_names_attr)

    @property
    def output_names(self) -> tuple[str, ...]:
        return names_of(self.output_names_attr)

    @property
    def inputs(self) -> dict[str, int]:
        """Width in bits of each input, in order."""
        return {n: width_of(a) for n, a in zip(self.input_names, self.block.args, strict=True)}

    @property
    def outputs(self) -> dict[str, int]:
        """Width in bits of each output, in order."""
        return {n: width_of(v) for n, v in zip(self.output_names, self.output_op.operands, strict=True)}

    def verify_(self) -> None:
        where = f"module @{self.sym_name.data}"
        output = self.output_op
        if len(self.input_names) != len(self.block.args):
            raise VerifyException(f"{where} has {len(self.input_names)} input names for {len(self.block.args)} inputs")
        if len(self.output_names) != len(output.operands):
            raise VerifyException(
                f"{where} has {len(self.output_names)} output names for {len(output.operands)} outputs"
            )
        for argument, name in zip(self.block.args, self.input_names, strict=True):
            if not BITS.verifies(argument.type):
                raise VerifyException(f'input "{name}" of {where} has type {argument.type}, expected at least one bit')
        seen: set[str] = set()
        for name in (*self.input_names, *self.output_names):
            if not name or name in IMPLICIT_PORTS:
                raise VerifyException(f'{where} cannot have a port named "{name}"')
            if name in seen:
                raise VerifyException(f'{where} has two ports named "{name}"')
            seen.add(name)
        instances: set[str] = set()
        for op in self.block.ops:
            # of InstanceOp, whose file builds on this one
            label = op.properties.get("instance_name")
            if isinstance(label, StringAttr):
                if label.data in instances:
                    raise VerifyException(f'{where} has two instances named "{label.data}"')
                instances.add(label.data)
        for value in self.parameters.data.values() if self.parameters is not None else ():
            if not isinstance(value, IntegerAttr | StringAttr):
                raise VerifyException(f"a parameter of {where} is {value}, expected an integer or a string")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)

        def print_input(port: tuple[str, SSAValue]) -> None:
            if printer.print_ssa_value(port[1]) != port[0]:
                printer.print_string(" ")
                print_port_name(printer, port[0])
            printer.print_string(": ")
            printer.print_attribute(port[1].type)

        def print_output(port: tuple[str, SSAValue]) -> None:
            print_port_name(printer, port[0])
            printer.print_string(": ")
            printer.print_attribute(port[1].type)

        with printer.in_parens():
            printer.print_list(tuple(zip(self.input_names, self.block.args, strict=True)), print_input)
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(tuple(zip(self.output_names, self.output_op.operands, strict=True)), print_output)
        if self.comment is not None:
            printer.print_string(" comment ")
            printer.print_attribute(self.comment)
        if self.parameters is not None:
            printer.print_string(" parameters ")
            printer.print_attribute(self.parameters)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> ModuleOp:
        def parse_input() -> tuple[str, Parser.Argument]:
            argument = parser.parse_argument(expect_type=False)
            name = argument.name.text[1:]
            if parser.parse_optional_punctuation(":") is None:
                name = parse_port_name(parser)
                parser.parse_punctuation(":")
            return name, argument.resolve(parse_bits_type(parser))

        def parse_output() -> tuple[str, Attribute]:
            name = parse_port_name(parser)
            parser.parse_punctuation(":")
            return name, parse_bits_type(parser)

        name = parser.parse_symbol_name()
        inputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_input)
        parser.parse_punctuation("->")
        outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_output)
        comment = parser.parse_str_literal() if parser.parse_optional_keyword("comment") else ""
        parameters = parser.parse_attribute() if parser.parse_optional_keyword("parameters") else None
        if parameters is not None and not isinstance(parameters, DictionaryAttr):
            parser.raise_error("expected a dictionary of parameters")
        attributes = parser.parse_optional_attr_dict_with_keyword()
        body = parser.parse_region([argument for _, argument in inputs])
        op = cls(
            name.data,
            [port for port, _ in inputs],
            [port for port, _ in outputs],
            body,
            comment=comment,
            parameters=parameters,
        )
        last = body.block.last_op
        if isinstance(last, OutputOp) and tuple(last.operand_types) != tuple(given for _, given in outputs):
            parser.raise_error(f"the types of the outputs of @{name.data} are not those of its rtl.output")
        if attributes is not None:
            op.attributes.update(attributes.data)
        return op
