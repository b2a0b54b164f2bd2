"""`python -m benchmarks.qonnx -o FOLDER`: a network trained in Brevitas, its QONNX file, and what e3ne makes of it.

Trains a small convolutional network at 3 and 4 bits on the 8,000 training digits, exports it, and compares QONNX' own
executor with the integer network on the 2,000 test digits: every code of every layer, and the classes. Needs the
extra `interop`. FOLDER gets network.onnx and digits.npz, for `e3ne compile FOLDER/network.onnx --data
FOLDER/digits.npz`.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import nn

from e3ne.dialects.snn import EncodeOp, RequantizeOp, find_network
from e3ne.frontends.onnx.read import read_onnx
from e3ne.models import mnist
from e3ne.models.labelled_images import LabelledImages
from e3ne.models.training import accuracy, fit, initialise
from e3ne.semantics.snn import run_network

Array = NDArray[np.generic]
SEED = 0
PACKAGES = ("brevitas", "qonnx")
DIFFERENCE, MISTAKE = 1, 2


def main(given: Sequence[str] | None = None) -> int:
    """Prints one table; exit status 1 if a code or a class differs, 2 if an option is wrong or a package missing."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.qonnx", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output-folder", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=8, help="of training (default: %(default)s)")
    parser.add_argument("--count", type=int, default=2000, help="test digits compared (default: %(default)s)")
    arguments = parser.parse_args(given)
    available = len(mnist.test())
    if not 1 <= arguments.count <= available:
        parser.error(f"--count is {arguments.count}; there are 1 to {available} test digits")
    if arguments.epochs < 1:
        parser.error(f"--epochs is {arguments.epochs}; training takes at least 1")
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        sys.stderr.write(f"not installed: {', '.join(missing)} (make interop installs them)\n")
        return MISTAKE
    folder: Path = arguments.output_folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    file, digits = folder / "network.onnx", mnist.test()[: arguments.count]
    trained = train(arguments.epochs)
    export(trained, file)
    np.savez_compressed(folder / "digits.npz", x=digits.images, y=digits.labels)
    console = Console()
    console.print(f"Brevitas: {100 * accuracy(trained, digits.images, digits.labels):.2f} % of {len(digits)} digits")
    table, differences = compare(file, digits)
    console.print(table)
    print(f"{differences:,} codes and classes differ")
    return DIFFERENCE if differences else 0


def make_network() -> nn.Module:
    """W3A3 and W4A4 convolutions with batch normalisation and pools, one scale for each channel in the second."""
    import brevitas.nn as qnn
    from brevitas.quant import Int8WeightPerChannelFloat, Int8WeightPerTensorFloat, Int32Bias, Uint8ActPerTensorFloat

    tensor, channel = Int8WeightPerTensorFloat, Int8WeightPerChannelFloat
    return nn.Sequential(
        qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=8),
        qnn.QuantConv2d(1, 8, 5, bias=False, weight_quant=tensor, weight_bit_width=3),
        nn.BatchNorm2d(8),
        qnn.QuantReLU(bit_width=3),
        nn.MaxPool2d(2),
        qnn.QuantConv2d(8, 16, 5, bias=True, weight_quant=channel, weight_bit_width=4),
        nn.BatchNorm2d(16),
        qnn.QuantReLU(bit_width=4),
        nn.MaxPool2d(2),
        nn.Flatten(),
        qnn.QuantLinear(256, 32, bias=True, weight_quant=tensor, weight_bit_width=4),
        qnn.QuantReLU(bit_width=4, return_quant_tensor=True),
        qnn.QuantLinear(32, 10, bias=True, weight_quant=tensor, weight_bit_width=4, bias_quant=Int32Bias),
    )


def train(epochs: int) -> nn.Module:
    """The network after some epochs on the training digits."""
    model, digits = initialise(make_network, SEED), mnist.train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Brevitas names tensors in a way that PyTorch is about to give up
        fit(model, digits.images, digits.labels, epochs, SEED)
    return model


def export(model: nn.Module, file: Path) -> None:
    """Writes the QONNX file, for one image."""
    from brevitas.export import export_qonnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        export_qonnx(model, torch.zeros(1, 1, 28, 28), str(file), verbose=False)


def compare(file: Path, digits: LabelledImages) -> tuple[Table, int]:
    """Codes and classes of QONNX' executor, in single precision, against those of the integer network, exact.

    Gives the table and how many codes and classes differ.
    """
    module = read_onnx(file)
    run = run_network(module, digits.images, keep=True)
    layers = [op for op in find_network(module).layers() if isinstance(op, EncodeOp | RequantizeOp)]
    codes, scores = executed(file, digits.images)
    table = Table(
        "layer", "T", "codes", "differences", title=f"{file.name}: QONNX executor = snn, {len(digits)} digits"
    )
    differences = 0
    for op, expected in zip(layers, codes, strict=True):
        given = run.values[op.layer_name, op.KIND]
        differing = int(np.count_nonzero(given != expected))
        differences += differing
        table.add_row(op.layer_name, str(op.encoding.steps), f"{given.size:,}", f"{differing:,}")
    ours, theirs = run.outputs[0].argmax(axis=1), scores.argmax(axis=1)
    others = int(np.count_nonzero(ours != theirs))
    table.add_row("class", "", f"{len(ours):,}", f"{others:,}")
    table.add_section()
    for name, classes in (("QONNX executor", theirs), ("snn", ours)):
        table.add_row(f"correct, {name}", "", f"{100 * float((classes == digits.labels).mean()):.2f} %", "")
    return table, differences + others


def executed(file: Path, images: NDArray[np.float32]) -> tuple[list[Array], Array]:
    """The codes of each quantised activation in order, and the scores, of QONNX' executor: an image at a time."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(str(file)).transform(InferShapes())
    (name,) = (value.name for value in model.graph.input if model.get_initializer(value.name) is None)
    quants = [
        (node.output[0], model.get_initializer(node.input[1]))
        for node in model.graph.node
        if node.op_type == "Quant" and model.get_initializer(node.input[0]) is None
    ]
    codes: list[list[Array]] = [[] for _ in quants]
    scores: list[Array] = []
    for image in images:
        values = execute_onnx(model, {name: image[None]}, return_full_exec_context=True)
        for found, (output, scale) in zip(codes, quants, strict=True):
            found.append(np.rint(values[output] / scale).astype(np.int64))
        scores.append(values[model.graph.output[0].name])
    return [np.concatenate(found) for found in codes], np.concatenate(scores)


if __name__ == "__main__":
    sys.exit(main())
