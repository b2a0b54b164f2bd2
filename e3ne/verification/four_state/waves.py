"""Reads the values of signals, once a cycle, from a VCD file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

CLOCK, RESET = "clk", "rst"


def sampled(path: Path, scope: Sequence[str], names: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """The bits of each signal of a scope, the highest first, just before each rising edge outside reset.

    Raises KeyError for signals that the file does not have.
    """
    codes: dict[str, list[str]] = {}
    widths: dict[str, int] = {}
    values: dict[str, str] = {}
    wanted, inside = set(names), list[str]()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["$scope"]:
                inside.append(words[2])
            elif words[:1] == ["$upscope"]:
                inside.pop()
            elif words[:1] == ["$var"]:
                name, code, width = words[4], words[3], int(words[2])
                # Clock and reset are those of the outermost module.
                own = name in wanted and inside == list(scope)
                outer = len(inside) == 1 and name in (CLOCK, RESET)
                if own or outer:
                    codes.setdefault(code, []).append(name)
                    widths[code] = width
            elif words[:1] == ["$enddefinitions"]:
                break
        known = {name for found in codes.values() for name in found}
        if missing := sorted((wanted | {CLOCK, RESET}) - known):
            raise KeyError(f"no signals {', '.join(missing)} in {'.'.join(scope)}")
        for line in lines:
            if line.startswith("#"):
                if values.get(CLOCK) == "0" and values.get(RESET) == "0":
                    yield {name: values[name] for name in names}
                continue
            bits, code = line.split() if line[0] in "bB" else (line[0], line[1:].strip())
            bits = bits.lstrip("bB")
            for name in codes.get(code, ()):
                # Leading bits that are left out are 0, or as unknown as the first one.
                values[name] = bits.rjust(widths[code], bits[0] if bits[0] in "xz" else "0")
