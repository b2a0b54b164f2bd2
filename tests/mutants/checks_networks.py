"""What must hold of the passes over networks: each check gives what is wrong, or nothing."""

from __future__ import annotations

import numpy as np
from torch import nn
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import (
    AveragePoolOp,
    Conv2dOp,
    LifOp,
    MaxPoolOp,
    MembraneType,
    ReluOp,
    SynapseOp,
    find_network,
    parameter_array,
)
from e3ne.dialects.snn.neurons import RequantizeOp
from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Linear, Node, SpikingNetwork
from e3ne.frontends.spiking.lower import lower
from e3ne.frontends.spiking.reference import simulate as simulate_spiking
from e3ne.frontends.torch_export import import_module
from e3ne.passes.layer_encodings import EncodingChoice
from e3ne.passes.snn_append_argmax import SnnAppendArgmaxPass
from e3ne.passes.snn_calibrate import calibrate
from e3ne.passes.snn_convert_to_rate import convert
from e3ne.passes.snn_fold_batch_norm import SnnFoldBatchNormPass
from e3ne.passes.snn_quantize import SnnQuantizePass
from e3ne.passes.snn_quantize_spiking import SnnQuantizeSpikingPass
from e3ne.pipeline_runner import run_passes
from e3ne.quantization.levels import Levels
from e3ne.quantization.weights import quantize_weights
from e3ne.semantics import snn_arithmetic as arithmetic
from e3ne.semantics.snn import run_float, run_network
from e3ne.verification.networks import NetworkBuilder
from tests.frontends.spiking.neurons import neuron_of
from tests.passes.test_snn_passes import folded, images, imported, randomise, simulate
from tests.passes.test_snn_quantize_spiking import RULES, STEPS, spike_trains, spiking_network


def batch_norm() -> str:
    """Folding keeps the function; of layers with weights of their own, and of two with the same."""
    shared = imported("norm")
    first, second = (op for op in find_network(_shared()).layers() if isinstance(op, Conv2dOp))
    assert first.weights == second.weights
    for name, module in (("norm", shared), ("shared", _shared())):
        before = run_float(module, images(), dtype=np.float64).outputs[0]
        SnnFoldBatchNormPass().apply(Context(), module)
        module.verify()
        after = run_float(module, images(), dtype=np.float64).outputs[0]
        if not np.allclose(after, before, atol=1e-5):
            return f"{name}: another function, by {np.abs(after - before).max():.3g}"
    return ""


def _shared() -> ModuleOp:
    """Two convolutions with one parameter, a normalisation behind the first."""
    import torch

    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 1, bias=False))
    module = import_module(randomise(model), (2, 8, 8), "net")
    first, second = (op for op in find_network(module).layers() if isinstance(op, Conv2dOp))
    second.properties["weights"] = first.weights
    return module


def calibration() -> str:
    """Scales are those of least error, for what a quantised network gives; the last layer has one; options count."""
    cases = (("pool before relu", "per_channel"), ("norm", "per_layer"), ("plain", "per_channel"))
    for name, granularity in cases:
        module = folded(name)
        before = run_float(module, images()).outputs[0]
        layers = [op for op in find_network(module).layers() if isinstance(op, SynapseOp)]
        own = {layers[0].layer_name: 2}
        calibrate(
            module,
            images(),
            EncodingChoice(steps=3),
            weight_bits=4,
            granularity=granularity,
            weight_bits_by_layer=own,
        )
        module.verify()
        if not np.array_equal(run_float(module, images()).outputs[0], before):
            return f"{name}: the function has changed"
        bits = [op.weight_bits.value.data for op in layers if op.weight_bits]
        if bits != [2] + [4] * (len(layers) - 1):
            return f"{name}: bits {bits}"
        if len(set(_scales(layers[-1]).tolist())) != 1:
            return f"{name}: the last layer has several scales"
        wrong = _weight_scales(layers, granularity) or _activation_scales(module)
        if wrong:
            return f"{name}: {wrong}"
    return _powers_of_two()


def _scales(op: SynapseOp) -> np.ndarray:
    assert op.weight_scale_parameter is not None
    return np.asarray(op.weight_scale_parameter.array, np.float64)


def _weight_scales(layers: list[SynapseOp], granularity: str) -> str:
    for op in layers:
        weights, scales = np.asarray(op.weights_parameter.array, np.float64), _scales(op)
        assert op.weight_bits is not None
        bits = op.weight_bits.value.data
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        flat = weights.reshape(len(weights), -1)
        for factor in (0.85, 0.93, 1.07, 1.15):
            errors = [
                ((np.clip(np.rint(flat / s[:, None]), low, high) * s[:, None] - flat) ** 2).sum(axis=1)
                for s in (scales, scales * factor)
            ]
            together = granularity == "per_layer" or op is layers[-1]
            worse = errors[0].sum() > errors[1].sum() if together else (errors[0] > errors[1] * 1.0001).any()
            if worse:
                return f"layer {op.layer_name} would have a smaller error with {factor} times its scales"
    return ""


