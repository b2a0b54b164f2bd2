"""Conversion of ReLUs to integrate-and-fire neurons: rates stand for activations; integers agree with floats."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn
from xdsl.context import Context

from e3ne.dialects.parameter import find_parameter
from e3ne.dialects.snn import EncodeOp, LifOp, find_network
from e3ne.errors import E3neError
from e3ne.frontends.torch_export import import_module
from e3ne.passes.snn_convert_to_rate import SnnConvertToRatePass, convert
from e3ne.passes.snn_quantize_spiking import SnnQuantizeSpikingPass
from e3ne.semantics.plan import rate_code
from e3ne.semantics.snn import run_float, run_network
from e3ne.semantics.snn_arithmetic import rate_code as rate_code_of_the_definition
from tests.passes.test_snn_passes import folded, images, imported

STEPS = 12


def test_spikes_of_a_layer_are_its_rounded_activations() -> None:
    module = folded("norm")
    real = run_float(module, images(), keep=True).values["2", "neuron"]
    convert(module, images(), STEPS, "max")
    neuron = next(op for op in find_network(module).layers() if isinstance(op, LifOp))
    threshold = float(find_parameter(neuron, neuron.threshold).array[0])
    assert threshold == pytest.approx(real.max())
    run = run_float(module, images(), keep=True, time_steps=STEPS, dtype=np.float64)
    counts = run.values["2", "neuron"].reshape(len(real), STEPS, *real.shape[1:]).sum(axis=1)
    ideal = np.clip(real * STEPS / threshold, 0, STEPS)
    doubtful = abs(ideal % 1 - 0.5) < 1e-4
    assert np.array_equal(counts[~doubtful], np.floor(ideal + 0.5)[~doubtful])


@pytest.mark.parametrize("given", ["rate", "direct"])
def test_integers_approach_the_float_network(given: str) -> None:
    module = folded("average")
    before = run_float(module, images()).outputs[0]
    convert(module, images(), 64, "max")
    SnnQuantizeSpikingPass(64, 8, given).apply(Context(), module)
    module.verify()
    after = run_network(module, images()).outputs[0].astype(float)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.98


def test_scores_have_one_scale() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(128, 6), nn.ReLU(), nn.Linear(6, 2, bias=False))
    nn.init.constant_(model[3].weight[0], 1.0)
    nn.init.constant_(model[3].weight[1], 0.1)
    module = import_module(model, (2, 8, 8), "net")
    convert(module, images(), 8, "max")
    SnnQuantizeSpikingPass(8, 4, "direct").apply(Context(), module)
    scores = run_network(module, images()).outputs[0]
    assert scores[:, 0].max() > 0
    assert (scores[:, 0] >= 4 * scores[:, 1]).all()


def test_rate_coding_of_an_image() -> None:
    pixels = np.array([[[[-0.1, 0.0, 0.2, 0.5, 0.99, 1.0, 1.5]]]])
    spikes = rate_code(pixels, 5, 1)
    assert spikes.shape == (1, 5, 1, 1, 7)
    assert spikes[0, :, 0, 0].T.tolist() == [[0] * 5, [0] * 5, [0, 0, 1, 0, 0], [1, 0, 1, 0, 1], *[[1] * 5] * 3]
    for steps, most in ((1, 1), (4, 3), (9, 1)):
        random = np.random.default_rng(0).random((20, 1, 3, 3))
        assert np.array_equal(rate_code(random, steps, most), rate_code_of_the_definition(random, steps, most))


def test_rate_coded_is_printed_and_parsed() -> None:
    module = folded("plain")
    convert(module, images(), 3, "mse")
    SnnQuantizeSpikingPass(3, 4, "rate").apply(Context(), module)
    encode = next(op for op in find_network(module).layers() if isinstance(op, EncodeOp))
    assert 'snn.encode "image" %image rate_coded : ' in str(module)
    assert not encode.takes_spikes


def test_refused() -> None:
    with pytest.raises(E3neError, match=r"batch normalisation must be folded first.*time-steps is 0.*method is 'luck'"):
        SnnConvertToRatePass("none.npz", 0, "luck").apply(Context(), imported("norm"))
    module = folded("plain")
    convert(module, images(), 3, "mse")
    with pytest.raises(E3neError, match="the network has integrate-and-fire neurons already"):
        SnnConvertToRatePass("none.npz", 3).apply(Context(), module)
