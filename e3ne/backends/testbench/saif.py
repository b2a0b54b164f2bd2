r"""SAIF, the format of switching activity (IEEE 1801): the toggle counts of signals, instance by instance.

    (SAIFILE … (DURATION 100)
     (INSTANCE top
      (NET (data\[0\] (T0 60) (T1 40) (TC 12)) …)
      (INSTANCE unit …)))

All else of a file is passed over: header, times at 0 and 1, and groups of other names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from e3ne.errors import E3neError

Group = list["str | Group"]

# A bracket is escaped where it is a bit's and belongs to the name all the same.
_TOKEN = re.compile(r'//[^\n]*|"[^"\n]*"|[()]|(?:\\.|[^\s()"\\])+|\S')
_WRONG = (")", '"', "\\")
_BIT = re.compile(r"\\?\[\d+\\?\]$")
_SIGNALS = ("NET", "PORT")


@dataclass(frozen=True)
class Instance:
    """An instance: toggles of its signals, all bits of one added up, and the instances in it, by name."""

    toggles: Mapping[str, int] = field(default_factory=dict[str, int])
    instances: Mapping[str, Instance] = field(default_factory=dict[str, "Instance"])

    def at(self, *path: str) -> Instance:
        """The instance at the end of a path from this one; raises E3neError if there is none."""
        found = self
        for name in path:
            if name not in found.instances:
                raise E3neError(f"the switching activity has no instance '{name}' of '{'.'.join(path)}'")
            found = found.instances[name]
        return found


def parse_saif(text: str) -> Instance:
    """What a file tells, under a root without signals; raises E3neError, with the line, where it is no SAIF."""
    groups = _groups(text)
    if not groups or not isinstance(groups[0], list) or groups[0][:1] != ["SAIFILE"]:
        raise E3neError("SAIF: line 1: there is no (SAIFILE …)")
    return _instance(groups[0])


def _groups(text: str) -> Group:
    """Nested lists of words, one for each pair of parentheses."""
    outer: Group = []
    opened: list[tuple[Group, int]] = []
    group = outer
    # A file has a million tokens and more: where one stands is found out only if it is wrong.
    for number, token in enumerate(_TOKEN.findall(text)):
        if token == "(":
            inner: Group = []
            group.append(inner)
            opened.append((group, number))
            group = inner
        elif token == ")" and opened:
            group = opened.pop()[0]
        elif token in _WRONG:
            raise E3neError(f"SAIF: line {_line(text, number)}: unexpected {token}")
        elif not token.startswith("//"):
            group.append(token)
    if opened:
        raise E3neError(f"SAIF: line {_line(text, opened[-1][1])}: the parenthesis is not closed")
    return outer


def _line(text: str, number: int) -> int:
    """The line, from 1, of a token."""
    match = next(islice(_TOKEN.finditer(text), number, None))
    return text.count("\n", 0, match.start()) + 1


def _instance(group: Group) -> Instance:
    toggles: dict[str, int] = {}
    instances: dict[str, Instance] = {}
    for part in _lists(group):
        match part:
            case ["INSTANCE", *rest]:
                # The kind of the instance may stand before its name, in quotes.
                name = next((word for word in rest if isinstance(word, str) and not word.startswith('"')), None)
                if name is None or name in instances:
                    raise E3neError(f"SAIF: there is an instance {'without a name' if name is None else name} too many")
                instances[name] = _instance(part)
            case [kind, *signals] if kind in _SIGNALS:
                for signal in _lists(signals):
                    name, count = _signal(signal)
                    toggles[name] = toggles.get(name, 0) + count
            case _:
                pass
    return Instance(toggles, instances)


def _lists(group: Group) -> Iterator[Group]:
    return (part for part in group if isinstance(part, list))


def _signal(group: Group) -> tuple[str, int]:
    """Name of a bit's signal, and how often the bit toggled."""
    name = group[0] if group and isinstance(group[0], str) else None
    counts = [part[1] for part in _lists(group) if len(part) == 2 and part[0] == "TC"]
    if name is None or len(counts) != 1 or not isinstance(counts[0], str) or not counts[0].isdecimal():
        raise E3neError(f"SAIF: {name or 'a signal without a name'} needs one toggle count (TC n)")
    # Brackets without a backslash are an element's of an array, which is a signal of its own.
    return (_BIT.sub("", name) if name.endswith("\\]") else name), int(counts[0])
