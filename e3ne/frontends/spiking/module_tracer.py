"""The graph of one time step of a PyTorch module, neurons kept whole. It imports PyTorch: import it inside functions.

torch.export is not used: it succeeds, but freezes the neurons' hidden state without a word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, fx, nn

from e3ne.errors import E3neError

_LEAF_PACKAGES = ("torch", "snntorch", "spikingjelly")
CHAINS = ("SeqToANNContainer", "MultiStepContainer", "StepModeContainer")
"""SpikingJelly's containers, which do the same as a Sequential but for dimensions that are not of a step."""


def package_of(module: nn.Module) -> str:
    """The package that a module's class comes from."""
    return type(module).__module__.partition(".")[0]


@dataclass(frozen=True)
class Traced:
    """A graph, and the tensors that its `get_attr` nodes stand for by their target."""

    graph: fx.Graph
    tensors: Mapping[str, Tensor]


def trace(module: nn.Module) -> Traced:
    """What the module's `forward` does in eval mode; the module is left as it was.

    Raises `E3neError` with the reason if `forward` cannot be traced.
    """
    with _kept(module):
        module.eval()
        try:
            graph = _StepTracer().trace(module)
        except Exception as error:
            # whatever the user's forward() raises for a proxy arrives here
            first = next(iter(str(error).splitlines()), "")
            raise E3neError(
                f"the network's forward() cannot be traced: {type(error).__name__}: {first} (forward() must run one "
                "time step, without decisions or loops over the data)"
            ) from error
        # before the tracer's own attributes are taken away
        targets = [str(node.target) for node in graph.nodes if node.op == "get_attr"]
        return Traced(graph, {target: operator.attrgetter(target)(module) for target in targets})


class _StepTracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if isinstance(m, nn.Sequential) or type(m).__name__ in CHAINS:
            return False
        return package_of(m) in _LEAF_PACKAGES

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if isinstance(m, nn.Sequential) and package_of(m) in _LEAF_PACKAGES:
            # the containers' own forward() asks for shapes, which a proxy has not
            value: Any = args[0]
            for child in m:
                value = child(value)
            return value
        return super().call_module(m, forward, args, kwargs)


@contextmanager
def _kept(module: nn.Module) -> Generator[None]:
    """Puts back all attributes afterwards: forward() may store proxies, and the tracer stores constants."""
    saved = [(part, _snapshot(part)) for part in module.modules()]
    try:
        yield
    finally:
        for part, attributes in saved:
            vars(part).clear()
            vars(part).update(attributes)


def _snapshot(module: nn.Module) -> dict[str, object]:
    attributes: dict[str, object] = {}
    for name, value in vars(module).items():
        registry = name in ("_buffers", "_parameters", "_modules")
        attributes[name] = cast("dict[str, object]", value).copy() if registry else value
    return attributes
