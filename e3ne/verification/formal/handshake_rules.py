"""The rules of a stream's handshake, which every unit obeys, and those of the counters inside."""

from __future__ import annotations

import re

from e3ne.verification.formal.checker import Checker
from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.induction import Outcome


def add_handshake(c: Checker) -> None:
    """What is offered stays, and stays the same, until it is taken; nothing is offered after a reset.

    Of the unit's source the same is assumed.
    """
    last = "m_last, " if re.search(r"output wire m_last\b", c.verilog) else ""
    c.wire("f_take", 1, "s_valid & s_ready")
    c.wire("f_give", 1, "m_valid & m_ready")
    c.reg("f_source_waits", 1, "s_valid & ~s_ready")
    c.reg("f_source_data", c.taken, "s_data", reset=None)
    c.assume("source", "~f_source_waits | (s_valid & s_data == f_source_data)")
    given = c.given + (1 if last else 0)
    c.reg("f_waits", 1, "m_valid & ~m_ready")
    c.reg("f_offered", given, f"{{{last}m_data}}", reset=None)
    c.reg("f_after_reset", 1, "1'b0", reset="1")
    c.ok("valid_stays", "~f_waits | m_valid")
    c.ok("data_stays", f"~f_waits | {{{last}m_data}} == f_offered")
    c.ok("reset", "~f_after_reset | ~m_valid")


def add_counters(c: Checker) -> None:
    """Each counter that turns at a number stays up to it, and goes on by one or turns."""
    for found in re.finditer(r"wire (\w+)_last = \1 == ((\d+)'[dh][0-9a-f]+);", c.verilog):
        name, last, bits = found.groups()
        c.reg(f"f_before_{name}", int(bits), name, reset=None)
        c.reg(f"f_fresh_{name}", 1, "1'b0", reset="1")
        c.ok(f"counter_{name}_range", f"{name} <= {last}")
        c.ok(
            f"counter_{name}_step",
            f"f_fresh_{name} ? {name} == 0 : ({name} == f_before_{name} | "
            f"{name} == ((f_before_{name} == {last}) ? {bits}'d0 : f_before_{name} + {bits}'d1))",
        )


def independence(circuit: Circuit) -> Outcome:
    """That valid and data do not wait for ready: no path within a cycle."""
    ready = circuit.inputs["m_ready"][0] >> 1
    offered = [*circuit.signals["m_valid"], *circuit.signals["m_data"]]
    depends = ready in circuit.graph.cone(offered)
    return Outcome("ok_valid_before_ready", "failed" if depends else "proved", "no path in the netlist")
