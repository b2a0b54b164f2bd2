"""Canonicalisation patterns of `rtl`, by operation."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern


def patterns_of(_operation: type[Operation]) -> tuple[RewritePattern, ...]:
    """The patterns that apply to operations of this class."""
    return ()
