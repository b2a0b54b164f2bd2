"""The units behind synapses: neurons of one frame, the largest output."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import (
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
)
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def

from e3ne.dialects.dataflow.base import (
    UNIT_FORMAT,
    TransformOp,
    number,
    unit_properties,
)
from e3ne.dialects.dataflow.parameters import Integers, integers_of, verify_numbers
from e3ne.dialects.dataflow.stream import StreamType

SEARCHES = ("direct", "ahead")
THRESHOLD_MEMORIES = ("distributed", "block")


@irdl_op_definition
class FireOp(TransformOp):
    """The neuron of one frame: value V → number clamp(⌊(V·2^f + b)/θ⌋), emitted in binary, most significant first.

    `steps` are the binary digits of the number. `numbers` are those that the neuron's encoding has, ascending from 0:
    what lies between two is rounded down. All that `steps` digits can be if left out.

    With `ties_to_even` an odd code that is reached exactly becomes the even one below it.

    A beat has the digits of `parallel_steps` steps. `stages` search at once, each for its share of a value's digits,
    so that a value takes `steps` / `stages` cycles. `threshold_memory` is where what is searched is kept. `search` says
    when a threshold is looked up: in the cycle of its comparison ("direct", which it is if left out), or in the one
    before, together with the other one that may be next ("ahead"; where there are more than 16 thresholds in
    distributed memory).
    """

    name = "dataflow.fire"
    threshold = prop_def(FlatSymbolRefAttrConstr)
    bias = prop_def(FlatSymbolRefAttrConstr)
    fraction_bits = prop_def(IntegerAttr)
    ties_to_even = opt_prop_def(UnitAttr)
    steps = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    stages = prop_def(IntegerAttr)
    threshold_memory = prop_def(StringAttr)
    search = opt_prop_def(StringAttr)
    numbers = opt_prop_def(FlatSymbolRefAttrConstr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self,
        unit: str,
        layer: str,
        source: SSAValue,
        threshold: str,
        bias: str,
        fraction_bits: int,
        steps: int,
        numbers: str | None = None,
        *,
        ties_to_even: bool = False,
    ) -> None:
        properties = unit_properties(
            unit,
            layer,
            threshold=SymbolRefAttr(threshold),
            bias=SymbolRefAttr(bias),
            fraction_bits=number(fraction_bits),
            ties_to_even=UnitAttr() if ties_to_even else None,
            steps=number(steps),
            parallel_steps=number(1),
            stages=number(1),
            threshold_memory=StringAttr("distributed"),
            numbers=None if numbers is None else SymbolRefAttr(numbers),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    @property
    def emitted(self) -> Integers:
        """The numbers that it emits, ascending from 0."""
        if self.numbers is None:
            return np.arange(1 << self.steps.value.data, dtype=np.int64)
        return integers_of(self, self.numbers)

    @property
    def span(self) -> int:
        """Digits that a stage finds of a value, and cycles that it takes for them."""
        return self.steps.value.data // self.stages.value.data

    @property
    def looks_ahead(self) -> bool:
        """Whether a threshold is looked up before its comparison."""
        return self.search is not None and self.search.data == "ahead"

    @property
    def pace(self) -> int:
        """Digits that the last stage finds, and so cycles, from beat to beat."""
        return self.parallel_steps.value.data // self.stages.value.data

    def verify_choices(self) -> None:
        """A train has steps, a scale is a power of two; stages divide the steps of a beat, and those all steps."""
        self._check_at_least(1, steps=self.steps, parallel_steps=self.parallel_steps, stages=self.stages)
        self._check_at_least(0, fraction_bits=self.fraction_bits)
        self._check_choice("threshold_memory", self.threshold_memory, THRESHOLD_MEMORIES)
        if self.search is not None:
            self._check_choice("search", self.search, SEARCHES)
        steps, parallel, stages = (p.value.data for p in (self.steps, self.parallel_steps, self.stages))
        self._check(steps % parallel == 0, f"parallel_steps {parallel} does not divide {steps} steps")
        self._check(parallel % stages == 0, f"{stages} stages do not divide parallel_steps {parallel}")

    def verify_(self) -> None:
        """Besides, where parameters can be looked up: one number for all channels or for each, thresholds positive."""
        super().verify_()
        if self.parent_op() is None:
            return
        shapes = (1,), (self.input_type.channels,)
        integers_of(self, self.bias, *shapes)
        self._check(int(integers_of(self, self.threshold, *shapes).min()) > 0, "thresholds are positive")
        verify_numbers(self, self.numbers, self.steps.value.data)

    def infer(self, given: StreamType) -> StreamType:
        """The same vector as trains of `steps` digits, `parallel_steps` of them in a beat."""
        self._check(given.signed and given.steps == 1 and given.repeat == 1, "takes signed values, once")
        parallel = self.parallel_steps.value.data if given.has_layout else 1
        return given.replaced(steps=self.steps.value.data, bits=1, parallel=parallel)


@irdl_op_definition
class ArgmaxOp(TransformOp):
    """The index of the largest value; the lowest index wins a tie."""

    name = "dataflow.argmax"
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue) -> None:
        super().__init__(operands=[source], properties=unit_properties(unit, layer), result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """One unsigned index for each pixel."""
        self._check(given.signed and given.repeat == 1, "takes signed values, once")
        bits = max(1, (given.channels - 1).bit_length())
        lanes = 1 if given.has_layout else 0
        return given.without_layout().replaced(channels=1, steps=1, bits=bits, lanes=lanes)
