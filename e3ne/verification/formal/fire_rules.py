"""The radix neuron: digits of clamp(⌊(V·2^f + b) / θ⌋, 0, 2^T − 1), the most significant first, for each value V.

The definition is written out here from the parameters of the layer; the unit's own thresholds are not used.
"""

from __future__ import annotations

import numpy as np

from e3ne.dialects.dataflow import FireOp, integers_of
from e3ne.verification.formal.checker import Checker, next_modulo, numbered, width_for


class _Codes:
    """The code of a value, written as logic: how many of θ, 2·θ, … V·2^f + b reaches."""

    def __init__(self, c: Checker, op: FireOp) -> None:
        self.c, self.op, self.given = c, op, op.input_type
        channels = self.given.channels
        self.thresholds = np.resize(integers_of(op, op.threshold), channels).astype(object)
        self.biases = np.resize(integers_of(op, op.bias), channels).astype(object)
        self.levels = 1 << op.steps.value.data
        scaled = 1 << self.given.element_bits - 1 + op.fraction_bits.value.data
        reached = max(scaled + int(np.abs(self.biases).max()), self.levels * int(self.thresholds.max()))
        self.bits = reached.bit_length() + 2

    def of(self, name: str, value: str, group: str, lane: int) -> str:
        """The code of a value of a lane, `name`; `name_x` is its V·2^f + b, `name_theta` the threshold."""
        c, bits = self.c, self.bits
        own = self.given.element_bits
        wide = f"{{{{{bits - own}{{{value}[{own - 1}]}}}}, {value}[{own - 1}:0]}}"
        bias = self._table(self.biases, group, lane)
        c.wire(f"{name}_x", bits, f"({wide} << {self.op.fraction_bits.value.data}) + {bias}")
        c.wire(f"{name}_theta", bits, self._table(self.thresholds, group, lane))
        reached = [
            f"$signed({name}_x) >= $signed({self._table(self.thresholds * level, group, lane)})"
            for level in range(1, self.levels)
        ]
        c.wire(f"{name}_reached", self.levels, f"{{{', '.join(reversed(reached))}, 1'b1}}")
        # All levels up to the code are reached, and none beyond, so that a search finds it; `floor` proves it.
        digits: list[str] = []
        for digit in reversed(range(self.op.steps.value.data)):
            above = "".join(f"{found}, " for found in digits)
            digits.append(f"{name}_{digit}")
            c.wire(
                f"{name}_{digit}",
                1,
                f"{name}_reached[{{{above}1'b1{', ' + str(digit) + chr(39) + 'd0' if digit else ''}}}]",
            )
        return c.wire(name, self.op.steps.value.data, f"{{{', '.join(digits)}}}")

    def floor(self, name: str) -> str:
        """That the code is what the definition says."""
        steps = self.op.steps.value.data
        low = f"({self.bits}'d0 + {name}) * {name}_theta"
        return (
            f"({name} == 0 | $signed({name}_x) >= $signed({low})) & "
            f"({name} == {(1 << steps) - 1} | $signed({name}_x) < $signed({low} + {name}_theta))"
        )

    def _table(self, numbers: np.ndarray, group: str, lane: int) -> str:
        """The number of a lane's channel in a group, by comparing the group's number."""
        mask = (1 << self.bits) - 1
        own = [f"{self.bits}'d{int(number) & mask}" for number in numbers[lane :: self.given.lanes]]
        result = own[-1]
        for number, constant in reversed(list(enumerate(own[:-1]))):
            result = f"({group} == {number}) ? {constant} : {result}"
        return f"({result})"


def add_fire(c: Checker, op: FireOp) -> None:
    """The values inside wait in a queue, the oldest in front; its digits are offered beat by beat."""
    if op.numbers is not None or op.ties_to_even is not None:
        c.missing.append("numbers with gaps, or ties to even")
        return
    given, steps, parallel = op.input_type, op.steps.value.data, op.parallel_steps.value.data
    stages, lanes, groups = op.stages.value.data, given.lanes, width_for(given.chunks)
    count, beats, beat = stages.bit_length() + 1, steps // parallel, width_for(steps // parallel)
    codes = _Codes(c, op)
    c.reg("f_group", groups, next_modulo("f_group", groups, given.chunks), "f_take")
    c.reg("f_beat", beat, next_modulo("f_beat", beat, beats), "f_give")
    c.wire("f_pop", 1, f"f_give & f_beat == {beats - 1}")
    c.reg("f_count", count, "f_count + f_take - f_pop")
    entry = c.taken + groups
    c.wire("f_come", entry, "{f_group, s_data}")
    for place in range(stages):
        behind = f"(f_count > {place + 1}) ? f_queue_{place + 1} : f_come" if place + 1 < stages else "f_come"
        c.reg(f"f_queue_{place}", entry, f"f_pop ? ({behind}) : f_come", f"f_pop | f_count == {place}", reset=None)
    c.ok("no_loss", f"f_count <= {stages} & ~(f_take & f_count == {stages} & ~f_pop)")
    c.ok("nothing_appears", "~m_valid | f_count != 0")
    c.wire("f_front_group", groups, f"f_queue_0[{entry - 1}:{c.taken}]")
    digits: list[str] = []
    for lane in range(lanes):
        c.wire(f"f_front_{lane}", given.element_bits, _lane("f_queue_0", lane, given.element_bits))
        codes.of(f"f_code_{lane}", f"f_front_{lane}", "f_front_group", lane)
        c.wire(f"f_shown_{lane}", steps, f"f_code_{lane} << (f_beat * {parallel})")
    for step in range(parallel):
        digits += [f"f_shown_{lane}[{steps - 1 - step}]" for lane in range(lanes)]
    c.ok("digits", f"~m_valid | m_data == {{{', '.join(reversed(digits))}}}")
    _add_floor(c, op, codes)
    c.keep("group", f"f_group < {given.chunks}" + (" & next_group == f_group" if given.chunks > 1 else ""))
    c.keep(
        "count",
        f"f_count == {' + '.join([f'{count}' + chr(39) + 'd0', *_busy(stages)])} & (f_count != 0 | f_beat == 0)",
    )
    for stage in range(stages):
        _add_stage(c, op, codes, stage, entry)


