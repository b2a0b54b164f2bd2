"""The meaning of rtl, executed: as slow and as plain as possible."""

from collections.abc import Mapping

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of


class Evaluator:
    """One instance of a module.

    What is unknown at first is the reset value if there is one, else 0; so is what is read beyond a memory's end.
    """

    def __init__(self, design: ModuleOp, module: rtl.ModuleOp) -> None:
        self.module = module
        self.state: dict[Operation, int] = {}
        self.memories: dict[Operation, list[int]] = {}
        self.children: dict[Operation, Evaluator] = {}
        self.inputs: Mapping[str, int] = {}
        self.values: dict[SSAValue, int] = {}
        for op in module.block.ops:
            if isinstance(op, rtl.MemoryOp):
                words = list(op.init.values) if op.init else []
                self.memories[op] = words + [0] * (op.memory_type.depth - len(words))
            if isinstance(op, rtl.InstanceOp):
                child = rtl.find_module(design, op.module_name)
                assert child is not None
                self.children[op] = Evaluator(design, child)

    def value(self, value: SSAValue) -> int:
        """A value in this cycle, on demand: instances may depend on each other port by port."""
        if value not in self.values:
            self.values[value] = self._compute(value) & ((1 << width_of(value)) - 1)
        return self.values[value]

    def _compute(self, value: SSAValue) -> int:
        op = value.owner
        match op:
            case rtl.ConstantOp():
                return op.value.value
            case rtl.CombinationalOp():
                return op.evaluate([self.value(operand) for operand in op.operands])
            case rtl.RegisterOp():
                return self.state.get(op, 0 if op.reset is None else op.reset.value)
            case rtl.MemoryReadRegisteredOp():
                return self.state.get(op, 0)
            case rtl.MemoryReadOp():
                return self.word(op)
            case rtl.InstanceOp():
                child = self.children[op]
                return child.output(op.output_names[op.results.index(value)], _Inputs(self, op))
            case _:
                return self.inputs[self.module.input_names[self.module.block.args.index(value)]]

    def word(self, op: rtl.MemoryPortOp) -> int:
        memory, address = self.memories[op.memory_op], self.value(op.address)
        return memory[address] if address < len(memory) else 0

    def output(self, name: str, inputs: Mapping[str, int]) -> int:
        self.inputs = inputs
        return self.value(self.module.output_op.operands[self.module.output_names.index(name)])

    def step(self, inputs: Mapping[str, int], reset: bool) -> dict[str, int]:
        """The outputs in this cycle; then the clock edge."""
        outputs = {name: self.output(name, inputs) for name in self.module.output_names}
        self.edge(inputs, reset)
        return outputs

    def edge(self, inputs: Mapping[str, int], reset: bool) -> None:
        self.prepare(inputs, reset)
        self.commit()

    def prepare(self, inputs: Mapping[str, int], reset: bool) -> None:
        """Computes what is stored at the clock edge, here and in all instances, before any of it changes."""
        self.inputs = inputs
        self.next_state: dict[Operation, int] = {}
        self.writes: list[tuple[list[int], int, int]] = []
        for op in self.module.block.ops:
            if isinstance(op, rtl.RegisterOp):
                if reset and op.reset is not None:
                    self.next_state[op] = op.reset.value
                elif op.enable is None or self.value(op.enable):
                    self.next_state[op] = self.value(op.next)
            elif isinstance(op, rtl.MemoryReadRegisteredOp) and self.value(op.enable):
                self.next_state[op] = self.word(op)
            elif isinstance(op, rtl.MemoryWriteOp) and self.value(op.enable):
                self.writes.append((self.memories[op.memory_op], self.value(op.address), self.value(op.data)))
            elif isinstance(op, rtl.InstanceOp):
                names = zip(op.input_names, op.operands, strict=True)
                self.children[op].prepare({name: self.value(operand) for name, operand in names}, reset)

    def commit(self) -> None:
        for child in self.children.values():
            child.commit()
        self.state |= self.next_state
        for memory, address, data in self.writes:
            if address < len(memory):
                memory[address] = data
        self.values = {}


class _Inputs(dict[str, int]):
    """The inputs of an instance, computed when asked for."""

    def __init__(self, parent: Evaluator, op: rtl.InstanceOp) -> None:
        super().__init__()
        self._parent, self._op = parent, op

    def __missing__(self, name: str) -> int:
        return self._parent.value(self._op.operands[self._op.input_names.index(name)])


def top_of(design: ModuleOp) -> rtl.ModuleOp:
    """The last module."""
    last = design.body.block.last_op
    assert isinstance(last, rtl.ModuleOp)
    return last


def run(design: ModuleOp, stimulus: list[dict[str, int]], reset_cycles: int) -> list[dict[str, int]]:
    """The outputs of the last module in every cycle; reset is high in the first ones."""
    return run_module(design, top_of(design), stimulus, reset_cycles)


def run_module(
    design: ModuleOp, module: rtl.ModuleOp, stimulus: list[dict[str, int]], reset_cycles: int
) -> list[dict[str, int]]:
    """The outputs of a module in every cycle; reset is high in the first ones."""
    evaluator = Evaluator(design, module)
    return [evaluator.step(inputs, cycle < reset_cycles) for cycle, inputs in enumerate(stimulus)]
