"""What a hostile input is: files that a function writes, the command that gets them, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Arguments = Sequence[str | Path]
Make = Callable[[Path], Arguments]
"""Writes files into a folder, and gives the arguments of `e3ne`; the current folder is another one, and empty."""

OUT = "out"
"""Where all commands write, in the current folder."""


@dataclass(frozen=True)
class Case:
    """One input. The command refuses it with a message that has all of `says`, or takes it if it is `accepted`."""

    name: str
    make: Make
    says: tuple[str, ...]
    accepted: bool = False


CASES: dict[str, Case] = {}
"""All cases by name, in the order of the files that define them."""


def add(name: str, make: Make, *says: str, accepted: bool = False) -> None:
    """Enters a case; a name is given once."""
    assert name not in CASES, name
    CASES[name] = Case(name, make, says, accepted)


def refused(group: str, *says: str) -> Callable[[Make], Make]:
    """Enters the function as a case that is refused; its name is that of the case."""

    def enter(make: Make) -> Make:
        add(f"{group}/{make.__name__}", make, *says)
        return make

    return enter


def accepted(group: str) -> Callable[[Make], Make]:
    """Enters the function as a case that is taken."""

    def enter(make: Make) -> Make:
        add(f"{group}/{make.__name__}", make, accepted=True)
        return make

    return enter


def compile_(model: str | Path, *options: str | Path) -> list[str | Path]:
    """The arguments that compile a model."""
    return ["compile", model, *options, "-o", OUT]
