"""IR text that a parser would take for ever, or all memory, to refuse."""

from __future__ import annotations

import time

import pytest

from e3ne.errors import E3neError
from e3ne.module_text import MOST_DEPTH, check_text, parse_text
from e3ne.pipeline_runner import new_context


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\n"a' + "b" * 10_000, "line 2: a text has no closing quote, or an escape that is none"),
        ('"\\zz"', "line 1: a text has no closing quote, or an escape that is none"),
        ("[" * 10_000, f"line 1: brackets are nested more than {MOST_DEPTH} deep"),
        ("\n\ntensor<1024x1024x1024xf32>", "line 3: a tensor has 1,073,741,824 elements; at most 67,108,864 are read"),
        ("x = " + "9" * 5_000, "line 1: a number has 5000 digits; at most 100 are read"),
    ],
)
def test_what_is_refused_before_it_is_parsed(text: str, message: str) -> None:
    start = time.perf_counter()
    with pytest.raises(E3neError) as error:
        parse_text(text, "x.mlir", new_context())
    assert str(error.value) == message
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        '// [[[ " tensor<99999999999xf32>\n',
        '"[[[ \\" \\\\ tensor<99999999999xf32> // "',
        "(" * MOST_DEPTH + ")" * MOST_DEPTH + "(" * MOST_DEPTH,
        "f() -> () -> () -> ()" * 1000,
        "tensor<8192x8192xf32>",
        "@" + "x9" * 10_000,
        f'dense<"0x{"9" * 10_000}">',
    ],
)
def test_what_is_left_to_the_parser(text: str) -> None:
    check_text(text)


def test_errors_that_the_parser_did_not_foresee() -> None:
    with pytest.raises(E3neError, match="it cannot be parsed: OverflowError: "):
        parse_text("builtin.module attributes {a = dense<1.0e300> : tensor<2xf32>} {}", "x.mlir", new_context())
