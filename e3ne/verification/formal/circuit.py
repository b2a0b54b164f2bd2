"""A Verilog module as gates and registers, read by Yosys."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from e3ne.backends.synthesis.process import run_commands
from e3ne.errors import E3neError
from e3ne.verification.formal.graph import FALSE, TRUE, Graph, Literal

Bit = int | str
"""A bit of Yosys's netlist: a number, or a constant."""


READ = (
    'read_verilog -formal -sv "{file}"',
    "hierarchy -check -top {top}",
    "proc",
    "flatten",
    "check -assert",
    "opt_expr",
    "memory_collect",
    "memory_map",
    "opt_clean",
    "dffunmap",
    "simplemap",
    "techmap",
    'write_json "{out}"',
)
"""To simple gates, and registers without enable or reset; memories become registers, or constants."""


@dataclass(frozen=True)
class Circuit:
    """`signals` by name, lowest bit first; registers as pairs of what they hold now and next; inputs by name."""

    graph: Graph
    inputs: Mapping[str, Sequence[Literal]]
    signals: Mapping[str, Sequence[Literal]]
    registers: Sequence[tuple[Literal, Literal]]

    def matching(self, prefix: str) -> dict[str, Literal]:
        """The one-bit signals whose names begin so."""
        return {name: bits[0] for name, bits in self.signals.items() if name.startswith(prefix) and len(bits) == 1}


def read_circuit(verilog: str, top: str) -> Circuit:
    """The module `top` of a text; memories become registers, which hold anything at first, or constants.

    Raises E3neError if Yosys is not installed or refuses the text.
    """
    with tempfile.TemporaryDirectory() as name:
        file, out = Path(name) / "unit.v", Path(name) / "unit.json"
        file.write_text(verilog, encoding="utf-8")
        run_commands([command.format(file=file, top=top, out=out) for command in READ])
        modules = cast(dict[str, Any], json.loads(out.read_text(encoding="utf-8")))["modules"]
    return _Reader(modules[top]).circuit()


class _Reader:
    """Makes the graph of a module of Yosys's JSON netlist."""

    def __init__(self, module: Mapping[str, Any]) -> None:
        self.module, self.graph = module, Graph()
        self.known: dict[Bit, Literal] = {"0": FALSE, "1": TRUE}
        self.gates: dict[Bit, tuple[str, list[Bit]]] = {}

    def circuit(self) -> Circuit:
        ports = self.module["ports"].items()
        inputs = {name: self._free(port["bits"]) for name, port in ports if port["direction"] == "input"}
        held: list[tuple[Literal, Bit]] = []
        for cell in self.module["cells"].values():
            kind, ends = cell["type"], cell["connections"]
            if kind == "$_DFF_P_":
                held.append((self._free(ends["Q"])[0], ends["D"][0]))
            elif kind in _GATES:
                self.gates[ends["Y"][0]] = (kind, [ends[end][0] for end in ("A", "B", "S") if end in ends])
            elif kind == "$anyseq":
                self._free(ends["Y"])
            elif kind != "$scopeinfo":
                raise E3neError(f"the proofs cannot read a cell of type {kind}")
        registers = [(q, self._find(d)) for q, d in held]
        named = {name: net["bits"] for name, net in self.module["netnames"].items() if not net["hide_name"]}
        signals = {name: [self._find(bit) for bit in bits] for name, bits in named.items()}
        return Circuit(self.graph, inputs, signals, registers)

    def _free(self, bits: Sequence[Bit]) -> list[Literal]:
        for bit in bits:
            if bit not in self.known:
                self.known[bit] = self.graph.input()
        return [self.known[bit] for bit in bits]

    def _find(self, wanted: Bit) -> Literal:
        waiting = [wanted]
        while waiting:
            bit = waiting[-1]
            if bit in self.known or bit == "x":
                waiting.pop()
                continue
            if bit not in self.gates:
                # Driven by nothing: anything.
                self.known[bit] = self.graph.input()
                continue
            kind, sources = self.gates[bit]
            missing = [source for source in sources if source not in self.known and source != "x"]
            if missing:
                waiting += missing
                continue
            self.known[bit] = self._gate(kind, [self._value(source) for source in sources])
        return self._value(wanted)

    def _value(self, bit: Bit) -> Literal:
        # What is undefined may be different wherever it is used.
        return self.graph.input() if bit == "x" else self.known[bit]

    def _gate(self, kind: str, ends: Sequence[Literal]) -> Literal:
        graph, a, b = self.graph, ends[0], ends[-1]
        match kind:
            case "$_NOT_":
                return a ^ 1
            case "$_BUF_":
                return a
            case "$_AND_" | "$_NAND_":
                return graph.and_(a, b) ^ (kind == "$_NAND_")
            case "$_OR_" | "$_NOR_":
                return graph.or_(a, b) ^ (kind == "$_NOR_")
            case "$_XOR_" | "$_XNOR_":
                return graph.xor(a, b) ^ (kind == "$_XNOR_")
            case "$_ANDNOT_":
                return graph.and_(a, b ^ 1)
            case "$_ORNOT_":
                return graph.or_(a, b ^ 1)
            case _:
                if ends[0] == ends[1]:
                    return a
                return graph.or_(graph.and_(ends[2], ends[1]), graph.and_(ends[2] ^ 1, ends[0]))


_GATES = frozenset(
    f"$_{kind}_" for kind in ("NOT", "BUF", "AND", "NAND", "OR", "NOR", "XOR", "XNOR", "ANDNOT", "ORNOT", "MUX")
)
