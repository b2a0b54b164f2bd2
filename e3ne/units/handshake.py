"""Hardware shared by units: stream ports, counters, and the control of an elastic pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.rtl.builder import ModuleBuilder, Register, Wire, width_of


@dataclass(frozen=True)
class InputStream:
    """The ports `s_data`, `s_valid` and `s_ready` of a module."""

    data: SSAValue
    valid: SSAValue

    @staticmethod
    def of(m: ModuleBuilder, bits: int) -> InputStream:
        """Declares the two input ports; `s_ready` is declared by `accept`."""
        return InputStream(m.input("s_data", bits), m.input("s_valid", 1))

    def accept(self, m: ModuleBuilder, ready: SSAValue) -> None:
        """Declares `s_ready`."""
        m.output("s_ready", ready)


def give(m: ModuleBuilder, data: SSAValue, valid: SSAValue) -> None:
    """Declares the ports `m_data` and `m_valid`; the input port `m_ready` comes from `taken_port`."""
    m.output("m_data", data)
    m.output("m_valid", valid)


def taken_port(m: ModuleBuilder) -> SSAValue:
    """Declares the port `m_ready`."""
    return m.input("m_ready", 1)


@dataclass(frozen=True)
class Counter:
    """A counter modulo `modulus`: its value, and whether it is at its last and its first value."""

    value: SSAValue
    last: SSAValue
    first: SSAValue


def count(m: ModuleBuilder, modulus: int, enable: SSAValue, name: str) -> Counter:
    """A counter that starts at 0 and steps, modulo `modulus`, in each cycle in which `enable` is 1."""
    if modulus == 1:
        one = m.constant(1, 1)
        return Counter(m.constant(0, 1), one, one)
    bits = (modulus - 1).bit_length()
    register = m.register(bits, name, reset=0)
    zero = m.constant(0, bits)
    last = m.name(m.eq(register.value, m.constant(modulus - 1, bits)), f"{name}_last")
    following = m.add(register.value, m.constant(1, bits))
    if modulus & (modulus - 1):
        following = m.mux(last, zero, following)
    register.drive(following, enable)
    return Counter(register.value, last, m.eq(register.value, zero))


def nest(m: ModuleBuilder, loops: Sequence[tuple[str, int]], enable: SSAValue) -> dict[str, Counter]:
    """Nested loop counters, outermost first, that step through all iterations, one for each `enable`."""
    counters: dict[str, Counter] = {}
    carry = enable
    for name, modulus in reversed(loops):
        counters[name] = count(m, modulus, carry, name)
        carry = m.and_(carry, counters[name].last)
    return counters


def select(m: ModuleBuilder, index: SSAValue, words: Sequence[SSAValue]) -> SSAValue:
    """Word number `index` of words of one width; any beyond the last one."""
    if len(words) == 1:
        return words[0]
    bit = (len(words) - 1).bit_length() - 1
    high, low = words[1 << bit :], words[: 1 << bit]
    return m.mux(m.extract(index, bit), select(m, index, high), select(m, index, low))


class Pipeline:
    """The control of `stages` elastic register stages.

    Stage k may load when it is empty or when stage k+1 loads. A token marked to be given stays in the last stage until
    `ready`; others vanish there. `enable[k]` is the clock enable of the data registers of stage k.
    """

    def __init__(self, m: ModuleBuilder, stages: int, ready: SSAValue) -> None:
        self.m = m
        self.stages = stages
        self._valid: list[Register] = [m.register(1, f"valid_{k}", reset=0) for k in range(stages)]
        self._gives: Wire = m.wire(1)
        held = m.and_(self._valid[-1].value, self._gives.value, m.not_(ready))
        enables = [m.not_(held)]
        for register in reversed(self._valid[:-1]):
            enables.append(m.or_(m.not_(register.value), enables[-1]))
        self.enable: list[SSAValue] = list(reversed(enables))

    @property
    def ready(self) -> SSAValue:
        """Whether a token may enter."""
        return self.enable[0]

    def enter(self, valid: SSAValue, gives: SSAValue | None = None) -> None:
        """A token enters in each cycle in which `valid` and `ready` are 1; `gives` tells if it will be given."""
        for k, register in enumerate(self._valid):
            register.drive(valid if k == 0 else self._valid[k - 1].value, self.enable[k])

    def valid(self, stage: int) -> SSAValue:
        """Whether a stage holds a token."""
        return self._valid[stage].value

    def carry(self, value: SSAValue, name: str, first: int, last: int) -> SSAValue:
        """A value delayed through the registers of the stages `first` … `last`."""
        for stage in range(first, last + 1):
            value = self.m.reg(value, enable=self.enable[stage], name=f"{name}_{stage}")
        return value

    def leave(self, gives: SSAValue | None) -> SSAValue:
        """Whether a token to be given is at the end; `gives` is aligned with the last stage, None marks all."""
        m = self.m
        gives = m.constant(1, 1) if gives is None else gives
        self._gives.assign(gives)
        return m.and_(self._valid[-1].value, gives)

    def finish(self, gives: SSAValue | None, data: SSAValue) -> None:
        """Declares the output ports, which give the tokens that `leave`."""
        give(self.m, data, self.leave(gives))


class CreditPipeline(Pipeline):
    """The control of `stages` register stages that never wait: tokens that cannot leave yet wait behind the last one.

    A token may enter while fewer than `stages` + 1 are there that are to be given, which a register tells: there is no
    path from `m_ready` to `ready`, and no clock enable that all registers of a stage wait for. Costs a LUT RAM of the
    output's width.
    """

    def __init__(self, m: ModuleBuilder, stages: int, ready: SSAValue) -> None:
        self.m = m
        self.stages = stages
        self.enable = [m.constant(1, 1)] * stages
        self._valid = [m.register(1, f"valid_{k}", reset=0) for k in range(stages)]
        self._taken = ready
        self._room = stages + 1
        self._inside = m.register(self._room.bit_length(), "inside", reset=0)
        self._ready = m.name(m.ne(self._inside.value, m.constant(self._room, self._room.bit_length())), "room")
        self._counted: SSAValue | None = None

    @property
    def ready(self) -> SSAValue:
        """Whether a token may enter."""
        return self._ready

    def enter(self, valid: SSAValue, gives: SSAValue | None = None) -> None:
        """As of `Pipeline`."""
        entered = self.m.and_(valid, self._ready)
        self._counted = entered if gives is None else self.m.and_(entered, gives)
        for k, register in enumerate(self._valid):
            register.drive(entered if k == 0 else self._valid[k - 1].value)

    def finish(self, gives: SSAValue | None, data: SSAValue) -> None:
        """As of `Pipeline`."""
        m, come = self.m, self._valid[-1].value
        come = come if gives is None else m.and_(come, gives)
        assert self._counted is not None, "nothing enters"
        waiting = m.register(self._room.bit_length(), "waiting", reset=0)
        some = m.name(m.ne(waiting.value, m.constant(0, self._room.bit_length())), "some")
        memory = m.memory(width_of(data), self._room, "waiting_tokens", style="distributed")
        waits, reads = m.and_(come, m.or_(some, m.not_(self._taken))), m.and_(some, self._taken)
        memory.write(count(m, self._room, waits, "write_position").value, data, waits)
        front = memory.read(count(m, self._room, reads, "read_position").value)
        shown = m.or_(some, come)
        _step(m, self._inside, self._counted, m.and_(shown, self._taken))
        _step(m, waiting, waits, reads)
        give(m, m.mux(some, front, data), shown)


def _step(m: ModuleBuilder, register: Register, up: SSAValue, down: SSAValue) -> None:
    """Counts up, down, or neither when both happen."""
    one = m.constant(1, width_of(register.value))
    register.drive(m.mux(up, m.add(register.value, one), m.sub(register.value, one)), m.xor(up, down))
