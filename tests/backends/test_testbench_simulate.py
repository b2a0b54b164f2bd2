"""Simulations of a small hand-written pipeline whose every cycle is worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from e3ne.backends.testbench.simulate import Simulation, Stimulus, StreamProbe, simulate
from e3ne.errors import E3neError

# Adds 1, then passes through a register that holds one beat (ready when empty or being emptied).
PIPELINE = """
module stage #(parameter W = 12) (
  input wire clk, input wire rst,
  input wire [W-1:0] i_data, input wire i_valid, output wire i_ready,
  output wire [W-1:0] o_data, output wire o_valid, input wire o_ready
);
  reg full;
  reg [W-1:0] held;
  assign i_ready = !full | o_ready;
  assign o_data = held;
  assign o_valid = full;
  always @(posedge clk) begin
    if (rst) full <= 1'b0; else if (i_ready) full <= i_valid;
    if (i_ready & i_valid) held <= i_data + 1'b1;
  end
endmodule
"""

TOP = """
module pipeline (
  input wire clk, input wire rst,
  input wire [11:0] s_axis_tdata, input wire s_axis_tvalid, output wire s_axis_tready,
  output wire [11:0] m_axis_tdata, output wire m_axis_tvalid, input wire m_axis_tready, output wire m_axis_tlast
);
  wire [11:0] first_data; wire first_valid; wire first_ready;
  wire [11:0] second_data; wire second_valid; wire second_ready;
  wire [99:0] wide_data = {44'd0, second_data, 32'd0, second_data};
  wire wide_valid = second_valid; wire wide_ready = second_ready;
  stage one (.clk(clk), .rst(rst), .i_data(s_axis_tdata), .i_valid(s_axis_tvalid), .i_ready(s_axis_tready),
             .o_data(first_data), .o_valid(first_valid), .o_ready(first_ready));
  stage two (.clk(clk), .rst(rst), .i_data(first_data), .i_valid(first_valid), .i_ready(first_ready),
             .o_data(second_data), .o_valid(second_valid), .o_ready(second_ready));
  assign m_axis_tdata = second_data;
  assign m_axis_tvalid = second_valid;
  assign second_ready = m_axis_tready;
  assign m_axis_tlast = second_data[0];
