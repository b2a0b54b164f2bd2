"""Legal and unique Verilog names."""

from __future__ import annotations

import re
from collections.abc import Iterable

_VERILOG = """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam
    design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable
    endtask event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout
    input instance integer join large liblist library localparam macromodule medium module nand negedge nmos nor
    noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
    pulsestyle_onevent pulsestyle_ondetect rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1
    scalared showcancelled signed small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0
    tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
"""
_SYSTEMVERILOG = """
    accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit break byte chandle
    checker class clocking const constraint context continue cover covergroup coverpoint cross dist do endchecker
    endclass endclocking endgroup endinterface endpackage endprogram endproperty endsequence enum eventually expect
    export extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies
    import inside int interconnect interface intersect join_any join_none let local logic longint matches modport
    nettype new nexttime null package packed priority program property protected pure rand randc randcase randsequence
    ref reject_on restrict return s_always s_eventually s_nexttime s_until s_until_with sequence shortint shortreal
    soft solve static string strong struct super sync_accept_on sync_reject_on tagged this throughout timeprecision
    timeunit type typedef union unique unique0 until until_with untyped var virtual void wait_order weak wildcard with
    within
"""
# Verilator turns Verilog names into C++ names, and warns of those that are reserved there.
_CPLUSPLUS = """
    alignas alignof and_eq asm auto bitand bitor bool catch char char8_t char16_t char32_t co_await co_return co_yield
    compl concept consteval constexpr constinit const_cast decltype delete double dynamic_cast explicit false float
    friend goto inline long mutable namespace noexcept not_eq nullptr operator or_eq private public register
    reinterpret_cast requires short sizeof static_assert static_cast switch template thread_local throw true try typeid
    typename using volatile wchar_t xor_eq abstract cdecl concept dynamic near far final override uint vluint64_t
    main errno assert signal stdin stdout stderr std this_type self
"""
RESERVED = frozenset((_VERILOG + _SYSTEMVERILOG + _CPLUSPLUS).split())
"""Words of Verilog, of SystemVerilog, and of C++ that a Verilog name should not be."""


def legal_name(name: str) -> str:
    """`name` with every character that a plain Verilog identifier cannot have replaced by `_`.

    Reserved words and names that begin with a digit or are empty get a `_` as well. Double underscores are joined,
    since Verilator gives them a meaning.
    """
    legal = re.sub(r"_{2,}", "_", re.sub(r"\W", "_", name, flags=re.ASCII))
    if not re.match(r"[A-Za-z_]", legal):
        legal = f"_{legal}"
    return f"{legal}_" if legal in RESERVED else legal


class Names:
    """The names of one scope: each is given once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """A legal name that is `name`, or close to it if that is taken: `name_1`, `name_2`, …"""
        base = legal_name(name)
        candidate = base
        while candidate in self._taken:
            number = self._next.get(base, 0) + 1
            self._next[base] = number
            candidate = f"{base}_{number}" if not base.endswith("_") else f"{base}{number}"
        self._taken.add(candidate)
        return candidate
