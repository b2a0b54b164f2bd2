"""Texts of networks."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hostile.case import Arguments, accepted, add, compile_, refused

NETWORK = """builtin.module {
  snn.parameter @a_weight : tensor<3x4xf32> = dense<[[0.0, 0.25, -0.5, -0.5], [-0.25, 0.125, 0.0, 0.5], [0.0, 0.125, -0.25, 0.0]]>
  snn.parameter @a_bias : tensor<3xf32> = dense<[0.5, -0.25, 0.25]>
  snn.parameter @b_weight : tensor<2x3xf32> = dense<[[0.5, 0.25, 0.25], [-0.5, -0.25, 0.25]]>
  snn.network @net(%image: tensor<1x2x2xf32>) -> tensor<2xf32> {
    %0 = snn.flatten "0" %image : tensor<1x2x2xf32> -> tensor<4xf32>
    %1 = snn.linear "1" %0 weights @a_weight bias @a_bias : tensor<4xf32> -> tensor<3xf32>
    %2 = snn.relu "2" %1 : tensor<3xf32> -> tensor<3xf32>
    %3 = snn.linear "3" %2 weights @b_weight : tensor<3xf32> -> tensor<2xf32>
    snn.output %3 : tensor<2xf32>
  }
}
"""  # noqa: E501

INTEGERS = """builtin.module {
  snn.parameter @w : tensor<2x4xi8> {width = 3} = dense<[[0, 1, -4, 3], [-3, 2, 0, 3]]>
  snn.network @net(%image: tensor<1x2x2xf32>) -> !snn.membrane<[2], -60, 75> {
    %0 = snn.encode "input" %image : tensor<1x2x2xf32> -> !snn.train<[1, 2, 2], #snn.radix<4>>
    %1 = snn.flatten "0" %0 : !snn.train<[1, 2, 2], #snn.radix<4>> -> !snn.train<[4], #snn.radix<4>>
    %2 = snn.linear "fc" %1 weights @w : !snn.train<[4], #snn.radix<4>> -> !snn.membrane<[2], -60, 75>
    snn.output %2 : !snn.membrane<[2], -60, 75>
  }
}
"""


def write(folder: Path, text: str | bytes, name: str = "model.mlir") -> Path:
    """A text as a file."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return path


def _changed(name: str, old: str, new: str, *says: str, text: str = NETWORK) -> None:
    """A case with one replacement in a network's text."""
    assert old in text, old
    add(f"mlir/{name}", lambda folder: compile_(write(folder, text.replace(old, new))), "model.mlir", *says)


@accepted("mlir")
def as_it_is(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK))


@accepted("mlir")
def integers_as_they_are(folder: Path) -> Arguments:
    return compile_(write(folder, INTEGERS))


@refused("mlir", "model.mlir")
def empty(folder: Path) -> Arguments:
    return compile_(write(folder, ""))


@refused("mlir", "model.mlir")
def half(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK[: len(NETWORK) // 2]))


@refused("mlir", "model.mlir")
def bytes_that_are_no_text(folder: Path) -> Arguments:
    return compile_(write(folder, bytes(range(256)) * 100))


@refused("mlir", "model.mlir")
def zeros(folder: Path) -> Arguments:
    return compile_(write(folder, b"\0" * 100_000))


@refused("mlir", "model.mlir")
def nested_regions(folder: Path) -> Arguments:
    return compile_(write(folder, "builtin.module {\n" * 10_000 + "}\n" * 10_000))


@refused("mlir", "model.mlir")
def nested_attributes(folder: Path) -> Arguments:
    return compile_(write(folder, "builtin.module attributes {a = " + "[" * 10_000 + "]" * 10_000 + "} {}"))


@refused("mlir", "model.mlir")
def nested_types(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK.replace("tensor<3xf32>", "tuple<" * 10_000 + "i1" + ">" * 10_000)))


@refused("mlir", "model.mlir")
def nested_dense(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK.replace("[0.5, -0.25, 0.25]", "[" * 10_000 + "0.5" + "]" * 10_000)))


@refused("mlir", "model.mlir")
def a_folder(folder: Path) -> Arguments:
    (folder / "model.mlir").mkdir()
    return compile_(folder / "model.mlir")


