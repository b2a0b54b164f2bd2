"""Random rtl designs, for tests that must hold of any."""

import random
from io import StringIO

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.ir import SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer

from e3ne.dialects import rtl
from e3ne.dialects.rtl.builder import Memory, ModuleBuilder, width_of

ODD_NAMES = (
    "module",
    "logic",
    "x_1",
    "x_1_2",
    "x",
    "a.b",
    "$sum",
    "_3",
    "int",
    "n",
    "t",
    "unused",
    "class",
    "x y",
    "clk_",
    "0",
)
STYLES = ("distributed", "block", "registers")


class _Random:
    """One module: values are made of earlier values and of registers, so that there are no combinational loops."""

    def __init__(
        self, name: str, seed: int, size: int, children: list[rtl.ModuleOp], *, observe: bool = False, every: int = 1
    ) -> None:
        """With `observe` there is one output, `all`, with every value side by side, and ports have plain names.

        With one value in `every` alone, others are used once, and printed where they are used.
        """
        self.rng = random.Random(seed)
        self.b = ModuleBuilder(
            name, comment="Random.\nverilator lint_off all \\", parameters={"seed": seed, "kind": "x"}
        )
        names = ["p0", "p1", "p2"] if observe else self.rng.sample(ODD_NAMES, 5)
        self.values: list[SSAValue] = [self.b.input(names[i], self.rng.choice((1, 1, 3, 8))) for i in range(3)]
        registers = [
            self.b.register(self.rng.choice((1, 4, 9)), self.rng.choice(ODD_NAMES), reset) for reset in (0, 1, None)
        ]
        self.values += [register.value for register in registers]
        for index, child in enumerate(children):
            self.instance(child, f"u{index}")
        for _ in range(size):
            self.values.append(self.operation())
        for register in registers:
            enable = self.bit() if self.rng.random() < 0.5 else None
            register.drive(self.value(width_of(register.value)), enable)
        if observe:
            self.b.output("all", self.b.concat(*self.values[::every]))
        for name in names[3:]:
            self.b.output(name, self.rng.choice(self.values[-8:]))
        self.module = self.b.build()

    def any(self) -> SSAValue:
        return self.rng.choice(self.values[-12:])

    def value(self, width: int) -> SSAValue:
        """Some value of this width."""
        if self.rng.random() < 0.1:
            return self.b.constant(self.rng.choice((0, 1, -1, self.rng.getrandbits(width))), width)
        value = self.any()
        if width_of(value) < width:
            return (self.b.zext if self.rng.random() < 0.5 else self.b.sext)(value, width)
        return self.b.extract(value, self.rng.randint(0, width_of(value) - width), width)

    def bit(self) -> SSAValue:
        return self.value(1)

    def instance(self, child: rtl.ModuleOp, name: str) -> None:
        instance = self.b.instance(child, name)
        for port, width in child.inputs.items():
            instance.connect(port, self.value(width))
        self.values += [instance[port] for port in child.outputs]

    def memory(self) -> SSAValue:
        rng, b = self.rng, self.b
        width, depth, style = rng.choice((1, 5)), rng.choice((1, 2, 5, 16)), rng.choice(STYLES)
        rom = rng.random() < 0.3
        init = [rng.getrandbits(width) for _ in range(rng.randint(1, depth))] if rom or rng.random() < 0.5 else None
        memory = b.memory(width, depth, rng.choice(ODD_NAMES), style=style, init=init)
        if not rom:
            memory.write(self.address(memory, depth), self.value(width), self.bit())
        if style == "block" or rng.random() < 0.5:
            return memory.read_registered(self.address(memory, depth), self.bit())
        return memory.read(self.address(memory, depth))

    def address(self, memory: Memory, depth: int) -> SSAValue:
        """An address of a word that there is."""
        bits = memory.address_width
        address = self.value(bits)
        if depth == 1 << bits:
            return address
        return self.b.mux(self.b.ult(address, self.b.constant(depth, bits)), address, self.b.constant(0, bits))

    def table(self) -> SSAValue:
        bits, width = self.rng.choice((1, 2, 4, 6, 9)), self.rng.choice((1, 3))
        words = [self.rng.getrandbits(width) for _ in range(self.rng.randint(1, 1 << bits))]
        return self.b.table(self.value(bits), words, width)

    def operation(self) -> SSAValue:
        rng, b = self.rng, self.b
        x = self.any()
        width = width_of(x)
        y = self.value(width)
        choices = (
            lambda: b.add(x, y),
            lambda: b.sub(y, x),
            lambda: b.and_(x, y, self.value(width)),
            lambda: b.or_(x, y),
            lambda: b.xor(x, y),
            lambda: b.not_(x),
            lambda: rng.choice((b.eq, b.ne, b.ult, b.ule, b.slt, b.sle))(x, y),
            lambda: b.mux(self.bit(), x, y),
            lambda: b.concat(x, self.bit(), self.value(2)),
            lambda: b.extract(x, rng.randrange(width)),
            lambda: b.replicate(self.bit(), rng.randint(1, 5)),
            lambda: rng.choice((b.reduce_and, b.reduce_or, b.reduce_xor))(x),
            lambda: b.reg(
                x,
                name=rng.choice((None, *ODD_NAMES)),
                reset=rng.choice((None, 1)),
                enable=rng.choice((None, self.bit())),
            ),
            self.table,
            self.memory,
        )
        value = rng.choice(choices)()
        value = self.value(20) if width_of(value) > 40 else value
        if rng.random() < 0.2 and isinstance(value.owner, rtl.CombinationalOp):
            b.name(value, rng.choice(ODD_NAMES))
        return value


def random_design(seed: int, size: int, *, observe: bool = False, every: int = 1) -> ModuleOp:
    """A top module with two instances of one leaf and one of another; `size` operations in each."""
    first = _Random("leaf", seed, size, [], observe=observe, every=every).module
    second = _Random("module", seed + 1, size, [], observe=observe, every=every).module
    top = _Random("u0", seed + 2, size, [first, first, second], observe=observe, every=every).module
    return ModuleOp([first, second, top])


def designs(size: int = 25) -> st.SearchStrategy[ModuleOp]:
    """Random designs; small ones first."""
    return st.builds(random_design, st.integers(0, 1 << 20), st.integers(1, size))


def reparse(design: ModuleOp, *, generic: bool) -> ModuleOp:
    """The design, printed and parsed."""
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(rtl.RTL)
    return Parser(context, text_of(design, generic=generic)).parse_module()


def text_of(design: ModuleOp, *, generic: bool = False) -> str:
    """The IR text."""
    stream = StringIO()
    Printer(stream=stream, print_generic_format=generic).print_op(design)
    return stream.getvalue()
