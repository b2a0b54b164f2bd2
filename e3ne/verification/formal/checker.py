"""Text of properties, which goes into a printed module in front of its `endmodule`.

Names of what is added begin with `f_`; signals `ok_…` are to be proved, `keep_…` too, as what others rest on, and
`assume_…` are assumed of the surroundings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from e3ne.errors import E3neError


@dataclass
class Checker:
    """Adds to the module `name`, whose ports are `s_data` of `taken` bits and `m_data` of `given` bits."""

    verilog: str
    name: str
    taken: int
    given: int
    declared: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])
    splits: dict[str, str] = field(default_factory=dict[str, str])
    missing: list[str] = field(default_factory=list[str])
    names: set[str] = field(default_factory=set[str])

    def reg(self, name: str, bits: int, following: str, enable: str = "1'b1", reset: str | None = "0") -> str:
        """A register, which has `reset` after a reset; without one it holds anything at first."""
        change = f"if ({enable}) {name} <= {following};"
        body = change if reset is None else f"if (rst) {name} <= {reset}; else {change}"
        self._declare(name)
        self.declared.append(f"reg [{bits - 1}:0] {name};")
        self.lines.append(f"always @(posedge clk) begin {body} end")
        return name

    def constant(self, name: str, bits: int) -> str:
        """Any number, the same in all cycles: what is proved holds for each."""
        return self.reg(name, bits, name, reset=None)

    def wire(self, name: str, bits: int, value: str) -> str:
        """A name for a value."""
        self._declare(name)
        self.declared.append(f"wire [{bits - 1}:0] {name};")
        self.lines.append(f"assign {name} = {value};")
        return name

    def ok(self, name: str, value: str, split: str | None = None) -> None:
        """A property; where it is hard, a case for each value of the signal `split`."""
        self._add(f"ok_{name}", value, split)

    def keep(self, name: str, value: str, split: str | None = None) -> None:
        """An invariant; `split` as of a property."""
        self._add(f"keep_{name}", value, split)

    def _add(self, name: str, value: str, split: str | None) -> None:
        self._declare(name)
        self.lines.append(f"(* keep *) wire {name} = {value};")
        if split is not None:
            self.splits[name] = split

    def assume(self, name: str, value: str) -> None:
        """What the surroundings do."""
        self._declare(f"assume_{name}")
        self.lines.append(f"(* keep *) wire assume_{name} = {value};")

    def _declare(self, name: str) -> None:
        """Refuses a name that is there: Yosys would take both for one signal."""
        if name in self.names or re.search(rf"\b{name}\b", self.verilog):
            raise E3neError(f"{self.name} has two signals {name}")
        self.names.add(name)

    def has(self, name: str) -> bool:
        """Whether the module declares a register of this name."""
        return self._declaration(name) is not None

    def width(self, name: str) -> int:
        """Bits of a register; raises E3neError if there is none of this name."""
        found = self._declaration(name)
        if found is None:
            raise E3neError(f"{self.name} has no register {name}, which the proofs expect")
        return int(found.group(1) or 0) + 1

    def _declaration(self, name: str) -> re.Match[str] | None:
        return re.search(rf"\breg (?:\[(\d+):0\] )?{name}\b", self.verilog)

    def text(self) -> str:
        """The module with what was added."""
        head, found, tail = self.verilog.rpartition("endmodule")
        if not found:
            raise E3neError(f"{self.name} is no Verilog module")
        added = "\n".join(f"  {line}" for line in self.declared + self.lines)
        return f"`default_nettype none\n{head}\n{added}\n\nendmodule{tail}"


def next_modulo(name: str, bits: int, modulus: int) -> str:
    """The number after `name`, below `modulus`."""
    return f"(({name} == {bits}'d{modulus - 1}) ? {bits}'d0 : {name} + {bits}'d1)"


def width_for(numbers: int) -> int:
    """Bits in which `numbers` different numbers are told apart, at least one."""
    return max(1, (numbers - 1).bit_length())


def numbered(name: str, number: int) -> str:
    """The name of the register `number` of all that are called `name`."""
    return f"{name}_{number}" if number else name
