"""Spiking networks as real numbers, executed by their definition, against the integers that they become."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects import snn
from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Convolution,
    Flatten,
    Linear,
    Node,
    Pool,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.lower import lower
from e3ne.frontends.spiking.reference import simulate
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.snn import run_float, run_network
from tests.frontends.spiking.neurons import neuron_of

STEPS = 20
RULES: Mapping[str, Mapping[str, object]] = {
    "if": {"decay": 1.0, "fires": "ge"},
    "leaky": {"decay": 0.9},
    "leaky_next": {"decay": 0.9, "timing": "next_step"},
    "leaky_compared": {"decay": 0.5, "timing": "compared"},
    "zero": {"decay": 0.75, "reset": "value"},
    "hard_reset": {"decay": 0.75, "reset": "value", "reset_value": -0.25, "initial": -0.25, "fires": "ge"},
    "none": {"decay": 0.5, "reset": "none"},
    "loses_input": {"decay": 0.5, "reset": "value", "timing": "next_step", "loses_input": True},
    "synapse": {"decay": 0.8, "synapse_decay": 0.6},
    "several": {"decay": 1.0, "fires": "ge", "several": True, "threshold": 0.5},
    "least": {"decay": 0.9, "least": -0.5},
    "gain": {"decay": 0.75, "gain": 0.25, "threshold": 0.25},
}


def spiking_network(rules: Mapping[str, object], unit: float = 1 / 256) -> SpikingNetwork:
    rng = np.random.default_rng(1)

    def weights(*shape: int) -> np.ndarray:
        return rng.integers(-90, 120, shape) * unit

    return SpikingNetwork(
        "spiking",
        (2, 6, 6),
        [
            Node("conv1", Convolution(weights(4, 2, 3, 3), weights(4), (1, 1), (1, 1, 1, 1)), (-1,), (4, 6, 6)),
            Node("lif1", neuron_of(4, **rules), (0,), (4, 6, 6)),
            Node("pool", Pool("average", (2, 2), (2, 2)), (1,), (4, 3, 3)),
            Node("conv2", Convolution(2 * weights(6, 4, 2, 2), None), (2,), (6, 2, 2)),
            Node("lif2", neuron_of(**rules), (3,), (6, 2, 2)),
            Node("sum", Pool("sum", (2, 1), (1, 1)), (4,), (6, 1, 2)),
            Node("flat", Flatten(), (5,), (12,)),
            Node("scaled", Scale(0.5), (6,), (12,)),
            Node("fc", Linear(2 * weights(5, 12), 4 * abs(weights(5))), (7,), (5,)),
            Node("lif3", neuron_of(**rules), (8,), (5,)),
        ],
    )


def spike_trains() -> np.ndarray:
    return (np.random.default_rng(2).random((3, STEPS, 2, 6, 6)) < 0.3).astype(np.float64)


@pytest.mark.parametrize("name", RULES)
def test_no_spike_differs(name: str) -> None:
    network, spikes = spiking_network(RULES[name]), spike_trains()
    wanted = simulate(network, spikes)
    module = lower(network)
    real = run_float(module, spikes, keep=True, dtype=np.float64, time_steps=STEPS)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9 most=1}}")
    whole = run_network(module, spikes, keep=True)
    for layer in ("lif1", "lif2", "lif3"):
        expected = wanted[layer].reshape(3 * STEPS, *wanted[layer].shape[2:])
        assert expected.mean() > 0.02, layer
        assert len(np.unique(expected)) > 1, layer
        assert np.array_equal(real.values[layer, "neuron"], expected), layer
        assert np.array_equal(whole.values[layer, "neuron"], expected), layer
    assert np.array_equal(whole.outputs[0], wanted["lif3"].sum(axis=1))


@pytest.mark.parametrize("name", ["leaky_next", "synapse", "zero"])
def test_recurrent_connections(name: str) -> None:
    """Their weights are finer, and their biases larger, than those of the layer in front."""
    random = np.random.default_rng(4)
    recurrence = {
        "recurrent": random.integers(-40, 30, (6, 6)) / 256,
        "recurrent_bias": random.integers(0, 60, 6) / 256,
    }
    network = SpikingNetwork(
        "spiking",
        (4,),
        [
            Node("fc1", Linear(random.integers(-20, 30, (6, 4)) / 64, None), (-1,), (6,)),
            Node("lif1", neuron_of(**RULES[name], **recurrence), (0,), (6,)),
            Node("fc2", Linear(random.integers(-90, 120, (3, 6)) / 256, None), (1,), (3,)),
            Node("lif2", neuron_of(**RULES[name], recurrent_bias=random.integers(0, 60, 3) / 256), (2,), (3,)),
        ],
    )
    spikes = (random.random((3, STEPS, 4)) < 0.5).astype(np.float64)
    wanted = simulate(network, spikes)
    assert 0.05 < wanted["lif1"].mean() < 0.8
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9}}")
    whole = run_network(module, spikes[..., None, None], keep=True)
    for layer in ("lif1", "lif2"):
        assert np.array_equal(whole.values[layer, "neuron"].reshape(wanted[layer].shape), wanted[layer]), layer


def test_several_spikes_are_not_fed_back() -> None:
    nodes = [
        Node("fc", Linear(np.ones((3, 2)), None), (-1,), (3,)),
        Node("memory", neuron_of(3, **RULES["several"], recurrent=np.eye(3)), (0,), (3,)),
    ]
    with pytest.raises(E3neError, match="layer 'memory': several spikes a step do not go with recurrent connections"):
        run_passes(lower(SpikingNetwork("n", (2,), nodes)), "snn-quantize-spiking{time-steps=4}")


def test_an_image_is_the_same_in_each_step() -> None:
    network = spiking_network(RULES["leaky"])
    images = np.random.default_rng(3).integers(0, 16, (2, 2, 6, 6)) / 15
    module = lower(network)
    wanted = simulate(network, np.repeat(images[:, None], STEPS, axis=1))["lif3"].sum(axis=1)
    options = f'time-steps={STEPS} weight-bits=9 input="direct" input-bits=4'
    run_passes(module, f"snn-quantize-spiking{{{options}}}")
    assert wanted.sum() > 0
    assert np.array_equal(run_network(module, images).outputs[0], wanted)


def test_weights_that_do_not_fit_are_rounded_and_few_spikes_differ() -> None:
    network, spikes = spiking_network(RULES["leaky"], unit=0.00371), spike_trains()
    wanted = simulate(network, spikes)["lif1"]
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=8}}")
    found = run_network(module, spikes, keep=True).values["lif1", "neuron"].reshape(wanted.shape)
    assert 0 < np.count_nonzero(found != wanted) < 0.02 * wanted.size


def test_exact_weights_stay_what_they_are() -> None:
    module = lower(spiking_network(RULES["if"]))
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9}}")
    conv = next(op for op in snn.find_network(module).layers() if isinstance(op, snn.Conv2dOp))
    real = spiking_network(RULES["if"]).nodes[0].operation
    assert isinstance(real, Convolution)
    assert np.array_equal(conv.weights_parameter.array / 256, real.weights)


@pytest.mark.parametrize("others", ["snn-calibrate", "snn-quantize", "snn-fine-tune"])
def test_passes_for_other_networks_refuse_them(others: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", x=np.zeros((2, 2, 6, 6)), y=np.arange(2))
    data = "" if others == "snn-quantize" else f'data="{tmp_path}/images.npz"'
    with pytest.raises(E3neError) as caught:
        run_passes(lower(spiking_network(RULES["if"])), f"{others}{{{data}}}")
    for layer in ("lif1", "lif2", "lif3", "output"):
        assert f"layer '{layer}': it runs over time steps, which goes with snn-quantize-spiking" in str(caught.value)


def _dense() -> ModuleOp:
    nodes = [
        Node("fc1", Linear(np.ones((2, 2)), None), (-1,), (2,)),
        Node("lif", neuron_of(), (0,), (2,)),
        Node("fc2", Linear(np.ones((2, 2)), None), (1,), (2,)),
    ]
    return lower(SpikingNetwork("n", (2,), nodes))


def test_drives_that_no_neuron_takes_are_summed() -> None:
    network = SpikingNetwork("n", (3,), [Node("fc", Linear(np.arange(6.0).reshape(2, 3), None), (-1,), (2,))])
    spikes = (np.random.default_rng(2).random((3, STEPS, 3)) < 0.3).astype(np.float64)
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS}}}")
    found = run_network(module, spikes.reshape(3, STEPS, 3, 1, 1)).outputs[0]
    assert np.array_equal(found, simulate(network, spikes)["fc"].sum(axis=1))


def test_structures_that_are_refused() -> None:
    """Each in a network that is valid as a module."""
    branch, early, unused = _dense(), _dense(), _dense()
    _, fc1, _, fc2, _ = snn.find_network(branch).layers()
    fc2.operands[0] = fc1.input
    _, _, lif, *_ = snn.find_network(early).layers()
    sums = snn.SumStepsOp("early", lif.output)
    snn.find_network(early).block.insert_op_after(sums, lif)
    lif.output.replace_uses_with_if(sums.output, lambda use: use.operation is not sums)
    _, fc1, *_ = snn.find_network(unused).layers()
    output = snn.find_network(unused).block.last_op
    assert output is not None
    output.operands[0] = fc1.output
    for module, message in (
        (branch, "layer 'fc2': branches are not supported"),
        (early, "layer 'early' sums over time steps, which only the last layer may"),
        (unused, "the network's output must be the result of its last layer"),
    ):
        module.verify()
        with pytest.raises(E3neError, match=message):
            run_passes(module, "snn-quantize-spiking{time-steps=4}")


def test_a_result_in_each_step_has_no_class() -> None:
    module = _dense()
    network = snn.find_network(module)
    *_, drives, sums = network.layers()
    sums.output.replace_all_uses_with(drives.output)
    sums.detach()
    network.update_type()
    with pytest.raises(E3neError, match="network @n gives a result in each time step: it has no class"):
        run_passes(module, "snn-quantize-spiking{time-steps=4},snn-append-argmax")


def test_what_has_no_hardware_is_refused_at_once() -> None:
    nodes = [
        Node("fc", Linear(np.ones((3, 2)), None), (-1,), (3,)),
        Node("half", Scale(0.5), (0,), (3,)),
        Node("memory", neuron_of(3), (1,), (3,)),
        Node("double", Scale(2.0), (2,), (3,)),
    ]
    with pytest.raises(E3neError) as caught:
        lower(SpikingNetwork("n", (2,), nodes))
    assert str(caught.value).splitlines() == [
        "layer 'memory' follows a scale or a sum pool without weights in between",
        "the network ends with a scale or a sum pool that has no weights behind it",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("time-steps=0 weight-bits=17", "time-steps is 1 to 4096, not 0; weight-bits is 2 to 16, not 17"),
        ('time-steps=4 input="image"', "input is one of spikes, direct, rate, not image"),
    ],
)
def test_options_out_of_range(options: str, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        run_passes(lower(spiking_network(RULES["if"])), f"snn-quantize-spiking{{{options}}}")
