"""Small networks whose hardware is chosen."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from e3ne.verification.networks import NetworkBuilder


def pooled(name: str = "pooled") -> ModuleOp:
    """1×4×4 → convolution 3×3 → neurons → max pool → linear, two time steps."""
    network = NetworkBuilder(name, (1, 4, 4), 2, seed=1).conv(2, (3, 3), weight_bits=2).fire()
    return network.max_pool((2, 2)).linear(3, weight_bits=2).build()


def dense(name: str = "dense") -> ModuleOp:
    """4 → linear → neurons → linear, two time steps."""
    network = NetworkBuilder(name, (4, 1, 1), 2, seed=2).linear(4, weight_bits=4).fire()
    return network.linear(3, weight_bits=4).build()
