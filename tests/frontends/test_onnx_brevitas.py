"""A Brevitas network: QONNX' own executor against the import, code by code; the same through QuantizeLinear nodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from e3ne.dialects.parameter import parameters_of
from e3ne.dialects.snn import EncodeOp, RequantizeOp, SynapseOp, find_network
from e3ne.frontends.onnx.read import read_onnx
from e3ne.models import mnist
from e3ne.models.training import initialise
from e3ne.semantics.snn import run_network

pytest.importorskip("brevitas", reason="make interop installs Brevitas")
pytest.importorskip("qonnx", reason="make interop installs QONNX")

# the libraries' own
pytestmark = pytest.mark.filterwarnings("ignore")


def seen_some(model: torch.nn.Module) -> torch.nn.Module:
    """The network with scales and normalisation as the first digits leave them."""
    model.train()(torch.from_numpy(mnist.train()[:200].images))
    return model.eval()


def test_codes_are_those_of_the_executor(tmp_path: Path) -> None:
    from benchmarks.qonnx import executed, export, make_network

    export(seen_some(initialise(make_network, 1)), tmp_path / "net.onnx")
    module, images = read_onnx(tmp_path / "net.onnx"), mnist.test()[:20].images
    run = run_network(module, images, keep=True)
    codes, scores = executed(tmp_path / "net.onnx", images)
    layers = list(find_network(module).layers())
    for op, expected in zip([op for op in layers if isinstance(op, EncodeOp | RequantizeOp)], codes, strict=True):
        assert np.array_equal(run.values[op.layer_name, op.KIND], expected), op.layer_name
        assert len(np.unique(expected)) > 2
    assert np.array_equal(run.outputs[0].argmax(axis=1), scores.argmax(axis=1))
    assert [op.weights_parameter.bits for op in layers if isinstance(op, SynapseOp)] == [3, 4, 4, 4]


def test_quantize_linear_gives_the_same_integers(tmp_path: Path) -> None:
    import brevitas.nn as qnn
    from brevitas.export import export_onnx_qcdq

    from benchmarks.qonnx import export, make_network

    def make() -> torch.nn.Module:
        # its export of these nodes takes no quantised biases
        last = qnn.QuantLinear(1024, 10, bias=True, weight_bit_width=4)
        return torch.nn.Sequential(*list(make_network())[:8], torch.nn.Flatten(), last)

    model = seen_some(initialise(make, 1))
    export(model, tmp_path / "quant.onnx")
    export_onnx_qcdq(model, torch.zeros(1, 1, 28, 28), str(tmp_path / "linear.onnx"), verbose=False)
    parameters = [
        [(op.array.tolist(), op.bits) for op in parameters_of(read_onnx(tmp_path / name))]
        for name in ("quant.onnx", "linear.onnx")
    ]
    assert len(parameters[0]) == 8
    assert parameters[0] == parameters[1]
