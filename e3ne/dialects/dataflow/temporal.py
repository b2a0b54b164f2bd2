"""The units whose numbers live from frame to frame: neurons that keep their membranes, and sums over time steps."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, IntegerAttr, StringAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def

from e3ne.dialects.dataflow.base import UNIT_FORMAT, TransformOp, number, unit_properties
from e3ne.dialects.dataflow.parameters import integers_of
from e3ne.dialects.dataflow.stream import Order, StreamType
from e3ne.dialects.lif_rules import rule_problem

STATE_MEMORIES = ("distributed", "block")
LIF_PARAMETERS = ("threshold", "decay", "initial", "reset_value", "synapse_decay", "least")


@irdl_op_definition
class LifOp(TransformOp):
    """Integrate-and-fire neurons: the drives of each frame become its spikes, up to 2^`spike_bits` − 1 a neuron.

    What a neuron does in a step is what `snn.lif` says; properties have the names of its fields. Membranes have
    `membrane_bits`, with a synapse_decay so have the currents; they are kept in `state_memory` from frame to frame.
    """

    name = "dataflow.lif"
    threshold = prop_def(FlatSymbolRefAttrConstr)
    decay = prop_def(FlatSymbolRefAttrConstr)
    initial = prop_def(FlatSymbolRefAttrConstr)
    reset_value = prop_def(FlatSymbolRefAttrConstr)
    synapse_decay = opt_prop_def(FlatSymbolRefAttrConstr)
    least = opt_prop_def(FlatSymbolRefAttrConstr)
    fires = prop_def(StringAttr)
    reset = prop_def(StringAttr)
    timing = prop_def(StringAttr)
    several = opt_prop_def(UnitAttr)
    loses_input = opt_prop_def(UnitAttr)
    decay_bits = prop_def(IntegerAttr)
    gain_bits = prop_def(IntegerAttr)
    membrane_bits = prop_def(IntegerAttr)
    spike_bits = prop_def(IntegerAttr)
    state_memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self,
        unit: str,
        layer: str,
        source: SSAValue,
        parameters: Mapping[str, str],
        rules: Mapping[str, Attribute],
        membrane_bits: int,
        spike_bits: int = 1,
    ) -> None:
        """`parameters` are symbols by field, `rules` the other fields of `snn.lif`."""
        properties = unit_properties(
            unit,
            layer,
            **{name: SymbolRefAttr(symbol) for name, symbol in parameters.items()},
            **rules,
            membrane_bits=number(membrane_bits),
            spike_bits=number(spike_bits),
            state_memory=StringAttr("distributed"),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def symbols(self) -> dict[str, SymbolRefAttr]:
        """The parameters that it has, by the name of the field."""
        found = {name: self.properties.get(name) for name in LIF_PARAMETERS}
        return {name: symbol for name, symbol in found.items() if isinstance(symbol, SymbolRefAttr)}

    @property
    def state_bits(self) -> int:
        """Bits that a neuron keeps from frame to frame."""
        return self.membrane_bits.value.data * (1 if self.synapse_decay is None else 2)

    def verify_choices(self) -> None:
        """Rules that exist and go together; sizes; a known memory."""
        self._check_choice("state_memory", self.state_memory, STATE_MEMORIES)
        problem = rule_problem(
            self.fires.data,
            self.reset.data,
            self.timing.data,
            several=self.several is not None,
            loses_input=self.loses_input is not None,
        )
        self._check(problem is None, problem or "")
        self._check(self.several is not None or self.spike_bits.value.data == 1, "one spike a step is 1 bit")
        self._check_at_least(0, decay_bits=self.decay_bits, gain_bits=self.gain_bits)
        self._check_at_least(1, membrane_bits=self.membrane_bits, spike_bits=self.spike_bits)

    def verify_(self) -> None:
        """Besides, where parameters can be looked up: one number for all channels or for each."""
        super().verify_()
        if self.parent_op() is not None:
            for symbol in self.symbols().values():
                integers_of(self, symbol, (1,), (self.input_type.channels,))

    def infer(self, given: StreamType) -> StreamType:
        """For each value the spikes of its neuron, as the digits of their number, all in one beat."""
        self._check(given.signed and given.steps == 1 and given.repeat == 1, "takes signed values, once")
        bits = self.spike_bits.value.data
        return given.replaced(bits=1, steps=bits, parallel=bits if given.has_layout else 1)


@irdl_op_definition
class SumFramesOp(TransformOp):
    """The sum of all frames of an image, element by element: of spikes, or of signed values."""

    name = "dataflow.sum_frames"
    value_bits = prop_def(IntegerAttr)
    state_memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, value_bits: int) -> None:
        properties = unit_properties(unit, layer, value_bits=number(value_bits), state_memory=StringAttr("distributed"))
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def verify_choices(self) -> None:
        """At least one bit; a known memory."""
        self._check_at_least(1, value_bits=self.value_bits)
        self._check_choice("state_memory", self.state_memory, STATE_MEMORIES)

    def infer(self, given: StreamType) -> StreamType:
        """One frame of signed values."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once")
        self._check(not given.has_layout or given.parallel == given.steps, "takes all digits of a number in a beat")
        return given.replaced(frames=1, steps=1, parallel=1, bits=-self.value_bits.value.data)
