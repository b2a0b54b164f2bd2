"""Calibration and quantisation in every encoding: the integer network is the simulated one; layers with their own."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn
from xdsl.context import Context

from e3ne.dialects.snn import ReluOp, TrainType, find_network
from e3ne.errors import E3neError
from e3ne.frontends.torch_export import import_module
from e3ne.passes.layer_encodings import EncodingChoice
from e3ne.passes.snn_calibrate import calibrate
from e3ne.passes.snn_quantize import SnnQuantizePass
from e3ne.quantization.levels import Levels
from e3ne.semantics.snn import run_network
from tests.passes.test_snn_passes import folded, images, simulate

KINDS = {"phase": 6, "ttfs": 5, "ttfs-linear": 9, "bipolar": 3}


@pytest.mark.parametrize("name", ["plain", "pool before relu", "average", "norm"])
@pytest.mark.parametrize("kind", KINDS)
def test_integer_network_is_the_simulated_quantised_network(name: str, kind: str) -> None:
    module = folded(name)
    calibrate(module, images(), EncodingChoice(kind, KINDS[kind], period=3))
    annotated = module.clone()
    SnnQuantizePass().apply(Context(), module)
    module.verify()
    run = run_network(module, images(), keep=True)
    for op in find_network(annotated).layers():
        if isinstance(op, ReluOp):
            assert op.encoding is not None
            levels = Levels(op.encoding.numbers)
            ideal = simulate(annotated, images(), run)[op.layer_name]
            fired = run.values[op.layer_name, "neuron"]
            # Real arithmetic may land on either side of a threshold.
            assert (levels.nearest(ideal - 1e-4) <= fired).all()
            assert (fired <= levels.nearest(ideal + 1e-4)).all()
            assert len(np.unique(fired)) > 2


def test_levels_round_to_the_nearest_number() -> None:
    complete, logarithmic = Levels(np.arange(16)), Levels(np.array([0, 1, 2, 4, 8, 16]))
    assert complete.line == (1.0, 0.5)
    values = np.linspace(-1, 20, 999)
    for levels in (complete, logarithmic):
        nearest = levels.numbers[np.abs(values[:, None] - levels.numbers).argmin(axis=1)]
        wrong = levels.nearest(values) != nearest
        # One line cannot go through all midpoints of the logarithmic ones: 0.5, 1.5, 3, 6, 12.
        assert wrong.mean() < (0.002 if levels is complete else 0.03)


def test_levels_of_one_number() -> None:
    levels = Levels(np.array([0, 3]))
    assert levels.nearest(np.array([-1.0, 1.4, 1.5, 9.0])).tolist() == [0, 0, 3, 3]


def test_layers_with_encodings_and_steps_of_their_own() -> None:
    module = folded("norm")
    names = [op.layer_name for op in find_network(module).layers() if isinstance(op, ReluOp)]
    choice = EncodingChoice("phase", 8, 4, {names[0]: "bipolar", "input": "ttfs"}, {names[0]: 2, "3": 3, "input": 4})
    calibrate(module, images(), choice)
    SnnQuantizePass().apply(Context(), module)
    trains = [op.output.type for op in find_network(module).layers() if op.KIND in ("encode", "neuron")]
    found = [str(train.encoding) for train in trains if isinstance(train, TrainType)]
    assert found == ["#snn.ttfs<4>", "#snn.bipolar<2>", "#snn.phase<3, 1>", "#snn.phase<4, 2>"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (EncodingChoice("morse"), "encoding is 'morse'; supported: bipolar, phase, radix, ttfs, ttfs-linear"),
        (EncodingChoice("phase", 6), r"phase has whole periods of 4 steps, and 6 steps are none \(--period\)"),
        (EncodingChoice("ttfs", 16), "^numbers of a neuron have at most 8 bits, those of #snn.ttfs<16> have 16$"),
        (EncodingChoice(steps_by_layer={"1": 9}), "^layer '1': numbers of a neuron have at most 8 bits"),
        (
            EncodingChoice(encoding_by_layer={"9": "ttfs"}, steps_by_layer={"8": 2}),
            "encoding-by-layer: there is no layer '9' with neurons; there are: input, 0, 1.*steps-by-layer: .* '8'",
        ),
        (
            EncodingChoice(encoding_by_layer={"input": "bipolar"}),
            "layer '0' pads its input, which is in bipolar encoding and has no zero",
        ),
    ],
)
def test_refused(choice: EncodingChoice, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        calibrate(folded("plain"), images(), choice)


def test_padded_hidden_layers_and_thresholds_that_are_no_powers_of_two() -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2)
    )
    module = import_module(model, (2, 8, 8), "net")
    with pytest.raises(E3neError, match="layer '2' pads its input, which is in bipolar encoding and has no zero"):
        calibrate(module, images(), EncodingChoice("bipolar"))
    with pytest.raises(E3neError, match=r"granularity is power_of_two, but #snn.ttfs<4> of '1' leaves out numbers"):
        calibrate(module, images(), EncodingChoice("ttfs"), granularity="power_of_two")
    calibrate(module, images(), EncodingChoice("bipolar", encoding_by_layer={"0": "radix"}), granularity="power_of_two")
