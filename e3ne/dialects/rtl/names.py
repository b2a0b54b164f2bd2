"""Name hints that survive being printed and parsed.

xDSL prints a value `%sum`, `%sum_1`, `%sum_2` … where several have the hint `sum`, and drops one such number when it
reads or sets a hint. A hint that itself ends in a number would therefore change, or clash.
"""

from __future__ import annotations

import re

_TRAILING_NUMBERS = re.compile(r"(?:_\d+)+$")


def name_hint(name: str) -> str:
    """A hint close to `name` that printing and parsing keep: `lane_3` gives `lane3`, `pe_1_2` gives `pe1x2`."""
    legal = re.sub(r"\W", "_", name, flags=re.ASCII)
    numbers = _TRAILING_NUMBERS.search(legal)
    if numbers is not None:
        base = legal[: numbers.start()]
        separator = "x" if base[-1:].isdigit() else ""
        legal = base + separator + "x".join(re.findall(r"\d+", numbers.group()))
    return legal if re.match(r"[A-Za-z_]", legal) else f"n{legal}"


def stable_hint(hint: str | None) -> str:
    """What remains of a hint however often it is printed and parsed; empty if there is none."""
    return _TRAILING_NUMBERS.sub("", hint or "")
