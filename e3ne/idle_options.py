"""Options that a network has no use for, by the form in which it comes: they are refused, and not reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from e3ne.options import Options

Form = Literal["quantised", "spiking", "converted", "trains"]
"""Integers; integrate-and-fire neurons; ReLUs that become such neurons; ReLUs whose numbers are spike trains."""

_OF_TRAINS = ("steps", "period", "encoding_by_layer", "steps_by_layer", "weight_bits_by_layer", "fine_tune")
_IDLE: Mapping[Form, tuple[str, ...]] = {
    "quantised": (
        "encoding", *_OF_TRAINS, "weight_bits", "granularity", "calibration", "time_steps", "input_bits",
        "fraction_bits",
    ),
    "spiking": ("encoding", *_OF_TRAINS, "granularity", "calibration"),
    "converted": (*_OF_TRAINS, "granularity"),
    "trains": ("time_steps", "input_bits", "fraction_bits"),
}  # fmt: skip


def idle_options(form: Form, options: Options, *, takes_spikes: bool) -> tuple[str, ...]:
    """The fields of the options that nothing reads; `takes_spikes`: of data that are spikes, not images."""
    found = _IDLE[form]
    if (form == "converted" and options.encoding == "rate") or (form == "spiking" and takes_spikes):
        return (*found, "input_bits")
    if form == "trains" and "phase" not in (options.encoding, *_encodings_of(options.encoding_by_layer)):
        return (*found, "period")
    return found


def idle_problems(form: Form, options: Options, name: str, *, takes_spikes: bool) -> list[str]:
    """What is wrong with the options: those that were given, and would change nothing."""
    default = Options()
    given = [
        f"--{option.replace('_', '-')}"
        for option in idle_options(form, options, takes_spikes=takes_spikes)
        if option not in _SAID_ELSEWHERE[form] and getattr(options, option) != getattr(default, option)
    ]
    if not given:
        return []
    listed = ", ".join(given)
    match form:
        case "quantised":
            return [f"network '{name}' is quantised: {listed} cannot change its bits any more"]
        case "spiking":
            return [f"network '{name}' has integrate-and-fire neurons: {listed} would change nothing"]
        case "converted":
            return [f"{listed} does not go with --encoding {options.encoding}: it would change nothing"]
        case "trains":
            return [f"network '{name}' has trains in {options.encoding} encoding: {listed} would change nothing"]


_SAID_ELSEWHERE: Mapping[Form, tuple[str, ...]] = {
    "quantised": ("time_steps",),
    "spiking": ("encoding", "encoding_by_layer", "steps_by_layer"),
    "converted": (),
    "trains": ("time_steps",),
}
"""Options about which there is a message with more to say."""


def _encodings_of(text: str) -> list[str]:
    return [entry.partition("=")[2].strip() for entry in text.split(",")]
