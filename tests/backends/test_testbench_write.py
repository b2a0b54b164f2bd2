"""The folder that a user gets simulates by `make` to the same beats as the library."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from e3ne.backends.testbench.build import build_simulator, read_sources
from e3ne.backends.testbench.simulate import Stimulus, StreamProbe, simulate
from e3ne.backends.testbench.wrapper import wrapper_of
from e3ne.backends.testbench.write import write_testbench

WIRE = """
module wire_through (
  input wire clk, input wire rst, input wire [7:0] s_axis_tdata, input wire s_axis_tvalid, output wire s_axis_tready,
  output wire [7:0] m_axis_tdata, output wire m_axis_tvalid, input wire m_axis_tready, output wire m_axis_tlast
);
  reg on;
  always @(posedge clk) on <= !rst;
  wire [7:0] inner_data = s_axis_tdata; wire inner_valid = s_axis_tvalid & on; wire inner_ready = m_axis_tready & on;
  assign s_axis_tready = inner_ready;
  assign m_axis_tdata = ~inner_data; assign m_axis_tvalid = inner_valid; assign m_axis_tlast = 1'b1;
endmodule
"""
PROBES = (StreamProbe("inner", 8),)
STIMULUS = Stimulus(np.array([[3], [250], [0]], np.uint8), np.array([1, 0, 4], np.int32), np.array([0, 5, 0], np.int32))


def write(folder: Path) -> Path:
    (folder / "rtl").mkdir()
    (folder / "rtl" / "wire_through.v").write_text(WIRE)
    written = write_testbench(
        folder / "testbench", folder / "rtl", "wire_through", PROBES, STIMULUS,
        input_width=8, output_width=8, max_cycles=100,
    )  # fmt: skip
    assert all(path.is_file() for path in written)
    return folder / "testbench"


def test_the_folder_names_no_place_outside_itself(tmp_path: Path) -> None:
    folder = write(tmp_path)
    for path in folder.iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()
    assert "$(wildcard ../rtl/*.v)" in (folder / "Makefile").read_text()


def test_make_gives_the_same_beats(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder = write(tmp_path)
    sources = read_sources(tmp_path / "rtl", wrapper_of("wire_through", PROBES, 8, 8))
    # What make would build takes it 15 s, most of them for Verilator's runtime: give it the library's program.
    (folder / "build").mkdir()
    shutil.copy(build_simulator(sources), folder / "build" / "simulator")
    done = subprocess.run(["make", "-C", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--cc" not in done.stdout
    expected = simulate(
        tmp_path / "rtl", "wire_through", PROBES, STIMULUS, input_width=8, output_width=8, max_cycles=100
    )
    assert expected.stop == "complete"
    assert f"stop complete {expected.cycles}" in done.stdout
    for name, trace in expected.items():
        size = 16 + trace.data.shape[1]
        records = np.fromfile(folder / "beats" / f"{name}.beats", np.uint8).reshape(-1, size)
        assert np.array_equal(records[:, 16:], trace.data)
        assert np.array_equal(records[:, 8:16].copy().view("<i8")[:, 0], trace.transfers)


@pytest.mark.parametrize(("target", "option"), [("run", "--Mdir build "), ("waves", "--trace-vcd")])
def test_make_calls_verilator_on_all_sources(tmp_path: Path, target: str, option: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder = write(tmp_path)
    done = subprocess.run(["make", "-n", "-C", str(folder), target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert option in done.stdout
    assert "e3ne_testbench.v harness.cpp ../rtl/wire_through.v" in done.stdout
