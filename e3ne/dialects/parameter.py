"""Parameters (weights, biases, thresholds) as symbols: the representation that `snn` and `dataflow` share.

Integers sit in containers of 8, 16 or 32 bits with their true width beside them; real numbers are float32.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Collection, Iterator
from typing import Self

import numpy as np
from xdsl.dialects.builtin import (
    I64,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    i64,
)
from xdsl.ir import Attribute, Operation
from xdsl.irdl import IRDLOperation, opt_prop_def, prop_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from e3ne.dialects.external import Array, ExternalAttr, element_dtype, little_endian_bytes, tensor_type
from e3ne.errors import E3neError

__all__ = [
    "Array",
    "ExternalAttr",
    "ParameterBase",
    "container",
    "dense_attr",
    "element_dtype",
    "find_parameter",
    "identifier",
    "parameter_array",
    "parameters_of",
    "signed_width",
    "tensor_type",
    "unused",
]


def signed_width(array: Array) -> int:
    """The bits of the narrowest two's complement type that holds every element of an integer array (at least 1)."""
    if array.size == 0:
        return 1
    low, high = int(array.min()), int(array.max())
    return max(high.bit_length() if high > 0 else 0, (~low).bit_length() if low < 0 else 0) + 1


def identifier(text: str) -> str:
    """The text with '_' for everything but letters, digits and '_', not starting with a digit: a plain symbol."""
    clean = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return f"_{clean}" if clean[:1].isdigit() or not clean else clean


def unused(wanted: str, taken: Collection[str]) -> str:
    """The name itself or with the first free number."""
    name, number = wanted, 1
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def container(width: int) -> np.dtype[np.generic]:
    """The smallest of int8, int16 and int32 with `width` bits; raises `E3neError` beyond 32."""
    for name, bits in (("<i1", 8), ("<i2", 16), ("<i4", 32)):
        if width <= bits:
            return np.dtype(name)
    raise E3neError(f"an integer parameter of {width} bits does not fit into 32 bits")


def dense_attr(array: Array) -> DenseIntOrFPElementsAttr:
    """The array as an inline value; it must be int8, int16, int32 or float32."""
    # -0.0 prints as part of a splat of 0.0 and would not come back: there is one zero
    clean = np.add(array, np.float32(0)) if array.dtype.kind == "f" else array
    return DenseIntOrFPElementsAttr(tensor_type(array), BytesAttr(little_endian_bytes(clean)))  # pyright: ignore[reportArgumentType]


