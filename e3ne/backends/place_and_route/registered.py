"""A module around a design that registers every port: what is timed begins and ends in flip-flops, not in pads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WRAPPER = "e3ne_registered_ports"
INSTANCE = "design"


@dataclass(frozen=True)
class Port:
    """A port of the design beside its clock `clk`; `given` is an output."""

    name: str
    bits: int
    given: bool = False


def top_ports(input_bits: int, output_bits: int) -> list[Port]:
    """The ports of every compiled design (docs/user-guide.md, the hardware's interface)."""
    return [
        Port("rst", 1),
        Port("s_axis_tdata", input_bits),
        Port("s_axis_tvalid", 1),
        Port("m_axis_tready", 1),
        Port("s_axis_tready", 1, given=True),
        Port("m_axis_tdata", output_bits, given=True),
        Port("m_axis_tvalid", 1, given=True),
        Port("m_axis_tlast", 1, given=True),
    ]


def registered(top: str, ports: Sequence[Port]) -> str:
    """Verilog of the module `WRAPPER`: an instance of `top` with a register in front of, or behind, each port.

    Only its timing means anything: a register in a handshake changes what is said.
    """
    declared = ["input wire clk"]
    body: list[str] = []
    for port in ports:
        vector = f"[{port.bits - 1}:0] " if port.bits > 1 else ""
        inner, outer = f"{port.name}_inner", port.name
        declared.append(f"{'output reg' if port.given else 'input wire'} {vector}{outer}")
        body.append(f"  {'wire' if port.given else 'reg'} {vector}{inner};")
        target, source = (outer, inner) if port.given else (inner, outer)
        body.append(f"  always @(posedge clk) {target} <= {source};")
    joined = [".clk(clk)", *(f".{port.name}({port.name}_inner)" for port in ports)]
    return (
        "\n".join([f"module {WRAPPER} (", "  " + ",\n  ".join(declared), ");", *body, f"  {top} {INSTANCE} (", "    "])
        + ",\n    ".join(joined)
        + "\n  );\nendmodule\n"
    )
