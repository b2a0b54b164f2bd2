"""The dataflow dialect: which hardware units exist, and what streams between them.

See docs/rationale-dataflow.md for what is in it, what is not, and why.
"""

from xdsl.ir import Dialect

from e3ne.dialects.dataflow.ops import (
    ArgmaxOp,
    FifoOp,
    FireOp,
    FlattenOp,
    GraphOp,
    MatvecOp,
    PoolOp,
    ReplayOp,
    ResizeOp,
    SinkOp,
    SourceOp,
    WindowOp,
)
from e3ne.dialects.dataflow.parameters import ParameterOp
from e3ne.dialects.dataflow.stream import StreamType

Dataflow = Dialect(
    "dataflow",
    [
        ArgmaxOp,
        FifoOp,
        FireOp,
        FlattenOp,
        GraphOp,
        MatvecOp,
        ParameterOp,
        PoolOp,
        ReplayOp,
        ResizeOp,
        SinkOp,
        SourceOp,
        WindowOp,
    ],
    [StreamType],
)
