"""Running snn programs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from e3ne.dialects.snn import SNN
from e3ne.errors import E3neError
from e3ne.semantics.snn import run_float, run_network

INTEGER = """
snn.parameter @w : tensor<1x1x2x2xi8> {width = 3} = dense<[[[[1, -2], [3, 0]]]]>
snn.parameter @b : tensor<1xi8> {width = 3} = dense<3>
snn.parameter @t : tensor<1xi8> {width = 4} = dense<5>
snn.parameter @w2 : tensor<2x4xi8> {width = 3} = dense<[[1, 1, -1, 0], [-2, 0, 0, 3]]>
snn.parameter @b2 : tensor<2xi8> {width = 3} = dense<[3, -1]>
snn.network @tiny(%image: tensor<1x3x3xf32>) -> (!snn.membrane<[2], -100, 100>, tensor<1xi32>) {
  %0 = snn.encode "input" %image : tensor<1x3x3xf32> -> !snn.train<[1, 3, 3], #snn.radix<2>>
  %1 = snn.conv2d "conv1" %0 weights @w : !snn.train<[1, 3, 3], #snn.radix<2>> -> !snn.membrane<[1, 2, 2], -6, 12>
  %3 = snn.requantize "relu1" %1 bias @b threshold @t fraction_bits 1 : !snn.membrane<[1, 2, 2], -6, 12> -> !snn.train<[1, 2, 2], #snn.radix<3>>
  %5 = snn.flatten "flatten" %3 : !snn.train<[1, 2, 2], #snn.radix<3>> -> !snn.train<[4], #snn.radix<3>>
  %6 = snn.linear "fc" %5 weights @w2 bias @b2 : !snn.train<[4], #snn.radix<3>> -> !snn.membrane<[2], -100, 100>
  %7 = snn.argmax "output" %6 : !snn.membrane<[2], -100, 100> -> tensor<1xi32>
  snn.output %6, %7 : !snn.membrane<[2], -100, 100>, tensor<1xi32>
}
"""  # noqa: E501

FLOAT = """
snn.parameter @w : tensor<1x1x2x2xf32> = dense<[[[[1.0, -2.0], [3.0, 0.5]]]]>
snn.parameter @g : tensor<1xf32> = dense<2.0>
snn.parameter @m : tensor<1xf32> = dense<1.0>
snn.parameter @v : tensor<1xf32> = dense<3.0>
snn.parameter @w2 : tensor<1x1xf32> = dense<4.0>
snn.network @float(%image: tensor<1x3x3xf32>) -> tensor<1xf32> {
  %0 = snn.conv2d "conv" %image weights @w bias @m : tensor<1x3x3xf32> -> tensor<1x2x2xf32>
  %1 = snn.batch_norm "bn" %0 gamma @g beta @m mean @m variance @v epsilon 1.0 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %2 = snn.relu "relu" %1 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %3 = snn.average_pool "pool" %2 kernel [2, 2] stride [2, 2] : tensor<1x2x2xf32> -> tensor<1x1x1xf32>
  %4 = snn.flatten "flatten" %3 : tensor<1x1x1xf32> -> tensor<1xf32>
  %5 = snn.linear "fc" %4 weights @w2 bias @g : tensor<1xf32> -> tensor<1xf32>
  snn.output %5 : tensor<1xf32>
}
"""


def read(text: str) -> ModuleOp:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(SNN)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def test_integer_network_equals_hand_written_python() -> None:
    generator = np.random.default_rng(0)
    images = generator.random((50, 1, 3, 3))
    run = run_network(read(INTEGER), images, keep=True)
    assert set(run.values) == {
        ("input", "encode"),
        ("conv1", "synapse"),
        ("relu1", "neuron"),
        ("flatten", "flatten"),
        ("fc", "synapse"),
        ("output", "output"),
    }
    assert run.values["input", "encode"].dtype == np.uint16
    assert run.values["fc", "synapse"].dtype == np.int64
    weights, last = [[1, -2], [3, 0]], [[1, 1, -1, 0], [-2, 0, 0, 3]]
    for index, image in enumerate(images[:, 0]):
        codes = [[int(pixel * 3 + 0.5) for pixel in row] for row in image]
        fired = []
        for y, x in product(range(2), range(2)):
            membrane = sum(weights[i][j] * codes[y + i][x + j] for i, j in product(range(2), range(2)))
            assert run.values["conv1", "synapse"][index, 0, y, x] == membrane
            fired.append(min(max((membrane * 2 + 3) // 5, 0), 7))
        scores = [sum(w * a for w, a in zip(row, fired, strict=True)) + b for row, b in zip(last, (3, -1), strict=True)]
        assert run.outputs[0][index].tolist() == scores
        assert run.outputs[1][index].tolist() == [scores.index(max(scores))]


def test_lowest_index_wins_ties() -> None:
    module = read(INTEGER.replace("dense<[[1, 1, -1, 0], [-2, 0, 0, 3]]>", "dense<1>").replace("[3, -1]", "[1, 1]"))
    assert (run_network(module, np.ones((3, 1, 3, 3))).outputs[1] == 0).all()


def test_chunks_do_not_show() -> None:
    module = read(INTEGER)
    images = np.random.default_rng(0).random((7, 1, 3, 3), np.float32)
    together = run_network(module, images, keep=True)
    for index in range(7):
        alone = run_network(module, images[index : index + 1], keep=True)
        for key, value in alone.values.items():
            assert np.array_equal(value[0], together.values[key][index])
    empty = run_network(module, images[:0])
    assert [output.shape for output in empty.outputs] == [(0, 2), (0, 1)]


def test_many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    module = read(INTEGER)
    images = np.random.default_rng(0).random((7, 1, 3, 3), np.float32)
    whole = run_network(module, images).outputs
    monkeypatch.setattr("e3ne.semantics.snn._CHUNK_VALUES", 32)
    parts = run_network(module, images).outputs
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


def test_float_network() -> None:
    image = np.arange(9.0).reshape(1, 1, 3, 3) / 8
    run = run_float(read(FLOAT), image, keep=True, dtype=np.float64)
    weights = np.array([[1, -2], [3, 0.5]])
    maps = np.array([[(weights * image[0, 0, y : y + 2, x : x + 2]).sum() + 1 for x in range(2)] for y in range(2)])
    normal = np.maximum((maps - 1) * 2 / np.sqrt(4.0) + 1, 0)
    assert np.allclose(run.values["relu", "neuron"][0, 0], normal)
    assert np.allclose(run.outputs[0], normal.mean() * 4 + 2)
    assert run_float(read(FLOAT), image).outputs[0].dtype == np.float32


def test_user_mistakes_get_one_message() -> None:
    with pytest.raises(E3neError, match="takes images N x 1 x 3 x 3, not an array of shape"):
        run_network(read(INTEGER), np.zeros((2, 3, 3)))
    with pytest.raises(E3neError, match="not a number"):
        run_network(read(INTEGER), np.full((2, 1, 3, 3), np.nan))
    with pytest.raises(E3neError, match=r"network @float is not quantised \(layers conv, relu, fc\)"):
        run_network(read(FLOAT), np.zeros((2, 1, 3, 3)))
    with pytest.raises(E3neError, match="network @tiny is quantised"):
        run_float(read(INTEGER), np.zeros((2, 1, 3, 3)))
