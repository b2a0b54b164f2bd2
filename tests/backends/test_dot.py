"""The target `dot` draws every operation once, and every edge."""

from __future__ import annotations

from io import StringIO

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.parser import Parser

from e3ne.backends.dot import DotTarget
from e3ne.dialects.dataflow import Dataflow
from e3ne.dialects.snn import SNN
from e3ne.errors import E3neError

NETWORK = """
snn.network @flat(%image: tensor<1x2x2xf32>) -> tensor<4xf32> {
  %0 = snn.flatten "a\\"b" %image : tensor<1x2x2xf32> -> tensor<4xf32>
  snn.output %0 : tensor<4xf32>
}
"""

GRAPH = """
dataflow.graph @pass {
  %0 = dataflow.source {unit = "in", layer = "image", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.fifo %0 {unit = "queue", layer = "image", depth = 3 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %1 {unit = "out", layer = "result", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}
"""  # noqa: E501


def _drawn(text: str) -> list[str]:
    context = Context()
    for dialect in (Builtin, SNN, Dataflow):
        context.load_dialect(dialect)
    output = StringIO()
    DotTarget().emit(context, Parser(context, text).parse_module(), output)
    return output.getvalue().splitlines()


def test_network() -> None:
    assert _drawn(NETWORK) == [
        'digraph "flat" {',
        "  node [shape=box];",
        '  image [label="image", shape=plain];',
        '  n0 [label="a\\"b\\nsnn.flatten"];',
        '  n1 [label="snn.output"];',
        '  image -> n0 [label="tensor<1x2x2xf32>"];',
        '  n0 -> n1 [label="tensor<4xf32>"];',
        "}",
    ]


def test_graph_shows_choices_in_a_box_for_each_layer() -> None:
    assert _drawn(GRAPH) == [
        'digraph "pass" {',
        "  node [shape=box];",
        '  subgraph "cluster_image" {',
        '    label="image";',
        '    n0 [label="in\\ndataflow.source\\nbus 8"];',
        '    n1 [label="queue\\ndataflow.fifo\\ndepth 3"];',
        "  }",
        '  subgraph "cluster_result" {',
        '    label="result";',
        '    n2 [label="out\\ndataflow.sink\\ncontainer 8"];',
        "  }",
        '  n0 -> n1 [label="!dataflow.stream<1x1x1, steps 1, bits 1>"];',
        '  n1 -> n2 [label="!dataflow.stream<1x1x1, steps 1, bits 1>"];',
        "}",
    ]


def test_nothing_to_draw() -> None:
    with pytest.raises(E3neError, match="nothing to draw"):
        _drawn("builtin.module {}")
