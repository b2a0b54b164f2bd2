"""What ONNX nodes make of parameters alone: numbers, types, axes and sizes that do not fit; memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from e3ne.dialects.parameter import parameters_of
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.frontends.onnx import chain
from tests.frontends.onnx_graphs import Graph, onnx


def message(graph: Graph, folder: Path) -> str:
    """What is said of a network that is refused."""
    with pytest.raises(E3neError) as error:
        load_model(str(graph.save(folder)), None)
    return str(error.value)


def weighted(weights: str, graph: Graph) -> Graph:
    """A network of one linear layer."""
    return graph.then("Flatten").then("MatMul", weights, name="last")


def repeated(times: int, axis: int = 0, size: int = 2) -> Graph:
    """A gather that takes the first row so many times."""
    graph = Graph()
    value = graph.node("Gather", graph.tensor(np.ones((1, size))), graph.tensor(np.zeros(times, np.int64)), axis=axis)
    return weighted(value, graph)


@pytest.mark.parametrize("times", [8 * 10**4, 5 * 10**4])
def test_gathers_that_grow(tmp_path: Path, times: int) -> None:
    """Of 10^3 numbers they make more than are read, or more bytes than constants may have: before they are there."""
    path = repeated(times, size=2000).save(tmp_path)
    tracemalloc.start()
    with pytest.raises(E3neError, match=r"\(Gather\): constants up to here need more than 1073741824 bytes"):
        load_model(str(path), None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 24


def test_more_elements_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MOST_FOLDED_BYTES", 1 << 60)
    assert "has more than 67108864 elements" in message(repeated(8 * 10**4, size=2000), tmp_path)


def test_results_of_all_nodes_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph()
    value = graph.tensor(np.ones((36, 2)))
    for _ in range(10):
        value = graph.node("Transpose", value, perm=[1, 0])
    weighted(value, graph)
    load_model(str(graph.save(tmp_path)), None)
    monkeypatch.setattr(chain, "MOST_FOLDED_BYTES", 5 * 36 * 2 * 12)
    text = message(graph, tmp_path)
    assert "node 'transpose5' (Transpose): constants up to here need more than" in text
    assert "transpose4" not in text


def test_memory_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(np, "take", fail)
    assert "(Gather): its parameters need more memory than there is" in message(repeated(36), tmp_path)


@pytest.mark.parametrize("to", [0, 8, 16, 27, 99])
def test_casts_to_types_that_are_none(tmp_path: Path, to: int) -> None:
    graph = Graph()
    text = message(weighted(graph.node("Cast", graph.tensor(np.ones((36, 2))), to=to), graph), tmp_path)
    assert f"(Cast): its type {to} is not that of numbers" in text


@pytest.mark.parametrize("number", [1e30, -129.0])
def test_casts_of_numbers_that_the_type_has_not(tmp_path: Path, number: float) -> None:
    graph = Graph()
    weights = graph.node("Cast", graph.tensor(np.full((36, 2), number)), to=onnx.TensorProto.INT8)
    assert "(Cast): it casts numbers that are none of int8" in message(weighted(weights, graph), tmp_path)


def test_weights_beyond_single_precision(tmp_path: Path) -> None:
    graph = Graph()
    weights = graph.tensor(np.full((36, 2), 1e300), np.float64)
    assert "node 'last' (MatMul): it has a parameter that does not fit" in message(weighted(weights, graph), tmp_path)


@pytest.mark.parametrize("kind", ["Mul", "Add", "Sub"])
def test_factors_and_offsets_beyond_single_precision(tmp_path: Path, kind: str) -> None:
    graph = Graph()
    weighted(graph.tensor(np.ones((36, 2))), graph)
    graph.then(kind, graph.tensor(np.array([1e300, 1.0]), np.float64))
    assert "it has a parameter that does not fit into single precision" in message(graph, tmp_path)


def test_products_beyond_single_precision(tmp_path: Path) -> None:
    graph = Graph()
    weighted(graph.tensor(np.ones((36, 2))), graph)
    most = graph.tensor(np.array([2**31 - 1, 0]), np.int32)
    graph.then("Add", graph.node("DequantizeLinear", most, graph.tensor(np.array(1e38))))
    assert "it has a parameter that does not fit into single precision" in message(graph, tmp_path)


@pytest.mark.parametrize("number", [0.1, 1 / 3])
def test_a_bias_of_double_precision_is_taken_in_single(tmp_path: Path, number: float) -> None:
    """Of a quantised layer, as every runtime takes it: both files are one network."""
    modules: list[str] = []
    for kind in (np.float64, np.float32):
        graph = Graph().activation(float(np.float32(number)), 3).then("Flatten")
        last = graph.weights(np.ones((36, 2)), 1.0, 2)
        # twice the image's scale, or, in double precision, nearly so
        graph.then("MatMul", last).then("Add", graph.tensor(np.array([2 * number, 0.0]), kind))
        modules.append(str(load_model(str(graph.save(tmp_path)), None)))
    assert modules[0] == modules[1]


@pytest.mark.parametrize(("axis", "shape"), [(2, (72, 1)), (1, (36, 2)), (0, (1, 72)), (-1, (36, 2)), (-2, (1, 72))])
def test_flattened_weights(tmp_path: Path, axis: int, shape: tuple[int, int]) -> None:
    """The axis behind the last one puts all dimensions before it."""
    graph = Graph((1, 1, shape[0], 1))
    flat = graph.node("Flatten", graph.tensor(np.arange(72.0).reshape(36, 2)), axis=axis)
    module = load_model(str(weighted(flat, graph).save(tmp_path)), None)
    (parameter,) = parameters_of(module)
    assert np.array_equal(parameter.array, np.arange(72.0).reshape(shape).T)


@pytest.mark.parametrize("axis", [3, -3])
def test_flattened_at_no_axis(tmp_path: Path, axis: int) -> None:
    graph = Graph()
    flat = graph.node("Flatten", graph.tensor(np.ones((36, 2))), axis=axis)
    assert f"its axis {axis} is not one of 2 dimensions" in message(weighted(flat, graph), tmp_path)


@pytest.mark.parametrize(
    ("kind", "axes"),
    [("ReduceMean", [6, -5]), ("ReduceMean", [2, 3, 3]), ("Squeeze", [4]), ("Squeeze", [-6]), ("Squeeze", [2, -2])],
)
def test_axes_that_are_none_or_twice_there(tmp_path: Path, kind: str, axes: list[int]) -> None:
    graph = Graph((1, 2, 1, 1), opset=18)
    graph.then("Conv", graph.tensor(np.ones((2, 2, 1, 1)))).then(kind, graph.tensor(np.array(axes)))
    assert f"({kind}): its axes are {axes}; different ones of 4 dimensions are needed" in message(graph, tmp_path)


@pytest.mark.parametrize("axes", [[6, 7], [2, -2], [-5, 3]])
def test_padded_axes_that_are_none_or_twice_there(tmp_path: Path, axes: list[int]) -> None:
    graph = Graph(opset=18)
    graph.then("Pad", graph.tensor(np.ones(4, np.int64)), "", graph.tensor(np.array(axes)))
    assert f"(Pad): its axes are {axes}; different ones of 4 dimensions are needed" in message(graph, tmp_path)


@pytest.mark.parametrize("axis", [2, -3])
def test_gathered_at_no_axis(tmp_path: Path, axis: int) -> None:
    assert f"(Gather): its axes are [{axis}]; different ones" in message(repeated(36, axis), tmp_path)
