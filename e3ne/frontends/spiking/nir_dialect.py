"""Which library wrote a NIR file, and what it left out: a file says neither, and each library means something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal, get_args

from e3ne.errors import E3neError

Library = Literal["snntorch", "spikingjelly", "norse", "sinabs", "literal"]

LIBRARIES: tuple[Library, ...] = get_args(Library)
_BY_NAME: Mapping[str, Library] = {library: library for library in LIBRARIES}

_REFUSED: Mapping[str, str] = {
    "spyx": "Spyx compares the membrane that the step before has left, so that its spikes come one step later than "
    "those of any neuron here",
}
"""Libraries that write NIR, and why their files are not read (measured with Spyx 1.0.0)."""

UNSAID: Mapping[str, str] = {
    "IF": "the time step, whether it fires at or only above v_threshold, how and when it resets, how often it may fire",
    "LIF": "the time step, the rule of integration, whether it fires at or only above v_threshold, how and when it "
    "resets, the first membrane, how often it may fire",
    "CubaLIF": "the time step, the rule of integration, whether the current acts in the same step, whether it fires at "
    "or only above v_threshold, how and when it resets, the first membrane",
}
"""By the type of a neuron, what its fields leave open."""


@dataclass(frozen=True)
class Dialect:
    """The library that wrote a file, and its neurons' arguments that the file has lost, as they are by default there.

    `dt` is the time step that the library's exporter used, in seconds. `reset_mechanism` and `reset_delay` are
    snnTorch's, `v_reset` is Norse's, `norm_input` and `min_v_mem` are Sinabs'.
    """

    library: Library
    dt: float = 1e-4
    reset_mechanism: Literal["subtract", "zero", "none"] = "subtract"
    reset_delay: bool = True
    v_reset: float = 0.0
    norm_input: bool = True
    min_v_mem: float | None = None


_SETTINGS: Mapping[Library, tuple[str, ...]] = {
    "snntorch": ("reset_mechanism", "reset_delay"),
    "spikingjelly": ("dt",),
    "norse": ("dt", "v_reset"),
    "sinabs": ("norm_input", "min_v_mem"),
    "literal": ("dt",),
}


def parse_dialect(text: str) -> Dialect:
    """`library` or `library:setting=value,...`, as `snntorch:reset_mechanism=zero,reset_delay=false`.

    A setting that is not given has the library's own default. `literal` is the equations of the NIR papers, by forward
    Euler. Raises `E3neError` for an unknown library, setting or value.
    """
    name, _, rest = text.partition(":")
    library = _BY_NAME.get(name)
    if name in _REFUSED:
        raise E3neError(f"NIR dialect '{name}' is not supported: {_REFUSED[name]}")
    if library is None:
        raise E3neError(f"NIR dialect '{name}' is unknown; known are {', '.join(LIBRARIES)}")
    dialect = Dialect(library, dt=1e-3 if library == "norse" else 1e-4)
    for part in filter(None, rest.split(",")):
        setting, _, value = part.partition("=")
        if setting not in _SETTINGS[library]:
            raise E3neError(
                f"NIR dialect '{library}' has no setting '{setting}'; it has {', '.join(_SETTINGS[library])}"
            )
        dialect = _SETTERS[setting](dialect, value)
    return dialect


def described() -> str:
    """For messages: the dialects with their settings and defaults."""
    return (
        "snntorch (reset_mechanism=subtract, reset_delay=true), spikingjelly (dt=1e-4), norse (dt=1e-3, v_reset=0), "
        "sinabs (norm_input=true, no min_v_mem), literal (dt=1e-4); another setting as in "
        "'snntorch:reset_mechanism=zero'"
    )


def _with_reset(dialect: Dialect, value: str) -> Dialect:
    match value:
        case "subtract" | "zero" | "none":
            return replace(dialect, reset_mechanism=value)
        case _:
            raise E3neError(f"NIR dialect: reset_mechanism is '{value}', not subtract, zero or none")


def _boolean(setting: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise E3neError(f"NIR dialect: {setting} is '{value}', not true or false")
    return value == "true"


def _number(setting: str, value: str, *, positive: bool = False) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or (positive and number <= 0):
        raise E3neError(f"NIR dialect: {setting} is '{value}', not a {'positive ' if positive else ''}number")
    return number


_SETTERS: Mapping[str, Callable[[Dialect, str], Dialect]] = {
    "dt": lambda dialect, value: replace(dialect, dt=_number("dt", value, positive=True)),
    "reset_mechanism": _with_reset,
    "reset_delay": lambda dialect, value: replace(dialect, reset_delay=_boolean("reset_delay", value)),
    "v_reset": lambda dialect, value: replace(dialect, v_reset=_number("v_reset", value)),
    "norm_input": lambda dialect, value: replace(dialect, norm_input=_boolean("norm_input", value)),
    "min_v_mem": lambda dialect, value: replace(dialect, min_v_mem=_number("min_v_mem", value)),
}
