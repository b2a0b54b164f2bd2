"""All cases: importing a file of cases enters them."""

from tests.hostile import (  # noqa: F401
    array_cases,
    design_cases,
    factory_cases,
    mlir_cases,
    name_cases,
    nir_cases,
    onnx_cases,
    option_cases,
    pt2_cases,
    safetensors_cases,
)
from tests.hostile.case import CASES

__all__ = ["CASES", "SAMPLE"]

SAMPLE = (
    *("mlir/half", "mlir/nested_regions", "mlir/a_text_without_end", "mlir/a_pipe", "mlir/an_endless_device"),
    *("mlir/dense_splat_of_2_to_the_40", "mlir/membranes_of_200_bits", "mlir/an_image_of_two_dimensions"),
    *("mlir/membranes_of_10000_digits", "names/network_our_source", "names/out_of_10000_characters"),
    *("safetensors/a_link_that_leaves_the_folder", "safetensors/a_header_of_2_to_the_60"),
    *("safetensors/file_of_10000_characters", "arrays/a_zip_bomb", "arrays/pickled", "arrays/a_pipe"),
    *("onnx/an_unknown_domain", "onnx/a_parameter_twice", "onnx/a_pipe", "onnx/data_outside"),
    *("factory/exits", "factory/raises_what_cannot_be_shown", "options/steps-by-layer_of_huge_numbers"),
    *("options/steps-by-layer_of_digits_elsewhere", "options/decisions_nested", "options/clock_nan"),
)
"""Those that the tests run: one of each kind, and what was once answered wrongly."""