def _busy(stages: int) -> list[str]:
    return [numbered("busy", stage) for stage in range(stages)]


def _lane(word: str, lane: int, bits: int) -> str:
    return f"{word}[{lane * bits + bits - 1}:{lane * bits}]"


def _add_floor(c: Checker, op: FireOp, codes: _Codes) -> None:
    """For any value and group whatever."""
    given = op.input_type
    c.wire("f_any_group", width_for(given.chunks), "$anyseq")
    c.wire("f_any", given.element_bits, "$anyseq")
    for lane in range(given.lanes):
        name = codes.of(f"f_any_code_{lane}", "f_any", "f_any_group", lane)
        c.ok(f"floor_{lane}", f"f_any_group >= {given.chunks} | ({codes.floor(name)})", "f_any_group")


def _add_stage(c: Checker, op: FireOp, codes: _Codes, stage: int, entry: int) -> None:
    """What a stage holds: a value of the queue, its group, and the first digits of its code."""
    steps, span, lanes = op.steps.value.data, op.span, op.input_type.lanes
    stages, chunks = op.stages.value.data, op.input_type.chunks
    busy, earlier = numbered("busy", stage), stage * span
    groups = width_for(chunks)
    ahead = " + ".join(["3'd0", *_busy(stages)[stage + 1 :]])
    c.wire(f"f_index_{stage}", 3, ahead)
    held = f"f_queue_{stages - 1}"
    for place in reversed(range(stages - 1)):
        held = f"(f_index_{stage} == {place}) ? f_queue_{place} : {held}"
    c.wire(f"f_held_{stage}", entry, held)
    group = numbered("group", stage) if chunks > 1 else "1'b0"
    values = [numbered("value", stage * lanes + lane) for lane in range(lanes)]
    if chunks > 1 and not c.has(group):
        # Nothing reads it any more, so that it was removed.
        group = c.wire(f"f_group_{stage}", groups, f"f_held_{stage}[{entry - 1}:{c.taken}]")
        c.keep(f"group_range_{stage}", f"~{busy} | {group} < {chunks}")
    elif chunks > 1:
        c.keep(f"group_{stage}", f"~{busy} | {group} == f_held_{stage}[{entry - 1}:{c.taken}]")
        c.keep(f"group_range_{stage}", f"~{busy} | {group} < {chunks}")
    else:
        c.keep(f"group_{stage}", f"~{busy} | f_held_{stage}[{entry - 1}:{c.taken}] == {groups}'d0")
    c.keep(f"value_{stage}", f"~{busy} | {{{', '.join(reversed(values))}}} == f_held_{stage}[{c.taken - 1}:0]")
    digit = numbered("digit", stage) if span > 1 else "1'b0"
    if span > 1:
        c.keep(f"digit_{stage}", f"{digit} < {span} & ({busy} | {digit} == 0)")
    if stage == stages - 1:
        c.keep("beat", f"f_beat == {digit} / {op.pace}")
    for lane in range(lanes):
        place = stage * lanes + lane
        code = f"f_code_{lane}"
        if stage < stages - 1:
            code = codes.of(f"f_inside_{place}", values[lane], group, lane)
        found = numbered("found", place - lanes)
        node = numbered("node", place)
        if earlier:
            c.keep(f"found_{place}", f"~{busy} | {found} == {code}[{steps - 1}:{steps - earlier}]")
        if span > 1:
            # A leading one, then the digits; where nothing reads the upper bits of the register, it does not have them.
            expected = f"{span}'d1"
            for n in range(1, span):
                known = f"{{1'b1, {code}[{steps - earlier - 1}:{steps - earlier - n}]}}"
                expected = f"({digit} == {n}) ? {known} : {expected}"
            c.wire(f"f_node_{place}", span, expected)
            bits = c.width(node)
            c.keep(f"node_{place}", f"~{busy} | {node} == f_node_{place}[{bits - 1}:0]")
        shown = f"{code}[{steps - 1 - earlier}" + (f" - {digit}]" if span > 1 else "]")
        split = group if chunks > 1 else None
        c.keep(f"spike_{place}", f"~{busy} | {numbered('spike', place)} == {shown}", split)
