"""How results before and after a pass must relate, for each effect that a pass can have on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError
from e3ne.passes.effects import Effect
from e3ne.verification.semantics.finding import Finding
from e3ne.verification.semantics.programs import Data, Graph, Network, Program, Results
from e3ne.verification.semantics.quantized import quantized
from e3ne.verification.semantics.spiking import converted, quantized_spikes

ROUNDING = 1e-5


def relate(effect: Effect, before: Network | Graph, after: Network | Graph, data: Data) -> Finding:
    """Executes both on inputs (count, ...) and compares; raises `E3neError` where the effect cannot have happened."""
    _check_levels(effect, before, after)
    match effect:
        case Effect.KEEPS:
            return same(before, after, data)
        case Effect.ROUNDS:
            return rounded(before, after, data)
        case Effect.APPENDS_ARGMAX:
            return argmax(before, after, data)
        case Effect.TRAINS:
            return structure(before, after)
        case Effect.QUANTIZES:
            return quantized(_network(before), _network(after), data)
        case Effect.QUANTIZES_SPIKES:
            return quantized_spikes(_network(before), _network(after), data)
        case Effect.CONVERTS_TO_RATE:
            return converted(_network(before), _network(after), data)


def _check_levels(effect: Effect, before: Program, after: Program) -> None:
    becomes_integer = (before.level, after.level) == ("float network", "integer network")
    if becomes_integer and effect not in (Effect.QUANTIZES, Effect.QUANTIZES_SPIKES):
        raise E3neError(
            "it turns real numbers into integers, but declares no such effect; supported: "
            "`effect: ClassVar[Effect] = Effect.QUANTIZES` or `Effect.QUANTIZES_SPIKES`"
        )


def same(before: Program, after: Program, data: Data) -> Finding:
    """Every number of every result, and of what the streams of a graph say that they carry."""
    pairs = {"the result": (before.run(data), after.run(data))}
    if isinstance(after, Graph):
        wanted, got = before.named(data), after.named(data)
        pairs |= {f"'{name}'": (wanted[name], got[name]) for name in wanted.keys() & got.keys()}
    numbers = sum(wanted.size for wanted, _ in pairs.values())
    compared = f"{len(data)} inputs, {numbers:,} numbers equal"
    for name, (wanted, got) in sorted(pairs.items()):
        if wanted.shape != got.shape:
            return _all_wrong(data, compared, f"{name}: {wanted.shape[1]} numbers an input became {got.shape[1]}")
        finding = _unequal(wanted, got, np.not_equal(wanted, got), compared, name)
        if not finding.holds:
            return finding
    return Finding(compared)


def rounded(before: Program, after: Program, data: Data) -> Finding:
    """Numbers up to a share of the greatest."""
    wanted, got = before.run(data).astype(np.float64), after.run(data).astype(np.float64)
    if wanted.shape != got.shape:
        return _all_wrong(data, "shapes", f"{wanted.shape[1]} numbers an input became {got.shape[1]}")
    allowed = ROUNDING * float(np.abs(wanted).max(initial=0))
    off = np.abs(wanted - got)
    compared = f"{len(data)} inputs, {wanted.size:,} numbers off by {off.max(initial=0):.2g}, allowed {allowed:.2g}"
    return _unequal(wanted, got, np.logical_not(off <= allowed), compared)


def argmax(before: Program, after: Program, data: Data) -> Finding:
    """Classes are the first greatest scores."""
    scores, got = before.run(data), after.run(data)
    wanted = scores.argmax(axis=1)[:, None]
    compared = f"{len(data)} inputs, {wanted.size:,} classes equal"
    if wanted.shape != got.shape:
        return _all_wrong(data, compared, f"a class is one number an input, not {got.shape[1]}")
    return _unequal(wanted, got, np.not_equal(wanted, got), compared)


def structure(before: Program, after: Program) -> Finding:
    """Layers, their kinds and their types."""
    wanted, got = (
        [(op.layer_name, op.name, str(op.output.type)) for op in _network(p).op.layers()] for p in (before, after)
    )
    compared = f"{len(wanted)} layers and their types equal"
    changed = [f"{a} became {b}" for a, b in zip(wanted, got, strict=False) if a != b]
    if len(wanted) != len(got):
        changed.append(f"{len(wanted)} layers became {len(got)}")
    return Finding(compared, message="; ".join(changed))


def _network(program: Program) -> Network:
    if not isinstance(program, Network):
        raise E3neError(f"it declares an effect on networks, but there is a {program.level}")
    return program


def _all_wrong(data: Data, compared: str, message: str) -> Finding:
    return Finding(compared, np.ones(len(data), np.bool_), message)


def _unequal(
    wanted: Results, got: Results, differs: NDArray[np.bool_], compared: str, name: str = "the result"
) -> Finding:
    wrong = np.asarray(differs.any(axis=1), np.bool_)
    if not wrong.any():
        return Finding(compared)
    sample = int(wrong.argmax())
    number = int(differs[sample].argmax())
    message = (
        f"{name} of {int(wrong.sum())} of {len(wrong)} inputs is another one; input {sample}, number {number}: "
        f"{wanted[sample, number]} became {got[sample, number]}"
    )
    return Finding(compared, wrong, message)
