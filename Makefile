# A bare machine needs python3 (3.11 or later), a C++ compiler, make and perl; everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: all help venv demo test lint interop verify bench bench-choice bench-accuracy docs clean

all: venv help

help:
	@echo 'make venv    install e3ne and its tools into .venv, in the versions of constraints.txt'
	@echo 'make demo    compile LeNet-5, check it against Verilog, synthesise it, print the report'
	@echo 'make test    linters, type checker and all tests'
	@echo 'make lint    linters and type checker alone'
	@echo 'make interop install the SNN libraries, Brevitas and QONNX; compare their networks with ours, at all levels'
	@echo 'make verify  random networks, every legal choice, netlists, mutants, ranges, proofs, unknown bits, passes,'
	@echo '             CIRCT, bad input, interrupted runs (two hours); one table'
	@echo 'make bench   measure LeNet-5 and Fang: cycles, resources, speed; a table each'
	@echo 'make bench-choice  choices for LeNet-5 and Fang at five goals each, with synthesis (hours)'
	@echo 'make bench-accuracy  LeNet-5 at 2 to 4 bits and steps on three splits of the digits (an hour)'
	@echo 'make docs    write docs/passes.md from the passes'
	@echo 'make clean   remove what demo, test and bench have built (.venv stays)'

venv: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[all,test]'
	touch $@

demo: venv
	$(BIN)/e3ne compile lenet5 --weight-bits 3 --steps 4 --objective latency --budget lut=9400 -o build/lenet5
	$(BIN)/e3ne check build/lenet5 --count 200
	$(BIN)/e3ne synth build/lenet5 --family xcup
	$(BIN)/e3ne report build/lenet5

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# The text tests of lit run inside pytest, whose closing line is the last one.
test: lint
	$(BIN)/pytest -n 2

# The libraries are large, and only what imports are compared with: the tests that need them are skipped without.
interop: venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[interop]'
	E3NE_REQUIRE_LIBRARIES=1 $(BIN)/pytest tests/frontends
	mkdir -p build
	$(BIN)/python -m benchmarks.interop --json build/interop.json
	$(BIN)/python -m benchmarks.qonnx -o build/qonnx

verify: venv
	$(BIN)/python -m e3ne.verification.everything

bench: venv
	$(BIN)/python -m benchmarks.lenet5

bench-choice: venv
	$(BIN)/python -m benchmarks.choice

bench-accuracy: venv
	$(BIN)/python -m benchmarks.accuracy

docs: venv
	$(BIN)/python -m e3ne.docs_generation

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
	find e3ne tests benchmarks examples -depth \( -name __pycache__ -o -name Output -o -name .lit_test_times.txt \) -exec rm -rf {} +
