"""Spikes and synaptic operations against a recount, spike by spike and weight by weight."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.activity import operations_by_layer, spikes, synaptic_operations
from e3ne.dialects import snn
from e3ne.dialects.snn import find_network
from e3ne.semantics.snn import NetworkRun, input_shape, run_network
from e3ne.verification.networks import NetworkBuilder

NETWORKS = {
    "plain": lambda: NetworkBuilder("plain", (1, 6, 6), 4).conv(3, (3, 3)).fire().max_pool((2, 2)).linear(5),
    "padding": lambda: (
        NetworkBuilder("padding", (2, 5, 6), 3).conv(3, (3, 2), padding=(2, 1, 0, 3)).fire().linear(4, bias=True)
    ),
    "stride": lambda: (
        NetworkBuilder("stride", (1, 7, 8), 3).conv(2, (2, 3), stride=(2, 3), padding=(1, 0, 0, 1)).fire().linear(3)
    ),
    "dilation": lambda: (
        NetworkBuilder("dilation", (1, 7, 7), 2).conv(2, (2, 3), dilation=(3, 2), padding=(0, 1, 2, 0)).fire().linear(3)
    ),
    "groups": lambda: NetworkBuilder("groups", (4, 4, 4), 3).conv(6, (2, 2), groups=2).fire().conv(6, (2, 2), groups=6),
    "sums": lambda: (
        NetworkBuilder("sums", (1, 6, 6), 3).conv(2, (3, 3)).fire(2).sum_pool((2, 2)).conv(3, (2, 2)).fire().linear(4)
    ),
    "pooled_image": lambda: NetworkBuilder("pooled_image", (1, 4, 4), 4).max_pool((2, 2)).linear(3).fire().linear(2),
    "flattened_twice": lambda: NetworkBuilder("flattened_twice", (2, 3, 3), 3).flatten().flatten().linear(3),
}
STEPS = 6


def over_time(name: str, encoding: snn.EncodingAttr) -> NetworkBuilder:
    return NetworkBuilder(name, (2, 4, 5), encoding.bits, encoding=encoding)


OVER_TIME = {
    "single": lambda: over_time("single", snn.RateAttr.of(STEPS)).conv(3, (2, 2)).lif().linear(4).sum_steps(),
    "in_frames": lambda: over_time("in_frames", snn.RateAttr.of(STEPS)).conv(3, (2, 2)).lif().linear(4).lif(),
    "several": lambda: (
        over_time("several", snn.RateAttr.of(STEPS, 3))
        .conv(3, (2, 2))
        .lif(several=True, fires="ge", decay=1.0)
        .linear(4)
        .sum_steps()
    ),
    "direct": lambda: over_time("direct", snn.DirectAttr.of(3, STEPS)).conv(3, (2, 2)).lif().linear(4).sum_steps(),
}


def digits(code: int) -> int:
    """The ones of a radix code."""
    return bin(code).count("1")


def emitted(run: NetworkRun, op: snn.LayerOp) -> np.ndarray:
    """The spikes of each neuron: in a step of a rate train its number, else the ones of a binary number."""
    codes = np.asarray(run.values[op.layer_name, op.KIND]).astype(int)
    assert isinstance(op.output.type, snn.TrainType)
    return codes if isinstance(op.output.type.encoding, snn.RateAttr) else np.vectorize(digits)(codes)


def recount_spikes(run: NetworkRun, network: snn.NetworkOp) -> int:
    """Every one of every train that a layer gives; a flattened train is the same train."""
    total = 0
    for op in network.layers():
        if isinstance(op.output.type, snn.TrainType) and not isinstance(op, snn.FlattenOp):
            total += int(emitted(run, op).sum())
    return total


def recount_operations(run: NetworkRun, network: snn.NetworkOp) -> int:
    """For every weight at every place: the spikes of the pixel under it."""
    total = 0
    before: snn.LayerOp | None = None
    for op in network.layers():
        if isinstance(op, snn.SynapseOp):
            assert before is not None
            counts = emitted(run, before)
            total += in_conv(op, counts) if isinstance(op, snn.Conv2dOp) else in_linear(op, counts)
        before = op
    return total


def in_linear(op: snn.SynapseOp, counts: np.ndarray) -> int:
    outputs, inputs = op.weights_parameter.array.shape
    return sum(int(image[i]) for image in counts for _ in range(outputs) for i in range(inputs))


def in_conv(op: snn.Conv2dOp, counts: np.ndarray) -> int:
    _, channels, height, width = counts.shape
    window, (top, left, *_) = op.window, op.window.padding
    outputs, inside, kernel_rows, kernel_columns = op.weights_parameter.array.shape
    _, rows, columns = snn.shape_of(op.output.type)
    total = 0
    for o, i, r, c in product(range(outputs), range(inside), range(kernel_rows), range(kernel_columns)):
        channel = o // (outputs // op.group_count) * inside + i
        assert channel < channels
        for row, column in product(range(rows), range(columns)):
            y = row * window.stride[0] + r * window.dilation[0] - top
            x = column * window.stride[1] + c * window.dilation[1] - left
            if 0 <= y < height and 0 <= x < width:
                total += sum(int(image[channel, y, x]) for image in counts)
    return total


def recount_sums(op: snn.SumPoolOp, counts: np.ndarray) -> int:
    """The spikes under each window; pools of these networks have no padding."""
    _, channels, _, _ = counts.shape
    _, rows, columns = snn.shape_of(op.output.type)
    (height, width), (down, right) = op.window.kernel, op.window.stride
    places = product(range(channels), range(rows), range(columns), range(height), range(width))
    return sum(int(image[c, y * down + v, x * right + h]) for c, y, x, v, h in places for image in counts)


def network_run(name: str, images: int = 3) -> tuple[ModuleOp, NetworkRun]:
    module = (NETWORKS | OVER_TIME)[name]().build()
    network = find_network(module)
    data = np.random.default_rng(5).random((images, *input_shape(network)))
    encode = next(network.layers())
    assert isinstance(encode, snn.EncodeOp)
    if encode.takes_spikes:
        data = np.rint(data * encode.encoding.greatest)
    return module, run_network(module, data, keep=True)


@pytest.mark.parametrize("name", [*NETWORKS, *OVER_TIME])
def test_recount(name: str) -> None:
    module, run = network_run(name)
    network = find_network(module)
    expected = recount_spikes(run, network), recount_operations(run, network)
    assert min(expected) > 0
    assert spikes(run, network) == pytest.approx(expected[0] / 3, rel=1e-12)
    assert synaptic_operations(run, network) == pytest.approx(expected[1] / 3, rel=1e-12)


def test_sums_of_pools_are_counted_for_their_hardware_alone() -> None:
    module, run = network_run("sums")
    network = find_network(module)
    found = operations_by_layer(run, network)
    ((before, pool),) = [pair for pair in pairwise(network.layers()) if isinstance(pair[1], snn.SumPoolOp)]
    assert isinstance(pool, snn.SumPoolOp)
    assert found[pool.layer_name] == pytest.approx(recount_sums(pool, emitted(run, before)) / 3, rel=1e-12)
    assert sum(found.values()) - found[pool.layer_name] == pytest.approx(synaptic_operations(run, network))


def test_hardware_adds_several_spikes_of_a_step_digit_by_digit() -> None:
    module, run = network_run("several")
    encode, conv, lif, *_, linear, _ = find_network(module).layers()
    found = operations_by_layer(run, find_network(module), recoded=True)
    spiked = run.values[lif.layer_name, lif.KIND]
    ones = np.vectorize(digits)(spiked.astype(int)).sum()
    assert found[linear.layer_name] == pytest.approx(4 * ones / 3, rel=1e-12)
    assert 0 < ones < spiked.sum()
    assert isinstance(conv, snn.Conv2dOp)
    pixels = np.vectorize(digits)(run.values[encode.layer_name, encode.KIND].astype(int))
    assert found[conv.layer_name] == pytest.approx(in_conv(conv, pixels) / 3, rel=1e-12)


def test_by_hand() -> None:
    """A white image of 2×2 at T = 3: 12 spikes; each meets one weight of each of 4 outputs of the linear layer."""
    module = NetworkBuilder("white", (1, 2, 2), 3).linear(4).build()
    run = run_network(module, np.ones((2, 1, 2, 2)), keep=True)
    network = find_network(module)
    assert (spikes(run, network), synaptic_operations(run, network)) == (12, 48)


def test_a_dark_image_is_silent_at_the_input() -> None:
    module = NetworkBuilder("dark", (1, 3, 3), 3).conv(4, (2, 2), padding=(1, 1, 1, 1)).build()
    run = run_network(module, np.zeros((1, 1, 3, 3)), keep=True)
    network = find_network(module)
    assert (spikes(run, network), synaptic_operations(run, network)) == (0, 0)
