"""The units whose numbers live from frame to frame: neurons that keep their membranes, and sums over time steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, IntegerAttr, StringAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def

from e3ne.dialects.dataflow.base import UNIT_FORMAT, TransformOp, number, unit_properties
from e3ne.dialects.dataflow.parameters import integers_of
from e3ne.dialects.dataflow.stream import Order, StreamType
from e3ne.dialects.lif_rules import RECURRENCE, recurrence_of, rule_problem, symbols_of

Integers = NDArray[np.int64]

STATE_MEMORIES = ("distributed", "block")
LIF_PARAMETERS = ("threshold", "decay", "initial", "reset_value", "synapse_decay", "least")


@irdl_op_definition
class LifOp(TransformOp):
    """Integrate-and-fire neurons: the drives of each frame become its spikes, up to 2^`spike_bits` − 1 a neuron.

    What a neuron does in a step is what `snn.lif` says; properties have the names of its fields. Membranes have
    `membrane_bits`, with a synapse_decay so have the currents; they are kept in `state_memory` from frame to frame.
    With recurrent weights (and biases) the spikes of a frame add to the drives of the next one, so that a frame begins
    after the one before has left.
    """

    name = "dataflow.lif"
    threshold = prop_def(FlatSymbolRefAttrConstr)
    decay = prop_def(FlatSymbolRefAttrConstr)
    initial = prop_def(FlatSymbolRefAttrConstr)
    reset_value = prop_def(FlatSymbolRefAttrConstr)
    synapse_decay = opt_prop_def(FlatSymbolRefAttrConstr)
    least = opt_prop_def(FlatSymbolRefAttrConstr)
    recurrent = opt_prop_def(FlatSymbolRefAttrConstr)
    recurrent_bias = opt_prop_def(FlatSymbolRefAttrConstr)
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
        """`parameters` are symbols by field, those of recurrence among them, `rules` the other fields of `snn.lif`."""
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
        """The parameters of a neuron that it has, by the name of the field."""
        return symbols_of(self, LIF_PARAMETERS)

    def recurrence(self) -> tuple[Integers, Integers] | None:
        """Recurrent weights (channels, channels), of the neuron that is driven first, and biases (channels,)."""
        channels = self.input_type.channels
        shapes = {"recurrent": (channels, channels), "recurrent_bias": (channels,)}
        found = {name: integers_of(self, symbol, shapes[name]) for name, symbol in symbols_of(self, RECURRENCE).items()}
        return recurrence_of(found, channels, np.int64)

    @property
    def is_recurrent(self) -> bool:
        """Whether spikes of a frame add to the drives of the next one."""
        return bool(symbols_of(self, RECURRENCE))

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
            self.recurrence()

    def infer(self, given: StreamType) -> StreamType:
        """For each value the spikes of its neuron, as the digits of their number, all in one beat."""
        self._check(given.signed and given.steps == 1 and given.repeat == 1, "takes signed values, once")
        self._check(not self.is_recurrent or given.height * given.width == 1, "recurrent neurons are those of a pixel")
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