@refused("mlir", "model.mlir")
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / "model.mlir")
    return compile_(folder / "model.mlir")


@refused("mlir", "model.mlir")
def an_endless_device(folder: Path) -> Arguments:
    (folder / "model.mlir").symlink_to("/dev/zero")
    return compile_(folder / "model.mlir")


@refused("mlir", "model.mlir")
def a_link_to_itself(folder: Path) -> Arguments:
    (folder / "model.mlir").symlink_to("model.mlir")
    return compile_(folder / "model.mlir")


@refused("mlir", "model.mlir")
def a_sparse_file_of_64_gib(folder: Path) -> Arguments:
    with (folder / "model.mlir").open("wb") as file:
        file.truncate(1 << 36)
    return compile_(folder / "model.mlir")


@refused("mlir", "exactly one snn.network", "none")
def no_network(folder: Path) -> Arguments:
    return compile_(write(folder, "builtin.module {}"))


@refused("mlir", "@net", "@net2")
def two_networks(folder: Path) -> Arguments:
    body = NETWORK.split("  snn.network")[1].rpartition("}")[0]
    text = NETWORK.rpartition("}")[0] + "  snn.network" + body.replace("@net", "@net2") + "}\n"
    return compile_(write(folder, text))


@refused("mlir", "network 'net'")
def the_end_alone(folder: Path) -> Arguments:
    body = (
        "snn.network @net(%image: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {\n snn.output %image : tensor<1x2x2xf32>\n}"
    )
    return compile_(write(folder, body))


_changed("unknown_operation", "snn.relu", "snn.gelu", "snn.gelu")
_changed("unknown_dialect", "snn.relu", "evil.run", "evil.run")
_changed("of_another_dialect", "snn.relu", "rtl.constant", "rtl.constant")
_changed("dense_too_short", "dense<[0.5, -0.25, 0.25]>", "dense<[0.5, -0.25]>")
_changed("dense_too_long", "dense<[0.5, -0.25, 0.25]>", "dense<[0.5, -0.25, 0.25, 1.0]>")
_changed("dense_hexadecimal_too_short", "dense<[0.5, -0.25, 0.25]>", 'dense<"0x0000">')
_changed("dense_hexadecimal_of_nothing", "dense<[0.5, -0.25, 0.25]>", 'dense<"0x">')
_changed("dense_hexadecimal_of_no_digits", "dense<[0.5, -0.25, 0.25]>", 'dense<"0xZZ">')
_changed("dense_of_words", "dense<[0.5, -0.25, 0.25]>", 'dense<["a", "b", "c"]>')
_changed("dense_ragged", "dense<[[0.5, 0.25, 0.25], [-0.5, -0.25, 0.25]]>", "dense<[[0.5, 0.25], [-0.5]]>")
_changed("dense_infinite", "dense<[0.5, -0.25, 0.25]>", "dense<[1.0e300, -0.25, 0.25]>")
_changed("dense_not_a_number", "dense<[0.5, -0.25, 0.25]>", 'dense<"0x0000C07F0000C07F0000C07F">', "@a_bias")
_changed("dense_a_number_of_10000_digits", "[0.5, -0.25, 0.25]", f"[{'9' * 10_000}.0, 0.0, 0.0]", "line 3")
_changed("dense_an_integer_of_10000_digits", "[[0, 1, -4, 3]", f"[[{'9' * 10_000}, 1, -4, 3]", text=INTEGERS)
_BIAS = "tensor<3xf32> = dense<[0.5, -0.25, 0.25]>"
_changed("dense_splat_of_2_to_the_40", _BIAS, f"tensor<{1 << 40}xf32> = dense<0.5>", "line 3", f"{1 << 40:,}")
_changed("dense_splat_of_2_to_the_80", _BIAS, f"tensor<{1 << 80}xf32> = dense<0.5>", "line 3", f"{1 << 80:,}")
_changed("dense_splat_of_10000_digits", _BIAS, f"tensor<{'9' * 10_000}xf32> = dense<0.5>", "line 3")
_changed("dense_of_no_elements", _BIAS, "tensor<0xf32> = dense<[]>", "@a_bias")
_changed("dense_of_unknown_size", _BIAS, "tensor<?xf32> = dense<0.5>")
_changed("dense_resource", "dense<[0.5, -0.25, 0.25]>", "dense_resource<blob>")
_changed("a_parameter_of_i4", "tensor<2x4xi8> {width = 3}", "tensor<2x4xi4> {width = 3}", "i4", text=INTEGERS)
_changed("a_parameter_of_i999999", "tensor<2x4xi8> {width = 3}", "tensor<2x4xi999999> {width = 3}", text=INTEGERS)
_changed("a_width_of_0", "width = 3", "width = 0", "@w", "width 0", text=INTEGERS)
_changed("a_width_below_zero", "width = 3", "width = -3", "@w", "width -3", text=INTEGERS)
_changed("a_width_of_words", "width = 3", 'width = "three"', text=INTEGERS)
_changed("a_width_too_great", "width = 3", "width = 99", "@w", "width 99", text=INTEGERS)
_changed("a_width_of_10000_digits", "width = 3", f"width = {'9' * 10_000}", text=INTEGERS)
_changed("membranes_that_cannot_be", "-60, 75", "75, -60", "75 ... -60", text=INTEGERS)
_changed("membranes_of_10000_digits", "-60, 75", f"-{'9' * 10_000}, {'9' * 10_000}", text=INTEGERS)
_changed("membranes_of_10000_bits", "-60, 75", f"-{1 << 10_000}, {1 << 10_000}", text=INTEGERS)

