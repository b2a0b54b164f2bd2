"""PyTorch modules with spiking neurons: whose they are, and the import that belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import SpikingNetwork
from e3ne.frontends.spiking.snntorch_module import import_snntorch
from e3ne.frontends.spiking.spikingjelly_module import import_spikingjelly

if TYPE_CHECKING:
    from torch import nn

    from e3ne.frontends.spiking.shapes import Shape

_STATEFUL: Mapping[str, tuple[str, ...]] = {
    "snntorch": ("SpikingNeuron",),
    "spikingjelly": ("MemoryModule",),
    "norse": ("SNN", "SNNCell", "SNNRecurrent", "SNNRecurrentCell"),
    "sinabs": ("StatefulLayer",),
}
"""By package, the classes that all its modules with a state between steps derive from."""

_IMPORTS: Mapping[str, Callable[[nn.Module, Shape, str], SpikingNetwork]] = {
    "snntorch": import_snntorch,
    "spikingjelly": import_spikingjelly,
}
_EXPORTS: Mapping[str, str] = {"norse": "norse.torch.to_nir", "sinabs": "sinabs.nir.to_nir"}

LIBRARIES = tuple(_STATEFUL)


def neurons_of(module: nn.Module) -> dict[str, list[str]]:
    """The classes of a module's parts that keep a state between steps, by the package of their library.

    A class of the user's own that derives from a library's neuron counts as the library's.
    """
    found: dict[str, set[str]] = {}
    for part in module.modules():
        for base in type(part).__mro__:
            package = base.__module__.partition(".")[0]
            if base.__name__ in _STATEFUL.get(package, ()):
                found.setdefault(package, set()).add(type(part).__name__)
    return {package: sorted(classes) for package, classes in sorted(found.items())}


def import_spiking(module: nn.Module, input_shape: tuple[int, int, int], name: str) -> SpikingNetwork:
    """The network of a module that has neurons, for one sample of `input_shape` (C, H, W); (F, 1, 1) is a row of F.

    Raises one `E3neError` for neurons of several libraries, of a library whose modules are not read, of classes derived
    from a library's, or for whatever its import refuses.
    """
    from e3ne.frontends.spiking.module_tracer import package_of

    found = neurons_of(module)
    if len(found) != 1:
        described = " and ".join(f"{package} ({', '.join(classes)})" for package, classes in found.items())
        raise E3neError(f"network '{name}' has neurons of {described}; those of one library are needed")
    ((package, classes),) = found.items()
    if package not in _IMPORTS:
        raise E3neError(
            f"network '{name}' has neurons of {package} ({', '.join(classes)}), whose modules are not read: write it "
            f"to a file with {_EXPORTS[package]} and nir.write, and compile that with --dialect {package}"
        )
    own = [
        f"module '{path}' ({type(part).__name__})"
        for path, part in cast("Iterator[tuple[str, nn.Module]]", module.named_modules())
        if type(part).__name__ in classes and package_of(part) not in _STATEFUL
    ]
    if own:
        raise E3neError(
            f"network '{name}': {', '.join(own)} derives from a neuron of {package}, so that what it does in a step is "
            f"not known; {package}'s own classes are supported"
        )
    row = input_shape[1:] == (1, 1)
    return _IMPORTS[package](module, input_shape[:1] if row else input_shape, name)