class ParameterBase(IRDLOperation, ABC):
    """A named constant tensor at the top level of a module; each dialect that has parameters derives its own op.

        snn.parameter @conv1_weight : tensor<6x1x5x5xi8> {width = 3} = dense<...>
        snn.parameter @conv2_weight : tensor<16x6x5x5xi8> {width = 3} = #snn.external<"net.safetensors", "conv2_weight", "...">

    `width` is the true number of bits (signed, two's complement) of integers in their 8, 16 or 32-bit container;
    float32 parameters have none.
    """  # noqa: E501

    sym_name = prop_def(SymbolNameConstraint())
    type = prop_def(TensorType[Attribute])
    width = opt_prop_def(IntegerAttr[I64])
    value = prop_def(DenseIntOrFPElementsAttr | ExternalAttr)

    traits = traits_def(SymbolOpInterface())

    def __init__(self, name: str, array: Array, width: int | None = None):
        """A parameter with an inline value.

        Integers of any NumPy type are put into the container of `width` bits (default: the narrowest width that
        holds them); floats become float32. Raises `E3neError` when an element does not fit.
        """
        if array.dtype.kind in "iub":
            needed = signed_width(array)
            width = needed if width is None else width
            if needed > width:
                raise E3neError(f"parameter @{name} needs {needed} bits, but its width is {width}")
            array = array.astype(container(width))
        elif width is not None:
            raise E3neError(f"parameter @{name} holds real numbers and cannot have a width")
        else:
            array = array.astype(np.float32)
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "type": tensor_type(array),
                "width": None if width is None else IntegerAttr(width, i64),
                "value": dense_attr(array),
            }
        )

    @property
    def array(self) -> Array:
        """The value, read-only, in its container type."""
        return parameter_array(self)

    @property
    def bits(self) -> int:
        """The true width of an element: `width` for integers, 32 for real numbers."""
        return 32 if self.width is None else self.width.value.data

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parses `@name : type {width = W} = value`."""
        name = parser.parse_symbol_name()
        parser.parse_punctuation(":")
        parameter_type = parser.parse_type()
        attributes = parser.parse_optional_attr_dict()
        width = attributes.pop("width", None)
        parser.parse_punctuation("=")
        start = parser.pos
        if not isa(parameter_type, TensorType[Attribute]):
            parser.raise_error("a parameter has a tensor type", start, parser.pos)
        if parser.parse_optional_keyword("dense") is not None:
            value: Attribute = DenseIntOrFPElementsAttr.parse_with_type(parser, parameter_type)
        else:
            value = parser.parse_attribute()
        if isinstance(value, ExternalAttr) and value.type != parameter_type:
            parser.raise_error(_mismatch(parameter_type, value), start, parser.pos)
        properties: dict[str, Attribute] = {"sym_name": name, "type": parameter_type, "value": value}
        if width is not None:
            properties["width"] = width
        return cls.create(properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Prints `@name : type {width = W} = value`."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string(" : ")
        printer.print_attribute(self.type)
        if self.width is not None:
            printer.print_string(f" {{width = {self.width.value.data}")
            for key, attribute in self.attributes.items():
                printer.print_string(f", {key} = ")
                printer.print_attribute(attribute)
            printer.print_string("}")
        else:
            printer.print_op_attributes(self.attributes)
        printer.print_string(" = ")
        if isinstance(self.value, DenseIntOrFPElementsAttr):
            _print_dense(printer, self)
        else:
            printer.print_attribute(self.value)

    def verify_(self) -> None:
        """Checks container, number of elements, width, and that real numbers are finite."""
        name = self.sym_name.data
        dtype = element_dtype(self.type.element_type)
        if dtype is None:
            raise VerifyException(f"@{name}: elements must be i8, i16, i32 or f32, not {self.type.element_type}")
        if any(size < 1 for size in self.type.get_shape()):
            raise VerifyException(f"@{name}: every dimension must be fixed and at least 1")
        if self.value.type != self.type:
            raise VerifyException(f"@{name}: {_mismatch(self.type, self.value)}")
        if len(_content(self.value)) != dtype.itemsize * int(np.prod(self.type.get_shape(), dtype=np.int64)):
            raise VerifyException(f"@{name}: the value has another number of elements than {self.type}")
        if dtype.kind == "f":
            self._verify_real(name)
        else:
            self._verify_integer(name, 8 * dtype.itemsize)

    def _verify_real(self, name: str) -> None:
        if self.width is not None:
            raise VerifyException(f"@{name}: real numbers have no width")
        if not np.isfinite(self.array).all():
            raise VerifyException(f"@{name}: an element is infinite or not a number")

    def _verify_integer(self, name: str, container_bits: int) -> None:
        if self.width is None:
            raise VerifyException(f"@{name}: an integer parameter states its width")
        width = self.width.value.data
        if not 1 <= width <= container_bits:
            raise VerifyException(f"@{name}: width {width} does not fit its container of {container_bits} bits")
        if (needed := signed_width(self.array)) > width:
            raise VerifyException(f"@{name}: an element needs {needed} bits, but the width is {width}")


def parameter_array(op: ParameterBase) -> Array:
    """The value of a parameter as a read-only array in its container type (int8, int16, int32 or float32)."""
    dtype = element_dtype(op.type.element_type)
    if dtype is None:
        raise E3neError(f"parameter @{op.sym_name.data} has elements of type {op.type.element_type}")
    return np.frombuffer(_content(op.value), dtype).reshape(op.type.get_shape())


def find_parameter(user: Operation, reference: SymbolRefAttr) -> ParameterBase:
    """The parameter that `user` refers to; raises `VerifyException` when the symbol is missing or something else."""
    found = SymbolTable.lookup_symbol(user, reference)
    if found is None:
        raise VerifyException(f"'{user.name}' refers to {reference}, which does not exist")
    if not isinstance(found, ParameterBase):
        raise VerifyException(f"'{user.name}' refers to {reference}, which is not a parameter but '{found.name}'")
    return found


def parameters_of(module: Operation) -> Iterator[ParameterBase]:
    """The parameters at the top level of a module, in order."""
    for op in module.regions[0].ops:
        if isinstance(op, ParameterBase):
            yield op


def _print_dense(printer: Printer, op: ParameterBase) -> None:
    value = op.value
    assert isinstance(value, DenseIntOrFPElementsAttr)
    # xDSL prints integral floats of more than 6 digits as the bits in hexadecimal, and reads that back as an integer
    if op.width is None and np.abs(np.asarray(op.array, np.float64)).max(initial=0) >= 1e6:
        printer.print_string(f'dense<"0x{value.data.data.hex().upper()}">')
    else:
        value.print_without_type(printer)


def _content(value: DenseIntOrFPElementsAttr | ExternalAttr) -> bytes:
    return value.data.data if isinstance(value, DenseIntOrFPElementsAttr) else value.content.data


def _mismatch(expected: Attribute, value: DenseIntOrFPElementsAttr | ExternalAttr) -> str:
    if isinstance(value, ExternalAttr):
        return f"tensor '{value.key.data}' of '{value.file.data}' is {value.type}, not {expected}"
    return f"the value is {value.type}, not {expected}"