endmodule
"""

PROBES = (StreamProbe("first", 12), StreamProbe("second", 12), StreamProbe("wide", 100))


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.v").write_text(text)
    return folder


def beats(*values: int) -> np.ndarray:
    return np.array(values, "<u2").view(np.uint8).reshape(-1, 2)


def run(
    folder: Path, stimulus: Stimulus, *, max_cycles: int = 1000, idle_cycles: int = 100, seed: int = 1
) -> Simulation:
    return simulate(
        folder, "pipeline", PROBES, stimulus, input_width=12, output_width=12,
        max_cycles=max_cycles, idle_cycles=idle_cycles, seed=seed,
    )  # fmt: skip


def values(simulation: Simulation, stream: str) -> list[int]:
    return simulation[stream].data.copy().view("<u2")[:, 0].tolist()


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pipeline"), stage=PIPELINE, pipeline=TOP)


def test_without_pauses_a_beat_a_cycle(pipeline: Path) -> None:
    result = run(pipeline, Stimulus.without_pauses(beats(0, 7, 4093), 3))
    assert result.stop == "complete"
    assert result.violations == []
    assert result["s_axis"].transfers.tolist() == [0, 1, 2]
    assert result["first"].transfers.tolist() == [1, 2, 3]
    assert result["second"].transfers.tolist() == [2, 3, 4]
    assert result["m_axis"].offers.tolist() == [2, 3, 4]
    assert values(result, "s_axis") == [0, 7, 4093]
    assert values(result, "first") == [1, 8, 4094]
    assert values(result, "second") == [2, 9, 4095]
    # tlast, here bit 0 of the value, is the bit above the 12 data bits
    assert values(result, "m_axis") == [2, 9 + 4096, 4095 + 4096]
    assert result.cycles == 5 + 16


def test_wide_beats_are_little_endian(pipeline: Path) -> None:
    result = run(pipeline, Stimulus.without_pauses(beats(0x123), 1))
    assert result["wide"].data.shape == (1, 13)
    assert int.from_bytes(result["wide"].data[0].tobytes(), "little") == 0x125 | 0x125 << 44


def test_gaps_delay_offers_at_the_input(pipeline: Path) -> None:
    stimulus = Stimulus(beats(1, 2, 3), np.array([3, 0, 2], np.int32), np.zeros(3, np.int32))
    result = run(pipeline, stimulus)
    assert result["s_axis"].offers.tolist() == [3, 4, 7]
    assert result["s_axis"].transfers.tolist() == [3, 4, 7]
    assert result["m_axis"].transfers.tolist() == [5, 6, 9]


def test_stalls_push_back_to_the_input(pipeline: Path) -> None:
    stimulus = Stimulus(beats(1, 2, 3, 4), np.zeros(4, np.int32), np.array([5, 0, 3, 0], np.int32))
    result = run(pipeline, stimulus)
    # tready is 0 in the cycles 0 … 4; two beats fill the two registers, the third waits at the port from cycle 2
    assert result["m_axis"].offers.tolist() == [2, 6, 7, 11]
    assert result["m_axis"].transfers.tolist() == [5, 6, 10, 11]
    assert result["s_axis"].offers.tolist() == [0, 1, 2, 6]
    assert result["s_axis"].transfers.tolist() == [0, 1, 5, 6]


def test_stalls_do_not_wait_for_valid(pipeline: Path) -> None:
    stimulus = Stimulus(beats(1), np.array([10], np.int32), np.array([8], np.int32))
    assert run(pipeline, stimulus)["m_axis"].transfers.tolist() == [12]


def test_limit_of_cycles_shortens_the_traces(pipeline: Path) -> None:
    result = run(pipeline, Stimulus.without_pauses(beats(*range(100)), 100), max_cycles=20)
    assert (result.stop, result.cycles) == ("max_cycles", 20)
    assert len(result["s_axis"].transfers) == 20
    assert len(result["m_axis"].transfers) == 18


def test_deadlock_is_bounded_and_long_pauses_are_none(pipeline: Path) -> None:
    result = run(pipeline, Stimulus.without_pauses(beats(1), 2), max_cycles=100_000)
    assert (result.stop, result.cycles) == ("deadlock", 3 + 100)
    pause = Stimulus(beats(1, 2), np.array([0, 500], np.int32), np.array([0, 700], np.int32))
    assert run(pipeline, pause).stop == "complete"


def test_a_beat_that_nobody_takes_is_pending(pipeline: Path, tmp_path: Path) -> None:
    blocked = TOP.replace("assign second_ready = m_axis_tready;", "assign second_ready = 1'b0;")
    blocked = blocked.replace("m_axis_tvalid = second_valid", "m_axis_tvalid = 1'b0")
    result = run(write(tmp_path, stage=PIPELINE, pipeline=blocked), Stimulus.without_pauses(beats(1, 2, 3), 3))
    assert result.stop == "deadlock"
    assert result["second"].pending_offer == 2
    assert result["second"].transfers.size == 0
    assert result["first"].pending_offer == 2


def test_breaches_of_the_handshake_are_found(tmp_path: Path) -> None:
    # The first stage forgets its beat when it is refused for the first time; the output's data counts while it waits.
    counter = "reg [11:0] n; always @(posedge clk) n <= rst ? 0 : n + 1;"
    broken = TOP.replace("assign m_axis_tdata = second_data;", f"{counter} assign m_axis_tdata = n;")
    broken = broken.replace(".o_data(first_data), .o_valid(first_valid)", ".o_data(first_data), .o_valid(full)")
    broken = broken.replace("stage one", "wire full; assign first_valid = full & !n[2]; stage one")
    stimulus = Stimulus(beats(1, 2, 3), np.zeros(3, np.int32), np.array([7, 0, 0], np.int32))
    result = run(write(tmp_path, stage=PIPELINE, pipeline=broken), stimulus)
    found = [(violation.stream, violation.beat, violation.cycle, violation.kind) for violation in result.violations]
    assert ("first", 1, 4, "valid dropped") in found
    assert [entry for entry in found if entry[0] == "m_axis"] == [
        ("m_axis", 0, cycle, "data changed") for cycle in range(3, 8)
    ]
    assert not [entry for entry in found if entry[0] in ("s_axis", "second")]


def test_registers_without_reset_start_at_random_bits(tmp_path: Path) -> None:
    text = TOP.replace("= second_data;", "= second_data ^ junk;")
    text = text.replace("endmodule", "reg [11:0] junk; always @(posedge clk) junk <= junk; endmodule")
    folder = write(tmp_path, stage=PIPELINE, pipeline=text)
    stimulus = Stimulus.without_pauses(beats(1), 1)
    junk = values(run(folder, stimulus), "m_axis")[0] & 0xFFF ^ 3
    assert junk != 0
    assert values(run(folder, stimulus), "m_axis")[0] & 0xFFF ^ 3 == junk
    found = [values(run(folder, stimulus, seed=seed), "m_axis")[0] & 0xFFF ^ 3 for seed in (1, 2, 3)]
    assert found[0] == junk
    assert len(set(found)) == 3


def test_wrong_stream_or_width_is_refused(pipeline: Path) -> None:
    stimulus = Stimulus.without_pauses(beats(1), 1)
    with pytest.raises(E3neError, match="third_data"):
        simulate(pipeline, "pipeline", [StreamProbe("third", 12)], stimulus,
                 input_width=12, output_width=12, max_cycles=9)  # fmt: skip
    with pytest.raises(E3neError, match="another width than expected"):
        simulate(pipeline, "pipeline", [StreamProbe("first", 11)], stimulus,
                 input_width=12, output_width=12, max_cycles=9)  # fmt: skip


def test_wrong_verilog_is_refused_with_verilators_words(tmp_path: Path) -> None:
    with pytest.raises(E3neError, match=r"Verilator failed:\n.*syntax error"):
        run(write(tmp_path, pipeline="module pipeline (; endmodule"), Stimulus.without_pauses(beats(1), 1))
    with pytest.raises(E3neError, match="no Verilog"):
        run(tmp_path / "nothing", Stimulus.without_pauses(beats(1), 1))


def test_wrong_stimulus_is_refused(pipeline: Path) -> None:
    with pytest.raises(ValueError, match="above its 12 bits"):
        run(pipeline, Stimulus.without_pauses(beats(0x1000), 1))
    with pytest.raises(ValueError, match="not negative"):
        run(pipeline, Stimulus(beats(1), np.array([-1], np.int32), np.zeros(1, np.int32)))
    with pytest.raises(ValueError, match="uint8"):
        run(pipeline, Stimulus.without_pauses(np.zeros((1, 3), np.uint8), 1))


def test_missing_compiler_is_said(pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(E3neError, match=r"'no-such-compiler' \(from CXX\) not found: install g\+\+ or set CXX"):
        run(pipeline, Stimulus.without_pauses(beats(1), 1))


def test_a_repeated_run_does_not_build(pipeline: Path, tmp_path: Path) -> None:
    stimulus = Stimulus.without_pauses(beats(5), 1)
    run(pipeline, stimulus)
    build = tmp_path / "build"
    simulate(pipeline, "pipeline", PROBES, stimulus, input_width=12, output_width=12, max_cycles=99, build_dir=build)
    assert not build.exists()