add(
    "mlir/membranes_of_200_bits",
    lambda folder: compile_(write(folder, INTEGERS.replace("-60, 75", f"-{1 << 200}, {1 << 200}"))),
    "layer 'fc'",
    "at most 64",
)
_changed("no_steps", "radix<4>", "radix<0>", "not 0", text=INTEGERS)
_changed("a_billion_steps", "radix<4>", "radix<1000000000>", text=INTEGERS)
_changed("an_unknown_encoding", "radix<4>", "morse<4>", text=INTEGERS)
_changed("steps_of_10000_digits", "radix<4>", f"radix<{'9' * 10_000}>", text=INTEGERS)
_changed("an_image_of_no_pixels", "1x2x2xf32", "0x2x2xf32")
_changed("an_image_of_two_dimensions", "1x2x2xf32", "2x2xf32")
_changed("an_image_of_one_dimension", "1x2x2xf32", "4xf32")
_changed("an_image_of_2_to_the_40", "1x2x2xf32", "1x1048576x1048576xf32")
_changed("an_image_of_unknown_size", "1x2x2xf32", "?x2x2xf32")
_changed("an_image_of_integers", "1x2x2xf32", "1x2x2xi8")
_changed("a_network_of_2_to_the_40", "tensor<1x2x2xf32>", "tensor<1x1048576x1048576xf32>")
_changed("a_parameter_that_is_not_there", "weights @b_weight", "weights @c_weight", "c_weight")
_changed("a_parameter_that_is_a_network", "weights @b_weight", "weights @net", "@net")
_changed("a_parameter_twice", "@a_bias :", "@a_weight :", "a_weight")
_changed("a_value_that_is_not_there", "%2 weights @b", "%9 weights @b")
_changed("a_value_before_its_definition", "%0 weights", "%3 weights")
_changed("a_value_twice", "%3 = snn.linear", "%2 = snn.linear")
_changed("a_layer_twice", '"3"', '"1"', "layer '1'")
_changed("types_that_contradict", "tensor<4xf32> -> tensor<3xf32>", "tensor<4xf32> -> tensor<5xf32>")
_changed("no_output", "    snn.output %3 : tensor<2xf32>\n", "")
_changed("an_output_of_nothing", "snn.output %3 : tensor<2xf32>", "snn.output :")
_changed("two_outputs", "snn.output %3 : tensor<2xf32>", "snn.output %3, %3 : tensor<2xf32>, tensor<2xf32>")
_changed("an_alias_of_itself", "builtin.module {", "#a = [#a]\nbuiltin.module attributes {x = #a} {")
_changed("an_escape_that_is_none", '"3"', '"\\zz"')
_changed("a_text_without_end", '"3"', '"3')
_changed("a_surrogate", '"3"', '"\\ED\\A0\\80"')
