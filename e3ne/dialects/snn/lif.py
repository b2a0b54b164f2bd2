"""The integrate-and-fire neuron, leaky or not, with every rule in which libraries differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def, traits_def
from xdsl.traits import Pure

from e3ne.dialects.lif_rules import RECURRENCE, recurrence_of, rule_problem, symbols_of
from e3ne.dialects.parameter import find_parameter, parameter_array
from e3ne.dialects.snn.base import Kind, LayerOp
from e3ne.dialects.snn.encodings import EncodingAttr, RateAttr
from e3ne.dialects.snn.types import MembraneType, TrainType, shape_of

PARAMETERS = ("threshold", "decay", "initial", "reset_value", "gain", "synapse_decay", "least")
MAX_DECAY_BITS = 24
MAX_GAIN_BITS = 24

Numbers = npt.NDArray[Any]


@irdl_op_definition
class LifOp(LayerOp):
    """The neuron of directly trained networks: membranes of T time steps become trains of T digits.

    In each step, with drive x, membrane V (`initial` before the first step) and threshold θ, all integers:

        i = ⌊I·synapse_decay / 2^decay_bits⌋ + x·2^gain_bits, which is the next I, with a synapse_decay; I is 0 at first
        i = x·2^gain_bits                                     without
        d = ⌊V·decay / 2^decay_bits⌋
        fires(u): u > θ (`gt`) or u ≥ θ (`ge`); with `several`, ⌊u / θ⌋ spikes where u ≥ θ > 0
        same_step:  u = d + i, s = fires(u); the next V is u − s·θ (`subtract`), reset_value if s else u (`value`), or u
        next_step:  u = d + i − fires(V)·θ, or (`value`) reset_value + i where V fires, without i if `loses_input`;
                    s = fires(u); the next V is u
        compared:   u = d + i − fires(V)·θ, s = fires(u); the next V is d + i − s·θ

    and with `least` the next V is at least that. With `recurrent` weights, [C, C], the drive x is what comes in plus
    Σ recurrent[c, j]·s[j] of the step before, and, in all steps, `recurrent_bias`, [C]. In the float form the same
    holds for real numbers, with decays that are not divided and with `gain` in the place of 2^gain_bits. Other
    parameters are [C] or [1].
    """

    KIND: ClassVar[Kind] = "neuron"
    name = "snn.lif"

    threshold = prop_def(FlatSymbolRefAttrConstr)
    decay = prop_def(FlatSymbolRefAttrConstr)
    initial = prop_def(FlatSymbolRefAttrConstr)
    reset_value = prop_def(FlatSymbolRefAttrConstr)
    gain = opt_prop_def(FlatSymbolRefAttrConstr)
    synapse_decay = opt_prop_def(FlatSymbolRefAttrConstr)
    least = opt_prop_def(FlatSymbolRefAttrConstr)
    recurrent = opt_prop_def(FlatSymbolRefAttrConstr)
    recurrent_bias = opt_prop_def(FlatSymbolRefAttrConstr)
    fires = prop_def(StringAttr)
    reset = prop_def(StringAttr)
    timing = prop_def(StringAttr)
    several = opt_prop_def(UnitAttr)
    loses_input = opt_prop_def(UnitAttr)
    decay_bits = prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    gain_bits = prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))

    traits = traits_def(Pure())
    assembly_format = (
        "$layer $input `threshold` $threshold `decay` $decay `initial` $initial `reset_value` $reset_value "
        "(`gain` $gain^)? (`synapse_decay` $synapse_decay^)? (`least` $least^)? (`recurrent` $recurrent^)? "
        "(`recurrent_bias` $recurrent_bias^)? `fires` $fires `reset` $reset `timing` $timing (`several` $several^)? "
        "(`loses_input` $loses_input^)? (`decay_bits` $decay_bits^)? (`gain_bits` $gain_bits^)? "
        "attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        output_type: Attribute,
        parameters: Mapping[str, str],
        *,
        fires: str,
        reset: str,
        timing: str,
        several: bool = False,
        loses_input: bool = False,
        decay_bits: int = 0,
        gain_bits: int = 0,
    ):
        """`parameters` are symbols by field, those of recurrence among them."""
        super().__init__(
            operands=[input],
            result_types=[output_type],
            properties={
                "layer": StringAttr(layer),
                **{name: SymbolRefAttr(symbol) for name, symbol in parameters.items()},
                "fires": StringAttr(fires),
                "reset": StringAttr(reset),
                "timing": StringAttr(timing),
                "several": UnitAttr() if several else None,
                "loses_input": UnitAttr() if loses_input else None,
                "decay_bits": IntegerAttr(decay_bits, i64),
                "gain_bits": IntegerAttr(gain_bits, i64),
            },
        )

    def symbols(self) -> dict[str, SymbolRefAttr]:
        """The parameters of a neuron that it has, by the name of the field."""
        return symbols_of(self, PARAMETERS)

    def numbers(self) -> dict[str, Numbers]:
        """The parameters that it has, [C] or [1] each: int64 in the integer form, float64 in the float form."""
        kind = np.int64 if self.is_integer else np.float64
        return {name: parameter_array(find_parameter(self, s)).astype(kind) for name, s in self.symbols().items()}

    def recurrence(self) -> tuple[Numbers, Numbers] | None:
        """Recurrent weights [C, C], of the neuron that is driven first, and bias [C] (zeros if there is none)."""
        symbols, kind = symbols_of(self, RECURRENCE), np.int64 if self.is_integer else np.float64
        found = {name: parameter_array(find_parameter(self, s)).astype(kind) for name, s in symbols.items()}
        return recurrence_of(found, shape_of(self.input.type)[0], kind)

    @property
    def encoding(self) -> EncodingAttr:
        """The encoding of its trains."""
        assert isinstance(self.output.type, TrainType)
        return self.output.type.encoding

    def verify_(self) -> None:
        """One shape; trains with as many steps as there are membranes; rules that exist; fitting parameters."""
        self.verify_types((TensorType, TensorType), (MembraneType, TrainType))
        self.verify_shape(shape_of(self.input.type))
        problem = rule_problem(
            self.fires.data,
            self.reset.data,
            self.timing.data,
            several=self.several is not None,
            loses_input=self.loses_input is not None,
        )
        if problem is not None:
            raise self.error(problem)
        for name, bits, most in (
            ("decay_bits", self.decay_bits, MAX_DECAY_BITS),
            ("gain_bits", self.gain_bits, MAX_GAIN_BITS),
        ):
            if not 0 <= bits.value.data <= most:
                raise self.error(f"{name} are 0 to {most}, not {bits.value.data}")
        self._verify_form()
        if self.parent_op() is not None:
            self._verify_parameters()

    def _verify_form(self) -> None:
        taken, given = self.input.type, self.output.type
        if self.is_integer == (self.gain is not None):
            raise self.error("the float form has a gain, the integer form has gain_bits")
        if not self.is_integer and (self.decay_bits.value.data or self.gain_bits.value.data):
            raise self.error("decay_bits and gain_bits belong to the integer form")
        if not isinstance(taken, MembraneType) or not isinstance(given, TrainType):
            return
        if not isinstance(given.encoding, RateAttr):
            raise self.error(f"this neuron emits rate trains, not {given.encoding}")
        if given.encoding.steps != taken.frames:
            raise self.error(f"{taken.frames} membranes a neuron give trains of as many steps, not {given.encoding}")
        if self.several is None and given.encoding.greatest != 1:
            raise self.error(f"one spike a step is a train of digits up to 1, not {given.encoding.greatest}")

    def _verify_parameters(self) -> None:
        channels = shape_of(self.input.type)[0]
        for name, symbol in self.symbols().items():
            array = parameter_array(find_parameter(self, symbol))
            if array.dtype.kind != ("i" if self.is_integer else "f"):
                raise self.error(f"{name} {symbol} has elements of {array.dtype}, which is not the layer's form")
            if array.shape not in ((channels,), (1,)):
                raise self.error(f"{name} {symbol} has shape {list(array.shape)}, but [{channels}] or [1] is needed")
            if name in ("decay", "synapse_decay"):
                most = 1 << self.decay_bits.value.data
                if float(array.min()) < 0 or float(array.max()) > most:
                    raise self.error(f"{name} {symbol} is not within 0 ... {most}")
        self._verify_recurrence(channels)
        numbers = self.numbers()
        if self.several is not None and numbers["threshold"].min() <= 0:
            raise self.error("several spikes a step need positive thresholds")
        above = np.greater if self.fires.data == "gt" else np.greater_equal
        for name in ("initial", "least"):
            if self.timing.data != "same_step" and name in numbers and above(numbers[name], numbers["threshold"]).any():
                raise self.error(f"{name} at or above the threshold would reset a neuron that has not spiked")

    def _verify_recurrence(self, channels: int) -> None:
        wanted = {"recurrent": (channels, channels), "recurrent_bias": (channels,)}
        for name, symbol in symbols_of(self, RECURRENCE).items():
            array = parameter_array(find_parameter(self, symbol))
            if len(shape_of(self.input.type)) != 1:
                raise self.error("recurrent connections are those of neurons in one dimension")
            if array.shape != wanted[name]:
                raise self.error(f"{name} {symbol} has shape {list(array.shape)}, but {list(wanted[name])} is needed")
            if self.is_integer != (array.dtype.kind == "i"):
                raise self.error(f"{name} {symbol} must be {'integers' if self.is_integer else 'real numbers'}")
