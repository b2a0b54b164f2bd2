"""A Verilog module around a design that drives both of its ports by itself: it has nothing but clock and reset.

The stimulus is that of the other testbench: beats with gaps before them, and output beats that are refused for a while.
What goes in is in memories, so that any simulator or synthesis tool can run it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRIVER = "four_state_driver"
INSTANCE = "dut"


def driver(
    top: str, input_bits: int, output_bits: int, beats: NDArray[np.uint8], gaps: Sequence[int], stalls: Sequence[int]
) -> str:
    """The module for the design `top`; `beats` has shape (n, bytes), little-endian."""
    wide = max(1, max((*gaps, *stalls), default=0).bit_length())
    index, place = len(beats).bit_length(), len(stalls).bit_length()
    words = [int.from_bytes(beat.tobytes(), "little") for beat in beats]
    lines = [
        f"module {DRIVER} (input wire clk, input wire rst);",
        f"  reg [{index - 1}:0] taken;",
        f"  reg [{place - 1}:0] given;",
        f"  reg [{wide - 1}:0] gap, stall;",
        *_memory("beats", input_bits, words),
        # Behind the last one nothing waits.
        *_memory("gaps", wide, [*gaps, 0]),
        *_memory("stalls", wide, [*stalls, 0]),
        f"  wire s_valid = taken != {index}'d{len(beats)} & gap == 0;",
        "  wire m_ready = stall == 0;",
        "  wire s_ready, m_valid, m_last;",
        f"  wire [{input_bits - 1}:0] s_data = beats[taken];",
        f"  wire [{output_bits - 1}:0] m_data;",
        f"  {top} {INSTANCE} (.clk(clk), .rst(rst), .s_axis_tdata(s_data), .s_axis_tvalid(s_valid),",
        "    .s_axis_tready(s_ready), .m_axis_tdata(m_data), .m_axis_tvalid(m_valid), .m_axis_tlast(m_last),",
        "    .m_axis_tready(m_ready));",
        "  always @(posedge clk) begin",
        "    if (rst) begin",
        f"      taken <= {index}'d0;",
        f"      given <= {place}'d0;",
        "      gap <= gaps[0];",
        "      stall <= stalls[0];",
        "    end else begin",
        "      if (s_valid & s_ready) begin",
        f"        taken <= taken + {index}'d1;",
        f"        gap <= gaps[taken + {index}'d1];",
        f"      end else if (gap != 0) gap <= gap - {wide}'d1;",
        f"      if (m_valid & m_ready & given != {place}'d{len(stalls)}) begin",
        f"        given <= given + {place}'d1;",
        f"        stall <= stalls[given + {place}'d1];",
        f"      end else if (stall != 0) stall <= stall - {wide}'d1;",
        "    end",
        "  end",
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _memory(name: str, bits: int, words: Sequence[int]) -> list[str]:
    values = [f"    {name}[{number}] = {bits}'h{int(word):x};" for number, word in enumerate(words)]
    return [f"  reg [{bits - 1}:0] {name} [0:{len(words) - 1}];", "  initial begin", *values, "  end"]
