"""A folder from which a user reruns a simulation by hand, with nothing but Verilator, make and a C++ compiler."""

import os
from collections.abc import Sequence
from pathlib import Path

from e3ne.backends.testbench.build import read_sources
from e3ne.backends.testbench.simulate import IDLE_CYCLES, check_stimulus, write_stimulus
from e3ne.backends.testbench.streams import Stimulus, StreamProbe
from e3ne.backends.testbench.wrapper import TESTBENCH, wrapper_of

_MAKEFILE = """\
# make        simulates the design on stimulus.bin; the beats of every stream go to beats/NAME.beats
# make waves  the same, and writes waves.vcd
# harness.cpp says how the files are laid out. VERILATOR may name another Verilator than the one on PATH.
# CFG_CXXFLAGS_PCH_I is how GCC and Clang take a precompiled header; some builds of Verilator do not know.

VERILATOR ?= verilator
RTL := $(wildcard {rtl}/*.v)
SOURCES := {testbench}.v harness.cpp $(RTL)
FLAGS := --cc --exe --build -j 2 -Wno-fatal --x-initial unique --x-assign unique --output-split 20000 \\
         --output-split-cfuncs 200 --top-module {testbench} --prefix V{testbench} -o simulator \\
         -LDFLAGS -pthread -MAKEFLAGS CFG_CXXFLAGS_PCH_I=-include
LIMITS := {max_cycles} {idle_cycles}

.PHONY: run waves clean
run: build/simulator
	mkdir -p beats
	./build/simulator stimulus.bin beats $(LIMITS)
	cat beats/summary.txt

waves: build-waves/simulator
	mkdir -p beats
	./build-waves/simulator stimulus.bin beats $(LIMITS) waves.vcd
	cat beats/summary.txt

build/simulator: $(SOURCES) streams.inc
	$(VERILATOR) $(FLAGS) --Mdir build $(SOURCES)

build-waves/simulator: $(SOURCES) streams.inc
	$(VERILATOR) $(FLAGS) --trace-vcd --Mdir build-waves $(SOURCES)

clean:
	rm -rf build build-waves beats waves.vcd
"""


def write_testbench(
    out_dir: Path,
    verilog_dir: Path,
    top: str,
    probes: Sequence[StreamProbe],
    stimulus: Stimulus,
    *,
    input_width: int,
    output_width: int,
    max_cycles: int,
    idle_cycles: int = IDLE_CYCLES,
) -> list[Path]:
    """Write testbench, stimulus and a Makefile to `out_dir`; `make -C out_dir` then does what `simulate` does.

    The Verilog stays where it is and is referred to by a relative path. Arguments and errors as in `simulate`, though
    no tool is needed yet. Returns the files written.
    """
    wrapper = wrapper_of(top, probes, input_width, output_width)
    check_stimulus(stimulus, input_width)
    rtl = os.path.relpath(verilog_dir.resolve(), out_dir.resolve())
    makefile = _MAKEFILE.format(rtl=rtl, testbench=TESTBENCH, max_cycles=max_cycles, idle_cycles=idle_cycles)
    texts = {**read_sources(verilog_dir, wrapper).testbench, "Makefile": makefile}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out_dir / name).write_text(text, encoding="utf-8")
    write_stimulus(stimulus, out_dir / "stimulus.bin")
    return [out_dir / name for name in (*texts, "stimulus.bin")]
