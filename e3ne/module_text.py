"""IR text to modules, with one message for whatever is wrong with the text.

xDSL's parser recurses into what is nested, makes tensors as large as a type says, and looks for the end of a text
without a closing quote in exponential time. So what a text holds is looked at before it is parsed.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from e3ne.errors import E3neError
from e3ne.input_file import require_plain

MOST_BYTES = 1 << 28
"""Of a text; parameters of many bytes are kept beside it."""
MOST_ELEMENTS = 1 << 26
"""Of a tensor: more is a damaged text rather than a network."""
MOST_DEPTH = 64
"""Of brackets in one another."""
MOST_DIGITS = 100
_SHOWN = 500
"""Characters of a message of xDSL's that are shown."""

_TOKEN = re.compile(
    r"//[^\n]*"
    r'|"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"'
    r"|->"
    rf"|(?P<long>(?<![\w.$])\d{{{MOST_DIGITS + 1},}})"
    r"|(?P<open>[\[({<](?P<sizes>(?:\d+x)*))"
    r"|(?P<close>[\])}>])"
    r'|(?P<quote>")'
)
"""Comments and texts between quotes are passed over; the quantifiers that end with + do not go back."""


def check_text(text: str) -> None:
    """Raises E3neError, "line N: ...", for what the parser would take too long, or too much memory, to refuse."""
    depth = 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case None:
                continue
            case "quote":
                raise _at(text, token.start(), "a text has no closing quote, or an escape that is none")
            case "long":
                raise _at(text, token.start(), f"a number has {len(token[0])} digits; at most {MOST_DIGITS} are read")
            case "close":
                depth = max(0, depth - 1)
                continue
            case _:
                depth += 1
        if depth > MOST_DEPTH:
            raise _at(text, token.start(), f"brackets are nested more than {MOST_DEPTH} deep")
        if sizes := token["sizes"]:
            # digits beyond those of any size that is read need not be numbers
            elements = prod(int(size[-MOST_DIGITS:]) for size in sizes.split("x")[:-1])
            if elements > MOST_ELEMENTS:
                raise _at(
                    text, token.start(), f"a tensor has {elements:,} elements; at most {MOST_ELEMENTS:,} are read"
                )


def read_text(path: Path) -> str:
    """The text of a file; raises E3neError that says why it cannot be read, and does not name it."""
    require_plain(path, "it", MOST_BYTES)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise E3neError("it is not a text in UTF-8") from error
    except OSError as error:
        raise E3neError(f"it cannot be read: {error.strerror}") from error


def parse_text(text: str, name: str, context: Context) -> ModuleOp:
    """Parses and verifies a module; side files are found beside the file `name`.

    Raises E3neError that says what is wrong, with the line where that is known, and does not name the file.
    """
    check_text(text)
    try:
        module = Parser(context, text, name).parse_module()
        module.verify()
    except ParseError as error:
        raise _at(text, error.span.start, error.msg) from error
    except VerifyException as error:
        raise E3neError(_short(str(error))) from error
    except RecursionError as error:
        raise E3neError("it is nested too deeply") from error
    except MemoryError as error:
        raise E3neError("it takes more memory than there is") from error
    except Exception as error:
        # xDSL raises OverflowError, NotImplementedError, ValueError ... for texts that it did not foresee
        raise E3neError(f"it cannot be parsed: {type(error).__name__}: {_short(str(error))}") from error
    return module


def _at(text: str, place: int, message: str) -> E3neError:
    line = text.count("\n", 0, place) + 1
    return E3neError(f"line {line}: {_short(message)}")


def _short(message: str) -> str:
    return message if len(message) <= _SHOWN else f"{message[:_SHOWN]} …"