def _activation_scales(module: ModuleOp) -> str:
    """Of the codes of an integer network: what a layer gets does not depend on its own scale."""
    integer = module.clone()
    SnnQuantizePass().apply(Context(), integer)
    run = run_network(integer, images(), keep=True)
    ideal = simulate(module, images(), run)
    for op in find_network(module).layers():
        if isinstance(op, ReluOp):
            assert op.scale is not None
            assert op.encoding is not None
            scale, levels = op.scale.value.data, Levels(op.encoding.numbers)
            positive = np.maximum(ideal[op.layer_name] * scale, 0)
            greatest = positive.max() / levels.greatest

            def error(chosen: float, positive=positive, levels=levels) -> float:
                return float(((levels.nearest(positive / chosen) * chosen - positive) ** 2).sum())

            best = min(error(greatest * fraction) for fraction in np.linspace(0.01, 1, 100))
            if error(scale) > 1.01 * best:
                return f"layer {op.layer_name} would have {best / error(scale):.3f} of its error with another scale"
    return ""


def _powers_of_two() -> str:
    for name in ("average", "pool before relu"):
        module = folded(name)
        calibrate(module, images(), EncodingChoice(steps=3), weight_bits=4, granularity="power_of_two")
        SnnQuantizePass().apply(Context(), module)
        for op in find_network(module).layers():
            if isinstance(op, RequantizeOp):
                ones = np.bitwise_count(parameter_array(op.threshold_parameter))
                if (ones != 1).any():
                    return f"{name}: a threshold of layer {op.layer_name} is no power of two"
    return ""


def quantisation() -> str:
    """The codes are the rounded activations of real arithmetic with quantised weights, and so are the scores."""
    for name, encoding in (("plain", "radix"), ("average", "radix"), ("norm", "radix"), ("norm", "bipolar")):
        module = folded(name)
        calibrate(module, images(), EncodingChoice(encoding, 3, encoding_by_layer={"input": encoding}), weight_bits=4)
        annotated = module.clone()
        SnnQuantizePass().apply(Context(), module)
        module.verify()
        run = run_network(module, images(), keep=True)
        ideal = simulate(annotated, images(), run)
        for op in find_network(annotated).layers():
            if isinstance(op, ReluOp):
                assert op.encoding is not None
                levels = Levels(op.encoding.numbers)
                fired = run.values[op.layer_name, "neuron"]
                low, high = (levels.nearest(ideal[op.layer_name] + slack) for slack in (-1e-4, 1e-4))
                if not ((low <= fired) & (fired <= high)).all():
                    return f"{name}, {encoding}: layer {op.layer_name} fires otherwise"
        wrong = _ranges(module, run.values) or _scores(annotated, run.values, run.outputs[0])
        if wrong:
            return f"{name}, {encoding}: {wrong}"
    return ""


def _ranges(module: ModuleOp, values: object) -> str:
    for op in find_network(module).layers():
        if isinstance(op, SynapseOp) and isinstance(op.output.type, MembraneType):
            found = values[op.layer_name, "synapse"]  # type: ignore[index]
            if found.min() < op.output.type.low or found.max() > op.output.type.high:
                return f"layer {op.layer_name} leaves the range of its type"
    return ""


def _scores(annotated: ModuleOp, values: object, scores: np.ndarray) -> str:
    """Scores in units of the last membrane: real ones, but for the rounding of the bias."""
    layers = list(find_network(annotated).layers())
    last = next(op for op in reversed(layers) if isinstance(op, SynapseOp))
    relu = next(op for op in reversed(layers) if isinstance(op, ReluOp))
    assert relu.scale is not None
    assert relu.encoding is not None
    unit = relu.scale.value.data
    real = values[relu.layer_name, "neuron"] * unit  # type: ignore[index]
    for op in layers[layers.index(relu) + 1 : layers.index(last)]:
        if isinstance(op, AveragePoolOp):
            real, unit = arithmetic.average_pool(real, op.window), unit / op.window.taps
        elif isinstance(op, MaxPoolOp):
            real = arithmetic.max_pool(real, op.window)
    assert last.weight_bits is not None
    scales = _scales(last)
    integers = quantize_weights(last.weights_parameter.array, scales.astype(np.float32), last.weight_bits.value.data)
    wanted = real.reshape(len(real), -1) @ (integers * scales[:, None]).T
    if last.bias_parameter is not None:
        wanted = wanted + np.asarray(last.bias_parameter.array, np.float64)
    difference = np.abs(scores * scales[0] * unit / relu.encoding.gap - wanted) / (scales[0] * unit / relu.encoding.gap)
    return "" if difference.max() <= 0.5001 else f"scores differ by {difference.max():.3g} of their unit"


def spiking_quantisation() -> str:
    """Where numbers are exactly representable no spike differs from the reference of the frontend."""
    for name in ("leaky", "leaky_next", "loses_input", "synapse", "hard_reset", "least", "gain", "if"):
        network, spikes = spiking_network(RULES[name]), spike_trains()
        wanted = simulate_spiking(network, spikes)
        module = lower(network)
        run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9 most=1}}")
        found = run_network(module, spikes, keep=True)
        for layer in ("lif1", "lif2", "lif3"):
            if not np.array_equal(found.values[layer, "neuron"].reshape(wanted[layer].shape), wanted[layer]):
                return f"{name}: other spikes of {layer}"
    return _decays() or _direct_input() or _recurrence()


