"""The unit that computes synapses."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    FlatSymbolRefAttrConstr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def

from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.dataflow.base import (
    UNIT_FORMAT,
    TransformOp,
    number,
    unit_properties,
)
from e3ne.dialects.dataflow.parameters import integers_of
from e3ne.dialects.dataflow.stream import Order, StreamType
from e3ne.dialects.parameter import signed_width

IMPLEMENTATIONS = ("table", "shared", "adder", "event")
WEIGHT_MEMORIES = ("distributed", "block")
STATIONARY = ("output", "input")
LUT_SIZES = (4, 6)
CONTROLS = ("elastic", "credit")


@irdl_op_definition
class MatvecOp(TransformOp):
    """The synapses of a layer: multiplies its weight matrix (outputs × inputs) with spike trains.

    `output_lanes`, `input_lanes` and `parallel_steps` are the folding (0: undecided), `order` the reduction order,
    `latency` the pipeline's depth in cycles (0: not yet computed). `implementation` is "table" (constant weights in
    tables), "shared" (the same, and sums that several outputs have are there once), "adder" (weights from a memory,
    gated by spikes) or "event" (the weights of one spike after another; for one vector, a time step a beat, stationary
    outputs). `weight_memory` is where the last two keep their weights. `stationary` says what stays while the other
    passes by: "output", a group of outputs until all inputs have come, again for each group; or "input", a beat of
    inputs until all groups of outputs have used it. `lut_inputs` is the size of the LUTs that tables and heaps are
    built for, 4 or 6; 6 if left out. `control` says where steps wait: in the stages of the pipeline ("elastic", which
    it is if left out) or behind the last one ("credit").

    `synaptic_operations` says how often an image's spikes meet weights, on average over images that were counted. It
    changes no hardware, only what energy is expected of it.
    """

    name = "dataflow.matvec"
    weights = prop_def(FlatSymbolRefAttrConstr)
    bias = opt_prop_def(FlatSymbolRefAttrConstr)
    outputs = prop_def(IntegerAttr)
    value_bits = prop_def(IntegerAttr)
    output_lanes = prop_def(IntegerAttr)
    input_lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    order = prop_def(StringAttr)
    stationary = prop_def(StringAttr)
    implementation = prop_def(StringAttr)
    weight_memory = prop_def(StringAttr)
    latency = prop_def(IntegerAttr)
    lut_inputs = opt_prop_def(IntegerAttr)
    control = opt_prop_def(StringAttr)
    synaptic_operations = opt_prop_def(FloatAttr[Float64Type])
    assembly_format = UNIT_FORMAT

    def __init__(
        self,
        unit: str,
        layer: str,
        source: SSAValue,
        weights: str,
        outputs: int,
        value_bits: int,
        bias: str | None = None,
    ) -> None:
        properties = unit_properties(
            unit,
            layer,
            weights=SymbolRefAttr(weights),
            bias=None if bias is None else SymbolRefAttr(bias),
            outputs=number(outputs),
            value_bits=number(value_bits),
            output_lanes=number(0),
            input_lanes=number(0),
            parallel_steps=number(0),
            order=StringAttr(Order.STEPS_INNER.value),
            stationary=StringAttr("output"),
            implementation=StringAttr("table"),
            weight_memory=StringAttr("block"),
            latency=number(0),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    @property
    def is_folded(self) -> bool:
        """Whether the folding is decided."""
        return 0 not in (self.output_lanes.value.data, self.input_lanes.value.data, self.parallel_steps.value.data)

    @property
    def lut_size(self) -> int:
        """Inputs of the LUTs that it is built for."""
        return LUT_SIZES[-1] if self.lut_inputs is None else self.lut_inputs.value.data

    @property
    def has_credit(self) -> bool:
        """Whether no step waits in the pipeline."""
        return self.control is not None and self.control.data == "credit"

    @property
    def is_event(self) -> bool:
        """Whether only inputs that spike are visited."""
        return self.implementation.data == "event"

    @property
    def why_not_event(self) -> str:
        """Why the spikes of the input cannot be visited one by one; empty where they can."""
        given = self.input_type
        if given.pixels == 1 and given.bits == 1:
            return ""
        if given.bits != 1:
            what = "values"
        elif given.height * given.width > 1:
            what = f"a map of {given.height}x{given.width} pixels"
        else:
            what = f"a vector in each of {given.frames} time steps"
        return f"the implementation event takes the spikes of one vector, not {what}"

    @property
    def groups(self) -> int:
        """Groups of outputs that are computed one after another."""
        return self.outputs.value.data // self.output_lanes.value.data

    @property
    def is_input_stationary(self) -> bool:
        """Whether a beat of inputs is used for all groups of outputs at once."""
        return self.stationary.data == "input"

    @property
    def reduction(self) -> Order:
        """The order in which the beats of a pixel are reduced."""
        return Order(self.order.data)

    def infer(self, given: StreamType) -> StreamType:
        """One signed value for each output, in beats of `output_lanes`."""
        outputs, bits = self.outputs.value.data, self.value_bits.value.data
        result = given.without_layout().replaced(channels=outputs, steps=1, bits=-bits)
        if not given.has_layout:
            return result
        self._check(self.is_folded, "the folding is undecided")
        folding = (given.lanes, given.parallel)
        wanted = (self.input_lanes.value.data, self.parallel_steps.value.data)
        self._check(folding == wanted, f"takes {wanted[0]} lanes × {wanted[1]} steps, not {folding[0]} × {folding[1]}")
        repeat = 1 if self.is_input_stationary else self.groups
        self._check(given.repeat == repeat, f"takes each pixel {repeat} times, not {given.repeat}")
        if given.chunks > 1 and given.step_beats > 1:
            self._check(given.order is self.reduction, f"takes beats in the order {self.reduction}")
        return result.replaced(lanes=self.output_lanes.value.data)

    def verify_choices(self) -> None:
        """Legal names, and a folding that divides the matrix."""
        self._check_choice("implementation", self.implementation, IMPLEMENTATIONS)
        self._check_choice("weight_memory", self.weight_memory, WEIGHT_MEMORIES)
        self._check_choice("order", self.order, list(Order))
        self._check_choice("stationary", self.stationary, STATIONARY)
        whole = not self.is_input_stationary or self.parallel_steps.value.data in (0, self.input_type.steps)
        self._check(whole, f"with stationary inputs parallel_steps is {self.input_type.steps}: all steps at once")
        if self.is_event:
            self._check(not self.why_not_event, self.why_not_event)
            self._check(not self.is_input_stationary, "the implementation event has stationary outputs, not inputs")
            parallel = self.parallel_steps.value.data
            self._check(parallel in (0, 1), f"the implementation event takes one time step a beat, not {parallel}")
        self._check_at_least(1, outputs=self.outputs, value_bits=self.value_bits)
        self._check_at_least(0, latency=self.latency)
        if self.synaptic_operations is not None:
            counted = self.synaptic_operations.value.data
            self._check(counted >= 0, f"synaptic_operations is 0 or more, not {counted}")
        if self.control is not None:
            self._check_choice("control", self.control, CONTROLS)
        self._check(self.lut_size in LUT_SIZES, f"lut_inputs is 4 or 6, not {self.lut_size}")
        for name, lanes, total in (
            ("output_lanes", self.output_lanes, self.outputs.value.data),
            ("input_lanes", self.input_lanes, self.input_type.channels),
            ("parallel_steps", self.parallel_steps, self.input_type.steps),
        ):
            self._check_at_least(0, **{name: lanes})
            legal = lanes.value.data == 0 or total % lanes.value.data == 0
            self._check(legal, f"{name} {lanes.value.data} does not divide {total}")

    def verify_(self) -> None:
        """Besides, where parameters can be looked up: their shapes, and that every reachable value fits."""
        super().verify_()
        if self.parent_op() is None:
            return
        outputs = self.outputs.value.data
        weights = integers_of(self, self.weights, (outputs, self.input_type.channels))
        bias = None if self.bias is None else integers_of(self, self.bias, (outputs,))
        low, high = synapse_range(weights, (1 << self.input_type.steps) - 1, bias)
        needed = max(signed_width(low), signed_width(high))
        declared = self.value_bits.value.data
        self._check(needed <= declared, f"its values need {needed} bits, value_bits is {declared}")
