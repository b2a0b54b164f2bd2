"""`dataflow-parallelize-pixels` with networks over time: what hardware tests build, and what is refused."""

from __future__ import annotations

import pytest
from xdsl.context import Context

from e3ne.dialects.dataflow import SourceOp
from e3ne.dialects.snn import DirectAttr, RateAttr
from e3ne.errors import E3neError
from e3ne.passes.convert_snn_to_dataflow import ConvertSnnToDataflowPass
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.verification.case import Append
from e3ne.verification.networks import NetworkBuilder
from tests.hardware.pixel_cases import PIXELS


def test_the_cases_over_time_have_their_pixels_side_by_side() -> None:
    case = PIXELS["triples_over_time"]
    module = case.network("triples")
    ConvertSnnToDataflowPass().apply(Context(), module)
    DataflowParallelizePixelsPass(3).apply(Context(), module)
    (source,) = [op for op in module.walk() if isinstance(op, SourceOp)]
    given = source.output_type
    assert (given.frames, given.height, given.width, given.channels) == (4, 3, 2, 6)


@pytest.mark.parametrize(
    ("encoding", "layers"),
    [
        (RateAttr.of(5), lambda n: n.conv(2, (1, 1)).lif().max_pool((2, 2)).linear(2)),
        (DirectAttr.of(2, 5), lambda n: n.conv(2, (1, 1)).max_pool((2, 2)).lif().linear(2)),
    ],
)
def test_what_stands_in_the_way(encoding: RateAttr | DirectAttr, layers: Append) -> None:
    module = layers(NetworkBuilder("n", (1, 4, 4), encoding.bits, encoding=encoding)).build()
    ConvertSnnToDataflowPass().apply(Context(), module)
    before = str(module)
    with pytest.raises(E3neError, match="2 pixels of n at once: its input does not go straight into a convolution"):
        DataflowParallelizePixelsPass(2).apply(Context(), module)
    assert str(module) == before
