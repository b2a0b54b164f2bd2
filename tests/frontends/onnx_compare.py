"""An integer network against what QONNX says that its file computes, code by code."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from e3ne.dialects.snn import EncodeOp, NetworkOp, RequantizeOp, find_network
from e3ne.frontends.model_source import load_model
from e3ne.semantics.snn import NetworkRun, run_network
from tests.frontends.onnx_graphs import Graph, evaluate


def _images() -> np.ndarray:
    """Noise, black, white, a gradient, and a few bright pixels."""
    rng = np.random.default_rng(5)
    gradient = np.add.outer(np.arange(6), np.arange(6)) * 25
    sparse = np.where(rng.random((6, 6)) < 0.15, rng.integers(100, 256, (6, 6)), 0)
    bytes_ = [rng.integers(0, 256, (6, 6)), np.zeros((6, 6)), np.full((6, 6), 255), gradient, sparse]
    return (np.stack(bytes_).astype(np.float32) / np.float32(255))[:, None]


IMAGES = _images()


def compare(graph: Graph, folder: Path, images: np.ndarray = IMAGES) -> NetworkRun:
    """The integer network's codes are QONNX' codes, and its scores have the order of the real ones."""
    model = graph.model()
    module = load_model(str(graph.save(folder)), None)
    network, run = find_network(module), run_network(module, images, keep=True)
    values = evaluate(model, images)
    stored = {tensor.name for tensor in model.graph.initializer}
    quants = [node for node in model.graph.node if node.op_type == "Quant" and node.input[0] not in stored]
    neurons = [op for op in network.layers() if isinstance(op, EncodeOp | RequantizeOp)]
    for op, quant in zip(neurons, quants, strict=True):
        codes = values[quant.output[0]] / Fraction(float(values[quant.input[1]]))
        assert np.array_equal(run.values[op.layer_name, op.KIND], codes), op.layer_name
    real, scores = values[graph.value], run.outputs[0]
    for row, whole in zip(real, scores, strict=True):
        assert int(np.argmax(whole)) == max(range(len(row)), key=lambda index: (row[index], -index))
        order = np.argsort(whole, kind="stable")
        assert all(row[a] <= row[b] for a, b in pairwise(order))
    return run


def check(graph: Graph, folder: Path, images: np.ndarray = IMAGES) -> NetworkOp:
    """The network, compared."""
    compare(graph, folder, images)
    return find_network(load_model(str(folder / "net.onnx"), None))
