"""e3ne: a compiler from trained spiking neural networks to FPGA accelerators.

    design = e3ne.compile(model, images, e3ne.Options(weight_bits=3, steps=4))

See `e3ne.api` for the Python interface; its names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e3ne.api import CompiledDesign, compile
    from e3ne.errors import E3neError
    from e3ne.options import Options

__all__ = ["CompiledDesign", "E3neError", "Options", "compile"]

_HOMES = {"CompiledDesign": "api", "E3neError": "errors", "Options": "options", "compile": "api"}


def __getattr__(name: str) -> object:
    """Imports a name of the interface from its module."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'e3ne' has no attribute {name!r}")
    return getattr(import_module(f"e3ne.{_HOMES[name]}"), name)
