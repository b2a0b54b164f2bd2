"""Which `rtl` module instantiates which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from e3ne.dialects import rtl
from e3ne.errors import E3neError


def instances_of(module: rtl.ModuleOp) -> Iterable[rtl.InstanceOp]:
    """The instances in a module, in order."""
    return (op for op in module.block.ops if isinstance(op, rtl.InstanceOp))


def instantiation_order(modules: Mapping[str, rtl.ModuleOp]) -> list[str]:
    """Names of modules, each after those that it instantiates, else in the order given.

    Raises E3neError if a module instantiates itself, directly or not, or one that is not there.
    """
    children = {name: list(dict.fromkeys(i.module_name for i in instances_of(op))) for name, op in modules.items()}
    unknown = sorted({child for names in children.values() for child in names} - set(modules))
    if unknown:
        raise E3neError(f"there are instances of unknown modules: {', '.join('@' + name for name in unknown)}")
    order: dict[str, None] = {}
    for root in modules:
        path: dict[str, int] = {root: 0}
        while path:
            name, position = path.popitem()
            if name in order:
                continue
            if position == len(children[name]):
                order[name] = None
                continue
            child = children[name][position]
            path[name] = position + 1
            if child in path:
                raise E3neError(f"module @{child} instantiates itself: " + " -> ".join((*path, child)))
            path[child] = 0
    return list(order)
