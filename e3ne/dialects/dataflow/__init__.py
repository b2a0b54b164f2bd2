"""The dataflow dialect: which hardware units exist, and what streams between them.

See docs/rationale-dataflow.md for what is in it, what is not, and why.
"""

from xdsl.ir import Dialect

from e3ne.dialects.dataflow.base import TransformOp, UnitOp, as_tuple, number, numbers, retype
from e3ne.dialects.dataflow.boundary import SinkOp, SourceOp
from e3ne.dialects.dataflow.fire import SEARCHES, THRESHOLD_MEMORIES, ArgmaxOp, FireOp
from e3ne.dialects.dataflow.graph import GraphOp, producer, units_of
from e3ne.dialects.dataflow.matvec import (
    CONTROLS,
    IMPLEMENTATIONS,
    LUT_SIZES,
    STATIONARY,
    WEIGHT_MEMORIES,
    MatvecOp,
)
from e3ne.dialects.dataflow.movement import (
    REPLAY_MEMORIES,
    WINDOW_MEMORIES,
    FifoOp,
    FlattenOp,
    ReplayOp,
    ResizeOp,
    WindowOp,
)
from e3ne.dialects.dataflow.parameters import ParameterOp, integers_of
from e3ne.dialects.dataflow.pools import MaxPoolOp, PoolOp, is_side_by_side
from e3ne.dialects.dataflow.stream import Order, StreamType
from e3ne.dialects.dataflow.temporal import LIF_PARAMETERS, STATE_MEMORIES, LifOp, SumFramesOp

Dataflow = Dialect(
    "dataflow",
    [
        ArgmaxOp,
        FifoOp,
        FireOp,
        FlattenOp,
        GraphOp,
        LifOp,
        MatvecOp,
        MaxPoolOp,
        ParameterOp,
        PoolOp,
        ReplayOp,
        ResizeOp,
        SinkOp,
        SourceOp,
        SumFramesOp,
        WindowOp,
    ],
    [StreamType],
)

__all__ = [
    "IMPLEMENTATIONS",
    "LIF_PARAMETERS",
    "REPLAY_MEMORIES",
    "CONTROLS",
    "LUT_SIZES",
    "SEARCHES",
    "STATE_MEMORIES",
    "STATIONARY",
    "THRESHOLD_MEMORIES",
    "WEIGHT_MEMORIES",
    "WINDOW_MEMORIES",
    "ArgmaxOp",
    "Dataflow",
    "FifoOp",
    "FireOp",
    "FlattenOp",
    "GraphOp",
    "LifOp",
    "MatvecOp",
    "MaxPoolOp",
    "Order",
    "ParameterOp",
    "PoolOp",
    "ReplayOp",
    "ResizeOp",
    "SinkOp",
    "SourceOp",
    "StreamType",
    "SumFramesOp",
    "TransformOp",
    "UnitOp",
    "WindowOp",
    "as_tuple",
    "is_side_by_side",
    "number",
    "numbers",
    "producer",
    "retype",
    "units_of",
    "integers_of",
]
