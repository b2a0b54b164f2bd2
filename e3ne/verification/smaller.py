"""What a random network can be made smaller to, one step at a time, the largest steps first."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from xdsl.dialects.builtin import IntAttr

from e3ne.dialects.snn import EncodingAttr, RadixAttr
from e3ne.units.interface import Choice
from e3ne.verification.decisions import Decisions
from e3ne.verification.networks import NetworkBuilder
from e3ne.verification.specification import Layer, Specification

DEFAULTS = Decisions()


def smaller(specification: Specification, made: Mapping[str, Choice]) -> Iterator[Specification]:
    """Each smaller by `size_of`; `made` are the choices of its design, which take the place of those drawn."""
    size = size_of(specification)
    yield from (each for each in _candidates(specification, made) if size_of(each) < size)


def size_of(specification: Specification) -> int:
    """A number that all steps lessen: layers count most, then pixels, decisions, and what is not by default."""
    channels, height, width = specification.shape
    decisions = specification.decisions
    drawn = 1000 * (decisions.seed is not None)
    chosen = sum(4 + len(choices) for choices in decisions.choices.values())
    others = sum(
        10 + (value if isinstance(value, int) else 0)
        for name, value in _decided(decisions).items()
        if name not in ("seed", "choices", "interval")
    )
    return (
        sum(100 + _size_of_layer(layer) for layer in specification.layers)
        + 5 * channels * height * width
        + _size(specification.encoding)
        + 10 * (specification.scale is not None)
        + 10 * specification.rate_coded
        + 20 * specification.paused
        + 5 * specification.images
        + drawn
        + chosen
        + others
        + (decisions.interval != DEFAULTS.interval)
    )


def _candidates(specification: Specification, made: Mapping[str, Choice]) -> Iterator[Specification]:
    layers, decisions = specification.layers, specification.decisions
    for length in range(len(layers) - 1, 0, -1):
        for start in range(len(layers) - length + 1):
            yield replace(specification, layers=layers[:start] + layers[start + length :])
    yield replace(specification, decisions=DEFAULTS)
    yield replace(specification, paused=False)
    yield from (replace(specification, images=images) for images in range(1, specification.images))
    if made and decisions.seed is not None:
        pinned = replace(decisions, seed=None, choices=made)
        yield from (replace(specification, decisions=each) for each in (replace(decisions, seed=None), pinned))
    for place, length in enumerate(specification.shape):
        for fewer in _fewer(length, 1):
            shape = [fewer if index == place else other for index, other in enumerate(specification.shape)]
            yield replace(specification, shape=(shape[0], shape[1], shape[2]))
    for name in _decided(decisions):
        yield replace(specification, decisions=replace(decisions, **{name: getattr(DEFAULTS, name)}))
    for unit, choices in decisions.choices.items():
        others = {name: each for name, each in decisions.choices.items() if name != unit}
        yield replace(specification, decisions=replace(decisions, choices=others))
        for left_out in choices:
            fewer = {**others, unit: {name: value for name, value in choices.items() if name != left_out}}
            yield replace(specification, decisions=replace(decisions, choices=fewer))
    yield replace(specification, scale=None)
    yield replace(specification, rate_coded=False)
    for encoding in _simpler(specification.encoding):
        yield replace(specification, encoding=encoding)
    plain = tuple(_plain(layer) for layer in layers)
    yield replace(specification, layers=plain)
    for index in range(len(layers)):
        yield replace(specification, layers=(*layers[:index], plain[index], *layers[index + 1 :]))
    for index, layer in enumerate(layers):
        for simpler in _simpler_layers(layer):
            yield replace(specification, layers=(*layers[:index], simpler, *layers[index + 1 :]))


def _decided(decisions: Decisions) -> dict[str, Any]:
    """The decisions that are not those by default."""
    found = {each.name: getattr(decisions, each.name) for each in fields(decisions)}
    return {name: value for name, value in found.items() if value != getattr(DEFAULTS, name)}


def _defaults(kind: str) -> dict[str, Any]:
    parameters = inspect.signature(getattr(NetworkBuilder, kind)).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


def _plain(layer: Layer) -> Layer:
    """With its sizes, everything else by default."""
    defaults = _defaults(layer.kind)
    return replace(layer, options={name: value for name, value in layer.options.items() if name not in defaults})


def _simpler_layers(layer: Layer) -> Iterator[Layer]:
    defaults = _defaults(layer.kind)
    for name, value in layer.options.items():
        if name in defaults and value != defaults[name]:
            yield replace(layer, options={key: other for key, other in layer.options.items() if key != name})
        for simpler in _simpler(value):
            yield replace(layer, options={**layer.options, name: simpler})


def _simpler(value: object) -> Iterator[object]:
    match value:
        case bool():
            return
        case int():
            yield from _fewer(value, 0)
        case tuple():
            numbers = cast("tuple[int, ...]", value)
            least = 0 if len(numbers) == 4 else 1
            yield (least,) * len(numbers)
            for place, number in enumerate(numbers):
                if number > least:
                    yield (*numbers[:place], number - 1, *numbers[place + 1 :])
        case EncodingAttr():
            yield RadixAttr.of(1)
            yield RadixAttr.of(min(value.bits, RadixAttr.PARAMETERS[0][1]))
            numbers = [cast(IntAttr, each).data for each in value.parameters]
            for place, number in enumerate(numbers):
                for fewer in _fewer(number, 1):
                    yield type(value).of(*numbers[:place], fewer, *numbers[place + 1 :])
        case _:
            return


def _fewer(number: int, least: int) -> Iterator[int]:
    """Least, half, one less."""
    yield from sorted(fewer for fewer in {least, number // 2, number - 1} if least <= fewer < number)


def _size_of_layer(layer: Layer) -> int:
    defaults = _defaults(layer.kind)
    return sum(3 * (value != defaults.get(name, value)) + _size(value) for name, value in layer.options.items())


def _size(value: object) -> int:
    match value:
        case int():
            return int(value)
        case tuple():
            return sum(cast("tuple[int, ...]", value))
        case EncodingAttr():
            extra = 0 if isinstance(value, RadixAttr) else 5
            return extra + sum(cast(IntAttr, each).data for each in value.parameters)
        case _:
            return 0
