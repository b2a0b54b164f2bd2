"""Mutants of passes: their functions changed; each is to be found by a check of what must hold of its pass."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.mutants import checks_designs, checks_networks
from tests.mutants.edits import Edit, NotApplicableError, applied
from tests.mutants.outcome import Outcome, Report

CATALOGUE = "passes"
Check = Callable[[], str]


@dataclass(frozen=True)
class PassMutant:
    """A change of a pass, and the check that must find it."""

    check: Check
    what: str
    edit: Edit


def _of(module: str, check: Check, rows: Mapping[str, tuple[str, str, str, str]]) -> dict[str, PassMutant]:
    """Mutants of one module; each is what it does, function, old and new text."""
    return {
        name: PassMutant(check, what, Edit(f"e3ne.{module}:{function}", old, new))
        for name, (what, function, old, new) in rows.items()
    }


NETWORKS: Mapping[str, PassMutant] = {
    **_of(
        "passes.snn_fold_batch_norm",
        checks_networks.batch_norm,
        {
            "norm_weights": ("weights are not scaled", "_fold", "(weights * column)", "weights"),
            "norm_bias": ("the bias is not scaled", "_fold", "(offset * scale + shift)", "(offset + shift)"),
            "norm_axis": ("inputs are scaled, not outputs", "_fold", "scale.reshape(-1, *([1] * (weights.ndim - 1)))", "scale[0]"),
            "norm_bias_lost": ("the layer's bias is forgotten", "_fold", "np.zeros_like(shift) if bias is None else", "np.zeros_like(shift) if True else"),
        },
    ),
    **_of(
        "passes.parameter_table",
        checks_networks.batch_norm,
        {"shared_changed": ("a parameter that another layer uses is changed", "ParameterTable.assign", "== 1:", ">= 1:")},
    ),
    **_of(
        "passes.snn_calibrate",
        checks_networks.calibration,
        {
            "scores_of_different_scale": ("the last layer has a scale for each output", "calibrate", "state.finish()", "pass"),
            "unit_kept": ("thresholds are for the unit of the layer before", "_State._fire", "self.unit, self.synapse, self.fed = scale, None, None", "self.synapse, self.fed = None, None"),
            "bias_missing": ("biases do not count in what is measured", "_run", "if bias is None:", "if True:"),
            "weights_unrounded": ("what is measured has real weights", "_State._annotate", "(quantize_weights(weights, scales, bits) * column)", "weights"),
            "pool_taps": ("sums of pools have the unit of means", "_State.step", "op.window.taps if isinstance(op, AveragePoolOp) else 1", "op.window.taps + 1 if isinstance(op, AveragePoolOp) else 1"),
            "bits_for_all": ("layers have no bits of their own", "calibrate", "own.get(op.layer_name, weight_bits)", "weight_bits"),
            "fed_with_later": ("a layer is measured on what the last one but one gives", "_State.step", "self.synapse, self.fed, self.pools = op, self.values, []", "self.synapse, self.fed, self.pools = op, self.values * 0.5, []"),
        },
    ),
    **_of(
        "passes.snn_quantize",
        checks_networks.quantisation,
        {
            "neuron_bias": ("neurons have no bias", "_Membrane.bias", "real / self.unit - self.offset", "-self.offset"),
            "offset": ("the offset of trains without a zero is not taken off", "_Membrane.bias", "real / self.unit - self.offset", "real / self.unit"),
            "gap": ("the distance of values is not in the unit", "_Builder._synapse", "self.unit / encoding.gap", "self.unit"),
            "score_bias": ("the bias of scores is rounded down", "_Builder._last_bias", "np.rint(membrane.bias)", "np.floor(membrane.bias)"),
            "sums": ("sums have the unit of means", "_Builder._convert", "self.unit /= op.window.taps", "pass"),
            "unit_stays": ("the unit of the image is that of all layers", "_Builder._neuron", "self.unit, self.membrane = scale, None", "self.membrane = None"),
            "threshold_inverted": ("thresholds are inverted", "_Builder._neuron", "scale / membrane.unit, membrane.bias", "membrane.unit / scale, membrane.bias"),
            "one_channel": ("all channels have the threshold of the first", "_per_layer", "np.ptp(values) == 0", "True"),
            "range_without_bias": ("the range of membranes leaves out the bias", "_Builder._synapse", "encoding.highest, bias, encoding.least", "encoding.highest, None, encoding.least"),
            "rounds_down": ("activations are rounded down", "_Builder._neuron", "membrane.unit, membrane.bias,", "membrane.unit, membrane.bias - scale / membrane.unit / 2,"),
        },
    ),
    **_of(
        "passes.snn_quantize_spiking",
        checks_networks.spiking_quantisation,
        {
            "gain": ("the gain is not in the unit of membranes", "_Builder._neuron", 'self.unit * numbers["gain"]', "self.unit * 1"),
            "fraction": ("thresholds are in the unit of drives", "_Builder._neuron", "np.rint(numbers[name] / unit * 2.0**gain_bits)", "np.rint(numbers[name] / unit)"),
            "decay_down": ("decays are rounded down", "_Builder._neuron", "np.rint(array * 2.0**decay_bits)", "np.floor(array * 2.0**decay_bits)"),
            "bias_unit": ("biases are in the unit of weights", "_Builder._synapse", "np.rint(bias / unit)", "np.rint(bias / scale)"),
            "pool": ("sums have the unit of means", "_Builder._layer", "self.unit = self.unit / op.window.taps", "pass"),
            "spikes_unit": ("spikes have the unit of the membrane before", "_Builder._neuron", "self.unit = np.ones(1)", "pass"),
            "recurrence_scale": ("recurrent weights do not count in the scale", "_Builder._synapse", "flat = np.concatenate([flat, recurrence[0] / self.unit[0]], axis=1)", "pass"),
            "loses_input": ("no neuron loses the input of a reset", "_Builder._neuron", "loses_input=op.loses_input is not None", "loses_input=False"),
            "least_forgotten": ("membranes have no lower limit", "_Builder._neuron", '("threshold", "initial", "reset_value", "least")', '("threshold", "initial", "reset_value")'),
        },
    ),
    **_of(
        "passes.snn_convert_to_rate",
        checks_networks.rates,
        {
            "start": ("membranes begin at 0", "_replace", "threshold / 2", "0.0"),
            "clip": ("the threshold is that of one spike, not of all", "convert", "spike = time_steps * activation_scale(", "spike = activation_scale("),
            "spike_value": ("a spike stands for 1", "convert", "weights * spike", "weights"),
            "reset": ("membranes are reset to 0", "_replace", 'reset="subtract"', 'reset="value"'),
            "pool_behind": ("max pools stay behind their neurons", "convert", "_pool_before_neurons(network)", "pass"),
        },
    ),
    **_of(
        "passes.snn_append_argmax",
        checks_networks.classes,
        {
            "output_stays": ("the output is still the scores", "SnnAppendArgmaxPass.apply", "terminator.operands[0] = argmax.output", "pass"),
            "class_of_map": ("a map has a class", "SnnAppendArgmaxPass.apply", "len(value.type.get_shape()) != 1", "False"),
            "class_of_steps": ("a result in each step has a class", "SnnAppendArgmaxPass.apply", "value.type.frames > 1", "False"),
        },
    ),
}  # fmt: skip

GRAPHS: Mapping[str, PassMutant] = {
    **_of(
        "conversion.construction",
        checks_designs.conversion,
        {
            "order_of_thresholds": ("thresholds are in the network's order", "Construction.channels", "array[stream_order(shape)] if", "array if"),
            "numbers": ("neurons may give all numbers", "Construction.numbers", "encoding.levels == 1 << encoding.bits", "True"),
        },
    ),
    **_of(
        "conversion.synapses",
        checks_designs.conversion,
        {
            "order_of_flattened": ("weights are in the network's order", "linear", "matrix = matrix[:, stream_order(shape)]", "pass"),
            "groups": ("all groups see the first inputs", "dense_weights", "group * inputs : (group + 1) * inputs]", "0:inputs]"),
            "covered_map": ("a kernel that covers the map is not reordered", "convolution", "weights.transpose(0, 2, 3, 1)", "weights"),
            "least": ("what trains without a zero begin with is forgotten", "_matvec", "matrix.sum(axis=1) * encoding.least + (0 if bias is None else bias)", "0 * matrix.sum(axis=1) + (0 if bias is None else bias)"),
            "gap_of_values": ("the distance of values is forgotten", "_matvec", "matrix = matrix * encoding.gap", "pass"),
            "bits_of_sums": ("sums have a bit too few", "_matvec", "signed_bits(min(membrane.low, int(low.min())), max(membrane.high, int(high.max())))", "signed_bits(min(membrane.low, int(low.min())), max(membrane.high, int(high.max()))) - 2"),
            "bias_lost": ("biases are not there", "_matvec", "None if bias is None else graph.parameter", "None if True else graph.parameter"),
        },
    ),
    **_of(
        "conversion.neurons",
        checks_designs.conversion,
        {
            "rules": ("no neuron loses the input of a reset", "lif", '"loses_input", ', ""),
            "ties_lost": ("ties go up", "fire", "ties_to_even=layer.ties_to_even is not None", "ties_to_even=False"),
            "bits_of_membranes": ("membranes of neurons have a bit too few", "lif", "signed_bits(found.low, found.high)", "signed_bits(found.low, found.high) - 2"),
        },
    ),
    **_of(
        "conversion.pools",
        checks_designs.conversion,
        {
            "ones": ("a sum pool adds channels", "sum_pool", "np.kron(np.eye(channels, dtype=np.int64), np.ones((1, window.size), dtype=np.int64))", "np.tile(np.eye(channels, dtype=np.int64), (1, window.size))"),
            "padding_lost": ("pools are not padded", "_pool_window", "window.padding,", "(0, 0, 0, 0),"),
        },
    ),
    **_of(
        "passes.dataflow_fold",
        checks_designs.foldings,
        {
            "limit": ("the limit is ignored", "choose", "if folding.cycles <= limit", "if True"),
            "dearest": ("the dearest folding is taken", "choose", "return min(within,", "return max(within,"),
            "groups_free": ("groups of outputs take no cycles", "foldings", "given.pixels * groups * chunks", "given.pixels * chunks"),
            "steps_free": ("time steps take no cycles", "foldings", "given.channels // (lanes * size) * (given.steps // parallel)", "given.channels // (lanes * size)"),
        },
    ),
    **_of(
        "passes.dataflow_legalize_streams",
        checks_designs.layouts,
        {
            "replay_order": ("time steps are not brought outside", "_replay", "given.chunks > 1 and given.step_beats > 1", "False"),
            "replay_once": ("inputs are given once, however many groups of outputs there are", "_replay", "unit.groups, order, memory", "1, order, memory"),
            "rows_in_luts": ("rows of any length are in LUTs", "_place_rows", 'unit.memory.data == "distributed" and words > DEEPEST_IN_LUTS', "False"),
            "buffer_in_luts": ("large buffers are in LUTs", "_replay", "bits > BLOCK_MEMORY_BITS", "False"),
            "width": ("time steps of a beat are not those that the unit takes", "_adapt", "unit.input_lanes.value.data, unit.parallel_steps.value.data)", "unit.input_lanes.value.data, given.parallel)"),
            "settled_not": ("what a unit gives has the layout of before", "lay_out", "unit.settle()", "pass"),
        },
    ),
    **_of(
        "passes.dataflow_insert_fifos",
        checks_designs.buffers,
        {
            "too_shallow": ("FIFOs have half the depth", "_fit", "max(MINIMAL_DEPTH, needed)", "max(MINIMAL_DEPTH, needed // 2)"),
            "latency_missed": ("latency may be twice what is wanted", "_keeps", "+ 1 > enough[1]", "+ 1 > 2 * enough[1]"),
            "interval_missed": ("the interval is not looked at", "_keeps", "return interval_and_latency(events, INPUT, OUTPUT)[0] <= enough[0]", "return True"),
            "limits_ignored": ("what is enough is ignored", "DataflowInsertFifosPass.apply", "max(interval, self.interval), max(latency, self.latency)", "interval, latency"),
            "search": ("the search goes the wrong way", "_shrink", "(low, tried) if _keeps(graph, enough) else (tried, high)", "(tried, high) if _keeps(graph, enough) else (low, tried)"),
            "not_behind_neurons": ("there is no FIFO behind neurons", "wants_fifo", "FireOp | LifOp | PoolOp | MaxPoolOp | MatvecOp", "LifOp | PoolOp | MaxPoolOp | MatvecOp"),
        },
    ),
    **_of(
        "passes.dataflow_pool_before_fire",
        checks_designs.pools_first,
        {
            "padded": ("padded pools choose among membranes", "DataflowPoolBeforeFirePass.apply", "or any(as_tuple(window.padding))", ""),
            "value_of_neurons": ("the stream stands for what it was before the pool", "_swap", "new_fire.value = pool.value", "new_fire.value = fire.value"),
            "overlapping": ("windows that overlap are taken for windows side by side", "_pools", "is_side_by_side(window)", "True"),
            "needless": ("pools move where neurons are fast", "DataflowPoolBeforeFirePass.apply", "_digits(fire) > self.interval", "_digits(fire) >= 0"),
            "never": ("no pool moves", "DataflowPoolBeforeFirePass.apply", "_digits(fire) > self.interval", "False"),
        },
    ),
    **_of(
        "passes.dataflow_parallelize_pixels",
        checks_designs.pixels,
        {
            "thresholds": ("thresholds are in the order of pixels", "_Chain.pack", "np.repeat(numbers_, pixels)", "np.tile(numbers_, pixels)"),
            "biases": ("biases are in the order of pixels", "_Chain.pack", "np.repeat(integers_of(self.matvec, self.matvec.bias), pixels)", "np.tile(integers_of(self.matvec, self.matvec.bias), pixels)"),
            "pixel_of_weight": ("weights are of the pixel below", "packed_weights", "place % pixels,", "(place + 1) % pixels,"),
            "strides": ("pixels of the output are next to each other in the input", "packed_weights", "own * stride - left", "own - left"),
            "right": ("nothing is padded on the right", "_Chain.pack", "right = max(0, spanned + columns.first - image.width // pixels)", "right = 0"),
            "pool_kernel": ("the pool takes as many columns as before", "_Chain._pack_pool", "self.pool.kernel = numbers((rows, across // pixels))", "self.pool.kernel = numbers((rows, across))"),
        },
    ),
}  # fmt: skip

HARDWARE: Mapping[str, PassMutant] = {
    **_of(
        "passes.rtl_compare_ahead",
        checks_designs.compared_ahead,
        {
            "direction": ("a value answers for the one behind it", "_Ahead.ask", "turned = 1 if isinstance(op, AddOp) else ones", "turned = ones if isinstance(op, AddOp) else 1"),
            "reset_answer": ("registers begin with the answer for 0", "_replace", "answers >> register.reset.value & 1", "answers & 1"),
            "beyond_end": ("a counter that begins beyond its end is never there", "_largest", " or max(again, register.reset.value) > end:", ":"),
            "enable": ("answers change in each cycle", "_replace", "RegisterOp.create_from(following, register.enable,", "RegisterOp.create_from(following, None,"),
            "no_and_yes": ("a single no is a yes", "_Ahead._now", "((EqOp, yes), (NeOp, no))", "((EqOp, yes), (EqOp, no))"),
            "unequal": ("`ne` is answered as `eq`", "_questions", "answers if isinstance(op, EqOp) else _all(counter) ^ answers", "answers"),
        },
    ),
    **_of(
        "passes.rtl_split_memories",
        checks_designs.split_memories,
        {
            "bits_reversed": ("the bits of a slice are reversed", "_gathered", "in enumerate(bits))", "in enumerate(bits[::-1]))"),
            "words_not_given": ("words that are not given count as the others", "_varying", "words = [*init.values, *([0] if len(init.values) < memory.memory_type.depth else [])]", "words = [*init.values]"),
            "written_from_zero": ("all slices are written with the lowest bits", "_split_write", "part.bits[0], len", "0, len"),
            "constants": ("bits that are the same in all words are 0", "_split_read", "init.values[0] >> bit & 1", "0"),
            "joined": ("slices are joined in reverse order", "_split_read", "for bit in reversed(range(port.memory_type.width))", "for bit in range(port.memory_type.width)"),
        },
    ),
    **_of(
        "dialects.rtl.canonicalization.logic",
        checks_designs.canonical,
        {
            "neutral": ("0 is neutral in an and", "MergeOperands.match_and_rewrite", "ones if isinstance(op, AndOp) else 0", "0"),
            "pairs": ("equal operands of an exclusive or do not cancel", "MergeOperands.match_and_rewrite", "if count % 2}", "if count}"),
            "complement": ("an exclusive or with any constant is a complement", "MergeOperands.match_and_rewrite", "constant == ones and len(kept) == 1", "constant and len(kept) == 1"),
            "compared_bit": ("a bit compared with 0 is the bit", "CompareBit.match_and_rewrite", "== int(isinstance(op, EqOp))", "== int(isinstance(op, NeOp))"),
            "mux_inverted": ("the complement of a condition is dropped", "MuxOfConditions.match_and_rewrite", "op.if_false, op.if_true))", "op.if_true, op.if_false))"),
            "mux_inner": ("an inner selection takes the other value", "MuxOfConditions.match_and_rewrite", "if_true = inner.if_true", "if_true = inner.if_false"),
        },
    ),
    **_of(
        "dialects.rtl.canonicalization.narrowing",
        checks_designs.canonical,
        {
            "sum_from_low": ("sums are computed without carries from below", "NarrowArithmetic.match_and_rewrite", "ExtractOp.create_from(operand, 0, sum(used))", "ExtractOp.create_from(operand, op.width - sum(used), sum(used))"),
            "bitwise_from_zero": ("bitwise operations keep the lowest bits", "NarrowBitwise.match_and_rewrite", "ExtractOp.create_from(operand, low, width)", "ExtractOp.create_from(operand, 0, width)"),
            "register_reset": ("registers are reset to the lowest bits", "NarrowRegister.match_and_rewrite", "op.reset.value >> low", "op.reset.value"),
            "register_enable": ("narrowed registers have no enable", "NarrowRegister.match_and_rewrite", "part.result, op.enable, reset", "part.result, None, reset"),
            "table_words": ("tables keep their lowest bits", "NarrowTable.match_and_rewrite", "word >> low &", "word &"),
            "used_bits": ("the highest bit that is read counts as not read", "used_range", "high = max(high, use.operation.low + use.operation.width)", "high = max(high, use.operation.low + use.operation.width - (use.operation.width > 1))"),
        },
    ),
    **_of(
        "dialects.rtl.canonicalization.state",
        checks_designs.canonical,
        {
            "enable_lost": ("registers lose any enable", "DropEnable.match_and_rewrite", "op.enable is not None and constant_value(op.enable) == 1", "op.enable is not None"),
            "reset_lost": ("registers lose their reset with their enable", "DropEnable.match_and_rewrite", "None, op.reset, op.register_name", "None, None, op.register_name"),
            "write_lost": ("a write that always happens is erased", "EraseDisabledWrite.match_and_rewrite", "constant_value(op.enable) == 0", "constant_value(op.enable) != 0"),
        },
    ),
    **_of(
        "dialects.rtl.canonicalization.wiring",
        checks_designs.canonical,
        {
            "constants_swapped": ("neighbouring constants change places", "MergeAdjacentParts._merge", "upper << width | lower", "lower << width_of(high) | upper"),
            "extract_of_extract": ("bits of bits are the lowest ones", "ExtractOfWiring.match_and_rewrite", "source.input, source.low + low, width", "source.input, source.low, width"),
            "concat_reversed": ("parts of a concatenation are reversed", "ExtractOfWiring._of_concat", "parts[::-1]", "parts"),
            "zeros": ("the zeros of an extension are copies of its lowest bits", "ExtractOfWiring._of_zext", "source.input, op.low, min(op.width, inner - op.low)", "source.input, 0, min(op.width, inner)"),
            "extensions": ("sext(zext(x)) is sext(x)", "ExtensionOfExtension.match_and_rewrite", "type(inner).create_from", "type(op).create_from"),
            "table_half": ("tables of an extended address keep half", "SmallerTable.match_and_rewrite", "op.words[: 1 << width_of(inner.input)]", "op.words[: max(1, 1 << width_of(inner.input) - 1)]"),
        },
    ),
}  # fmt: skip

MUTANTS: Mapping[str, PassMutant] = {**NETWORKS, **GRAPHS, **HARDWARE}
"""By name."""


def run(names: Sequence[str], report: Report) -> None:
    """Applies the check of each mutant; raises if one fails without a mutant."""
    for check in dict.fromkeys(MUTANTS[name].check for name in names):
        wrong = check()
        assert not wrong, f"without any mutant: {check.__name__}: {wrong}"
        for name in names:
            if MUTANTS[name].check is check:
                report(_outcome(name))


def _outcome(name: str) -> Outcome:
    try:
        with applied([MUTANTS[name].edit]):
            wrong = MUTANTS[name].check()
    except NotApplicableError as error:
        return Outcome(CATALOGUE, name, "not applicable", str(error))
    except Exception as error:
        return Outcome(CATALOGUE, name, "refused", f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
    return Outcome(CATALOGUE, name, "killed" if wrong else "survived", wrong)
