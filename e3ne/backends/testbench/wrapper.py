"""The generated part of a testbench: a Verilog module that brings the inner streams out, and the table of its ports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from e3ne.backends.testbench.streams import INPUT_STREAM, OUTPUT_STREAM, StreamProbe, bytes_of

TESTBENCH = "e3ne_testbench"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Wrapper:
    """What is to be observed: the top module and, in the order of the table, its streams with their widths (bits)."""

    top: str
    probes: tuple[StreamProbe, ...]
    input_width: int
    output_width: int

    def __post_init__(self) -> None:
        names = [probe.name for probe in self.streams]
        problems = [
            f"'{name}' is no Verilog identifier" for name in (self.top, *names) if not _IDENTIFIER.fullmatch(name)
        ]
        problems += [f"stream '{name}' is named twice" for name in sorted(set(names)) if names.count(name) > 1]
        problems += [f"stream '{probe.name}' has {probe.width} bits" for probe in self.streams if probe.width < 1]
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def streams(self) -> tuple[StreamProbe, ...]:
        """The input, the inner streams, and the output with `tlast` as the bit above its data."""
        source = StreamProbe(INPUT_STREAM, self.input_width)
        sink = StreamProbe(OUTPUT_STREAM, self.output_width + 1)
        return (source, *self.probes, sink)

    def verilog(self) -> str:
        """The module `e3ne_testbench`: the top module's ports, and three outputs for each inner stream."""
        ports = [
            "input wire clk",
            "input wire rst",
            f"input wire [{self.input_width - 1}:0] s_axis_tdata",
            "input wire s_axis_tvalid",
            "output wire s_axis_tready",
            f"output wire [{self.output_width}:0] m_axis_tdata",
            "output wire m_axis_tvalid",
            "input wire m_axis_tready",
        ]
        taps: list[str] = []
        for index, probe in enumerate(self.probes):
            ports += [
                f"output wire [{probe.width - 1}:0] p{index}_data",
                f"output wire p{index}_valid",
                f"output wire p{index}_ready",
            ]
            taps += [f"  assign p{index}_{part} = dut.{probe.name}_{part};" for part in ("data", "valid", "ready")]
        last = self.output_width
        connections = [f".{port}({port})" for port in ("clk", "rst", "s_axis_tdata", "s_axis_tvalid", "s_axis_tready")]
        connections += [
            f".m_axis_tdata(m_axis_tdata[{last - 1}:0])",
            f".m_axis_tlast(m_axis_tdata[{last}])",
            ".m_axis_tvalid(m_axis_tvalid)",
            ".m_axis_tready(m_axis_tready)",
        ]
        lines = [
            f"// Brings the streams inside {self.top} out to where the testbench can watch them.",
            f"module {TESTBENCH} (",
            ",\n".join(f"  {port}" for port in ports),
            ");",
            f"  {self.top} dut (",
            ",\n".join(f"    {connection}" for connection in connections),
            "  );",
            *taps,
            "endmodule",
        ]
        return "\n".join(lines) + "\n"

    def stream_table(self) -> str:
        """The C++ function that `harness.cpp` includes: where the model keeps each stream's signals."""
        rows = [_row(INPUT_STREAM, self.input_width, "s_axis_t")]
        rows += [_row(probe.name, probe.width, f"p{index}_") for index, probe in enumerate(self.probes)]
        rows += [_row(OUTPUT_STREAM, self.output_width + 1, "m_axis_t")]
        lines = [
            f"constexpr size_t kInputBytes = {bytes_of(self.input_width)};",
            f"static std::vector<Stream> streams_of(V{TESTBENCH}& model) {{",
            "    std::vector<Stream> streams;",
            *rows,
            "    return streams;",
            "}",
        ]
        return "\n".join(lines) + "\n"


def _row(name: str, width: int, prefix: str) -> str:
    data, valid, ready = (f"&model.{prefix}{part}" for part in ("data", "valid", "ready"))
    return f'    streams.emplace_back("{name}", {bytes_of(width)}, {data}, {valid}, {ready});'


def wrapper_of(top: str, probes: Sequence[StreamProbe], input_width: int, output_width: int) -> Wrapper:
    """The wrapper for `top`; raises ValueError on names that are no identifiers, repeated names, and empty streams."""
    return Wrapper(top, tuple(probes), input_width, output_width)