def _decays() -> str:
    """Decays that need more bits than there are become the nearest ones."""
    module = lower(spiking_network(RULES["synapse"]))
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9 decay-bits=4}}")
    neuron = next(op for op in find_network(module).layers() if isinstance(op, LifOp))
    found = {field: np.unique(neuron.numbers()[field]).tolist() for field in ("decay", "synapse_decay")}
    return "" if found == {"decay": [13], "synapse_decay": [10]} else f"0.8 and 0.6 of 16 became {found}"


def _direct_input() -> str:
    network = spiking_network(RULES["leaky"])
    pixels = np.random.default_rng(3).integers(0, 16, (2, 2, 6, 6)) / 15
    wanted = simulate_spiking(network, np.repeat(pixels[:, None], STEPS, axis=1))["lif3"].sum(axis=1)
    module = lower(network)
    run_passes(module, f'snn-quantize-spiking{{time-steps={STEPS} weight-bits=9 input="direct" input-bits=4}}')
    return "" if np.array_equal(run_network(module, pixels).outputs[0], wanted) else "an image: other spikes"


def _recurrence() -> str:
    random = np.random.default_rng(4)
    recurrence = {
        "recurrent": random.integers(-40, 30, (6, 6)) / 256,
        "recurrent_bias": random.integers(0, 15, 6) / 64,
    }
    nodes = [
        Node("fc1", Linear(random.integers(-20, 30, (6, 4)) / 64, None), (-1,), (6,)),
        Node("lif1", neuron_of(**RULES["leaky"], **recurrence), (0,), (6,)),
    ]
    network = SpikingNetwork("spiking", (4,), nodes)
    spikes = (random.random((3, STEPS, 4)) < 0.5).astype(np.float64)
    wanted = simulate_spiking(network, spikes)["lif1"]
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=9}}")
    found = run_network(module, spikes[..., None, None], keep=True).values["lif1", "neuron"].reshape(wanted.shape)
    return "" if np.array_equal(found, wanted) else "recurrent connections: other spikes"


def rates() -> str:
    """Numbers of spikes are rounded activations; many steps come close to the float network."""
    steps = 12
    for name, relu in (("norm", "2"), ("plain", "1")):
        module = folded(name)
        real = run_float(module, images(), keep=True).values[relu, "neuron"]
        convert(module, images(), steps, "max")
        neuron = next(op for op in find_network(module).layers() if isinstance(op, LifOp))
        if name == "plain":
            # The pool has gone in front of the neurons, whose activations are the largest of each window.
            real = real.reshape(len(real), 6, 4, 2, 4, 2).max(axis=(3, 5))
        run = run_float(module, images(), keep=True, time_steps=steps, dtype=np.float64)
        counts = run.values[neuron.layer_name, "neuron"].reshape(len(real), steps, -1).sum(axis=1)
        ideal = np.clip(real * steps / real.max(), 0, steps).reshape(counts.shape)
        clear = abs(ideal % 1 - 0.5) > 1e-4
        if not np.array_equal(counts[clear], np.floor(ideal + 0.5)[clear]):
            return f"{name}: other numbers of spikes"
    return _many_steps()


def _many_steps() -> str:
    module = folded("average")
    before = run_float(module, images()).outputs[0]
    convert(module, images(), 64, "max")
    SnnQuantizeSpikingPass(64, 8, "direct").apply(Context(), module)
    after = run_network(module, images()).outputs[0].astype(float)
    correlation = np.corrcoef(before.ravel(), after.ravel())[0, 1]
    return "" if correlation > 0.98 else f"scores correlate by {correlation:.3f} with those of the float network"


def classes() -> str:
    """The class is that of the largest score, the first one on a tie; what has no class is refused."""
    module = NetworkBuilder("scores", (2, 3, 3), 2, seed=1).linear(5).build()
    codes = np.random.default_rng(0).integers(0, 4, (30, 2, 3, 3)) / 3
    codes[0] = 0
    scores = run_network(module, codes).outputs[0]
    SnnAppendArgmaxPass().apply(Context(), module)
    module.verify()
    found = run_network(module, codes).outputs[0]
    if found.size != len(codes) or not np.array_equal(found.reshape(-1), scores.argmax(axis=1)):
        return "other classes than those of the largest scores"
    for what, made in (
        ("a map", NetworkBuilder("map", (2, 3, 3), 2).conv(2, (2, 2)).build()),
        ("a result in each step", _each_step()),
    ):
        try:
            SnnAppendArgmaxPass().apply(Context(), made)
        except E3neError:
            continue
        return f"{what} has got a class"
    return ""


def _each_step() -> ModuleOp:
    from e3ne.dialects.snn import RateAttr

    return NetworkBuilder("steps", (4, 1, 1), 1, encoding=RateAttr.of(3)).linear(3).build()
