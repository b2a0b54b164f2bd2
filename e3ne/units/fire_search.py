"""The hardware of the radix neuron: a binary search over the values at which its code changes, in stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import FireOp
from e3ne.dialects.rtl.builder import ModuleBuilder, Register, Wire, width_of
from e3ne.units.comparison import less
from e3ne.units.fire_thresholds import StageThresholds
from e3ne.units.handshake import Counter, count


@dataclass(frozen=True)
class Control:
    """The handshake of a stage: whether it holds a value, its digit, whether it goes on, whether it takes a value."""

    busy: Register
    digit: Counter
    advance: Wire
    accept: SSAValue

    @staticmethod
    def of(m: ModuleBuilder, digits: int, ready: SSAValue | None) -> Control:
        """Of a stage that finds `digits` digits of a value, one in each cycle in which `advance` is 1.

        Where each digit waits for `ready`, that is what `advance` is; else it is still to be assigned.
        """
        busy, advance = m.register(1, "busy", reset=0), m.wire(1)
        if ready is not None:
            advance.assign(m.and_(busy.value, ready))
        digit = count(m, digits, advance.value, "digit")
        accept = m.name(m.or_(m.not_(busy.value), m.and_(advance.value, digit.last)), "accept")
        return Control(busy, digit, advance, accept)


@dataclass(frozen=True)
class Taken:
    """What comes into a stage: whether a value does, its group of channels, and for each lane its value and digits.

    `found` are the digits that the stages before have found, the first one most significant; None: none.
    """

    valid: SSAValue
    group: SSAValue | None
    values: Sequence[SSAValue]
    found: Sequence[SSAValue | None]


@dataclass(frozen=True)
class Search:
    """The search in a lane of a stage: `node` has a leading one and the digits found here, `spike` is the next digit.

    `node` is None in a stage that finds one digit only.
    """

    value: SSAValue
    found: SSAValue | None
    node: SSAValue | None
    spike: SSAValue

    def known(self, m: ModuleBuilder, digits: int) -> SSAValue:
        """All digits, the first one most significant, when the stage has found `digits` and finds the next one."""
        parts = [] if self.found is None else [self.found]
        if self.node is not None and digits:
            parts.append(m.extract(self.node, 0, digits))
        return m.concat(*parts, self.spike)


class Stage:
    """Finds the next digits of the values of all lanes: those found so far address the threshold that is compared."""

    def __init__(self, m: ModuleBuilder, op: FireOp, number: int, control: Control, taken: Taken) -> None:
        self.m, self.control, self.taken = m, control, taken
        self.thresholds = StageThresholds(m, op, number)
        self.load = m.and_(control.accept, taken.valid)
        self.step = m.or_(control.advance.value, self.load)
        control.busy.drive(m.or_(taken.valid, m.not_(control.accept)))
        self.group = None if taken.group is None else m.reg(taken.group, enable=self.load, name="group")
        self.searches = [self._search(lane) for lane in range(len(taken.values))]

    def passed(self) -> Taken:
        """What the next stage takes when the last digit is found."""
        m, digits = self.m, self.thresholds.span - 1
        return Taken(
            m.and_(self.control.busy.value, self.control.digit.last),
            self.group,
            [search.value for search in self.searches],
            [search.known(m, digits) for search in self.searches],
        )

    def _search(self, lane: int) -> Search:
        m, load, span = self.m, self.load, self.thresholds.span
        given = self.taken.found[lane]
        value = m.reg(self.taken.values[lane], enable=load, name="value")
        found = None if given is None else m.reg(given, enable=load, name="found")
        spike = m.wire(1)
        if span == 1:
            node = None
            coming = [self.taken.group, given]
        else:
            register = m.register(span, "node")
            node = register.value
            following = m.mux(load, m.constant(1, span), m.concat(m.extract(node, 0, span - 1), spike.value))
            register.drive(following, self.step)
            coming = [self._next(self.taken.group, self.group), self._next(given, found), following]
        now = [part for part in (self.group, found, node) if part is not None]
        if self.thresholds.ahead and node is None:
            tau = self._single(lane, given, found)
        elif self.thresholds.ahead and node is not None:
            first = [part for part in (self.taken.group, given) if part is not None]
            known = [part for part in (self.group, found, m.extract(node, 0, span - 1)) if part is not None]
            tau = self._ahead(lane, m.concat(*first) if first else None, m.concat(*known), m.extract(node, 0))
        elif now and self.thresholds.in_memory:
            address = m.concat(*(part for part in coming if part is not None))
            tau = self.thresholds.memory(lane, address, load if span == 1 else self.step)
        else:
            tau = self.thresholds.table(lane, m.concat(*now) if now else None)
        wide = max(width_of(tau), width_of(value))
        spike.assign(m.name(m.not_(less(m, m.sext(value, wide), m.sext(tau, wide))), "spike"))
        return Search(value, found, node, spike.value)

    def _ahead(self, lane: int, first: SSAValue | None, known: SSAValue, digit: SSAValue) -> SSAValue:
        """The threshold out of two registers: while it is compared, both that may be next are looked up.

        `digit` is the one found last, and 1 at the start of a search.
        """
        m = self.m
        root = self.thresholds.roots(lane, first)
        low, high = self.thresholds.followers(lane, known)
        after_one = m.reg(m.mux(self.load, root, high), enable=self.step, name="after_one")
        return m.mux(digit, after_one, m.reg(low, enable=self.step, name="after_zero"))

    def _single(self, lane: int, given: SSAValue | None, found: SSAValue | None) -> SSAValue:
        """The threshold of a stage that finds one digit, out of registers.

        The digit before it is late: both thresholds that may be next are looked up, and it chooses in the next cycle.
        """
        m, group = self.m, self.taken.group
        if given is None or found is None:
            assert group is not None
            return m.reg(self.thresholds.table(lane, group), enable=self.load, name="threshold")
        earlier = width_of(given) - 1
        known = [group] if group is not None else []
        known += [m.extract(given, 1, earlier)] if earlier else []
        low, high = self.thresholds.followers(lane, m.concat(*known) if known else None)
        after_zero = m.reg(low, enable=self.load, name="after_zero")
        return m.mux(m.extract(found, 0), m.reg(high, enable=self.load, name="after_one"), after_zero)

    def _next(self, given: SSAValue | None, held: SSAValue | None) -> SSAValue | None:
        """What a register holds in the next cycle."""
        return None if given is None or held is None else self.m.mux(self.load, given, held)
