"""What must hold of the passes over graphs and hardware: each check gives what is wrong, or nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    MatvecOp,
    MaxPoolOp,
    Order,
    PoolOp,
    ReplayOp,
    WindowOp,
    number,
    units_of,
)
from e3ne.dialects.rtl import ModuleOp as RtlModuleOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.passes.convert_snn_to_dataflow import ConvertSnnToDataflowPass
from e3ne.passes.dataflow_fold import DataflowFoldPass
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH, DataflowInsertFifosPass
from e3ne.passes.dataflow_legalize_streams import BLOCK_MEMORY_BITS, DataflowLegalizeStreamsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass
from e3ne.passes.rtl_compare_ahead import RtlCompareAheadPass
from e3ne.passes.rtl_split_memories import RtlSplitMemoriesPass
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.rtl import run as evaluate
from e3ne.semantics.rtl import top_of
from e3ne.units.handshake import count
from e3ne.units.matvec import Matvec
from e3ne.units.window import DEEPEST_IN_LUTS, Window
from e3ne.verification.batch import data_of, differing_values
from e3ne.verification.case import Case, map_case
from e3ne.verification.decisions import Decisions, Folding
from e3ne.verification.lowering import Lowered, lay_out
from e3ne.verification.networks import NetworkBuilder
from tests.backends.rtl_designs import random_design
from tests.hardware.cases import CHAINS, POOLS, WINDOWS
from tests.hardware.encoding_cases import ENCODINGS
from tests.hardware.pixel_cases import PIXELS
from tests.hardware.spiking_cases import FRAMES, RECURRENT, RULES
from tests.passes.test_insert_fifos import fifos, laid_out, speed


def _values(cases: Iterable[tuple[str, Case]]) -> str:
    """Integer network against dataflow graph: all values, and whether they fit into the bits of their streams."""
    for name, case in cases:
        network = case.network("checked", seed=5)
        graph = lay_out(network, case.decisions)
        found = plan(find_graph(graph))
        design = Lowered("checked", network, graph, found, ModuleOp([]), {})
        known = np.array(found.codes) if found.codes else np.arange(1 << found.steps)
        codes = np.random.default_rng(0).choice(known, (6, *found.data_shape))
        codes[0] = known[-1]
        wrong = differing_values(design, codes)
        if wrong:
            return f"{name}: other values on {', '.join(wrong)}"
        beats = found.run(found.pack(data_of(found, codes)))
        for stream in found.streams:
            bits = abs(stream.bits)
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if stream.bits < 0 else (0, (1 << bits) - 1)
            if beats[stream.name].min() < low or beats[stream.name].max() > high:
                return f"{name}: values on {stream.name} do not fit into its bits"
    return ""


def conversion() -> str:
    """Every layer and every way in which weights are rearranged."""
    cases = {
        **{name: WINDOWS[name] for name in ("groups", "kernel_covers_map", "padding_asymmetric")},
        **{name: CHAINS[name] for name in ("flatten_before_fire", "two_convs", "argmax", "ties_to_even")},
        **{name: POOLS[name] for name in ("sum_2x2", "max_of_membranes", "max_padded_after_source")},
        **{name: ENCODINGS[name] for name in ("bipolar_dense", "bipolar_maps", "ttfs_maps", "phase_dense")},
        **{name: RULES[name] for name in ("next_loses", "several_least", "initial_and_reset")},
        "chunks": RECURRENT["chunks"],
        "direct": FRAMES["direct"],
        "flattened_neurons": map_case(lambda n: n.conv(2, (2, 2)).flatten().fire(2).linear(3)),
    }
    return _values(cases.items())


def layouts() -> str:
    """Values with foldings in every order; buffers that are large are in block memories, and names differ."""
    cases = {
        name: CHAINS[name]
        for name in ("resize_down", "resize_up", "resize_behind_window", "window_of_folded_pixels", "argmax_in_beats")
    }
    cases["steps_outside"] = map_case(
        lambda n: n.conv(4, (2, 2)).fire().linear(4).fire().linear(4),
        foldings={
            0: Folding(2, 4, 1, Order.STEPS_OUTER, "adder"),
            1: Folding(2, 8, 1, Order.STEPS_OUTER, "adder", window=False),
            2: Folding(1, 2, 1, Order.STEPS_OUTER, "adder"),
        },
    )
    return _values(cases.items()) or _memories()


def _memories() -> str:
    network = NetworkBuilder("wide", (1, 2, 300), 2, seed=1).conv(2, (2, 1)).fire().linear(4).build()
    graph = find_graph(lay_out(network, Decisions(foldings={1: Folding(1, 2, 1, Order.STEPS_OUTER, "adder")})))
    for unit in units_of(graph):
        if isinstance(unit, WindowOp):
            words = Window().words(unit, unit.input_type)
            if words > DEEPEST_IN_LUTS and unit.memory.data == "distributed":
                return f"{words} words of rows are in LUTs"
    deep = NetworkBuilder("deep", (8, 12, 12), 8, seed=1).linear(4).build()
    for unit in units_of(find_graph(lay_out(deep, Decisions(foldings={0: Folding(2, 16, 1, implementation="adder")})))):
        if isinstance(unit, ReplayOp):
            bits = 2 * unit.input_type.beats_per_pixel * unit.input_type.beat_bits
            if bits > BLOCK_MEMORY_BITS and unit.memory.data != "block":
                return f"a buffer of {bits} bits is in LUTs"
    names = [unit.unit_name for unit in units_of(graph)]
    return "" if len(set(names)) == len(names) else "two units have one name"


def foldings() -> str:
    """Within the wanted interval, and the cheaper the more cycles there are."""
    costs: list[float] = []
    for limit in (60, 150, 500):
        network = NetworkBuilder("folded", (2, 8, 8), 3, seed=2)
        module = (
            network.conv(8, (3, 3), padding=(1, 1, 1, 1)).fire().max_pool((2, 2)).linear(12).fire().linear(4).build()
        )
        ConvertSnnToDataflowPass().apply(Context(), module)
        DataflowPoolBeforeFirePass(interval=1).apply(Context(), module)
        wanted = 3 * limit
        DataflowFoldPass(interval=wanted).apply(Context(), module)
        found = sum(Matvec().cost(unit).lut for unit in units_of(find_graph(module)) if isinstance(unit, MatvecOp))
        costs.append(found)
        DataflowLegalizeStreamsPass().apply(Context(), module)
        DataflowInsertFifosPass().apply(Context(), module)
        module.verify()
        interval = plan(find_graph(module)).interval()
        if interval > wanted:
            return f"an interval of {interval} where {wanted} cycles are wanted"
    # Three times fewer cycles take more lanes: the cheapest folding of each cannot cost the same.
    return "" if costs[0] > costs[1] > costs[2] else f"LUTs for ever more cycles: {[round(cost) for cost in costs]}"


def buffers() -> str:
    """FIFOs keep interval and latency; one that is a beat shallower does not; one cuts each path behind a neuron."""
    deep = 0
    for seed, share in ((0, 0.0), (3, 0.0), (4, 0.1), (7, 0.1)):
        graph = laid_out(seed)
        module = graph.parent_op()
        assert isinstance(module, ModuleOp)
        best = _best(seed)
        limits = round(best[0] * (1 + share)), round(best[1] * (1 + share))
        DataflowInsertFifosPass(interval=limits[0], latency=limits[1]).apply(Context(), module)
        kept = speed(graph)
        if kept is None or kept[0] > limits[0] or kept[1] > limits[1]:
            return f"seed {seed}: interval and latency {kept}, wanted {limits}"
        for unit in units_of(graph):
            if isinstance(unit, FireOp) and not any(isinstance(use.operation, FifoOp) for use in unit.output.uses):
                return f"seed {seed}: nothing cuts the path behind {unit.unit_name}"
        for fifo in fifos(graph):
            depth = fifo.depth.value.data
            if depth > MINIMAL_DEPTH:
                deep += 1
                fifo.depth = number(depth - 1)
                missed = speed(graph)
                if missed is not None and missed[0] <= limits[0] and missed[1] <= limits[1]:
                    return f"seed {seed}: {fifo.unit_name} is deeper than needed"
                fifo.depth = number(depth)
    assert deep, "no FIFO is deep"
    return ""


@cache
def _best(seed: int) -> tuple[int, int]:
    """Interval and latency with what the pass inserts by itself; a check runs without a mutant first."""
    module = laid_out(seed).parent_op()
    assert isinstance(module, ModuleOp)
    DataflowInsertFifosPass().apply(Context(), module)
    return plan(find_graph(module)).speed()


def pools_first() -> str:
    """The same trains; only where neurons take too long; where membranes are padded trains are pooled."""
    names = ("max_first", "max_3x2_first", "max_twice_first", "max_first_folded")
    cases = {name: POOLS[name] for name in names}
    cases["padded"] = map_case(
        lambda n: n.conv(2, (1, 1)).fire().max_pool((2, 2), (2, 2), (1, 1, 0, 0)).linear(2), pools_first=True
    )
    wrong = _values(cases.items())
    if wrong:
        return wrong
    module = cases["padded"].network("pools", seed=1)
    ConvertSnnToDataflowPass().apply(Context(), module)
    DataflowPoolBeforeFirePass(interval=1).apply(Context(), module)
    if any(isinstance(unit, PoolOp) and unit.input_type.signed for unit in units_of(find_graph(module))):
        return "membranes are padded with 0, which is not the least of them"
    for interval, moved in ((1, 1), (1 << 20, 0)):
        module = POOLS["max_first"].network("pools", seed=1)
        ConvertSnnToDataflowPass().apply(Context(), module)
        DataflowPoolBeforeFirePass(interval=interval).apply(Context(), module)
        found = sum(isinstance(unit, MaxPoolOp) for unit in units_of(find_graph(module)))
        if found != moved:
            return f"{found} pools in front of neurons that may take {interval} cycles"
    return ""


def pixels() -> str:
    """Neighbouring pixels at once: kernels of every kind, biases and thresholds of channels."""
    biased = Case(
        (1, 4, 8),
        2,
        lambda n: n.conv(3, (3, 3), padding=(1, 1, 1, 1), bias=True).fire().max_pool((2, 2)).linear(2),
        Decisions(pixels=2, pools_first=True),
    )
    return _values([*PIXELS.items(), ("biased", biased)])


def _same(before: ModuleOp, after: ModuleOp, cycles: int, resets: int, seed: int, skip: int = 0) -> str:
    drawn = random.Random(seed)
    ports = top_of(before).inputs.items()
    inputs = [{name: drawn.getrandbits(width) for name, width in ports} for _ in range(cycles)]
    first, second = evaluate(before, inputs, resets), evaluate(after, inputs, resets)
    for cycle in range(skip, cycles):
        if first[cycle] != second[cycle]:
            return f"another output in cycle {cycle}"
    return ""


def compared_ahead() -> str:
    """Counters of every kind, and what is asked of them, in every cycle."""
    for number_, module in enumerate(_counters()):
        before = ModuleOp([module])
        run_passes(before, "canonicalize,cse")
        after = before.clone()
        RtlCompareAheadPass().apply(Context(), after)
        after.verify()
        wrong = _same(before, after, 150, 2, number_)
        if wrong:
            return f"counter {number_}: {wrong}"
    return ""


def _counters() -> Sequence[RtlModuleOp]:
    made: list[RtlModuleOp] = []
    for modulus in (3, 4, 7, 8, 9):
        m = ModuleBuilder("counter")
        counter = count(m, modulus, m.input("enable", 1), "position")
        m.output("last", counter.last)
        m.output("first", counter.first)
        bits = (modulus - 1).bit_length()
        for mask in (5, 6, 3):
            m.output(f"mask_{mask}", m.table(counter.value, [mask >> place % 3 & 1 for place in range(modulus)], 1))
        m.output("not_two", m.ne(counter.value, m.constant(2, bits)))
        made.append(m.build())
    for room in (3, 5):
        m, bits = ModuleBuilder("level"), room.bit_length()
        held = m.register(bits, "held", reset=0)
        full, some = m.eq(held.value, m.constant(room, bits)), m.ne(held.value, m.constant(0, bits))
        up, down = m.and_(m.input("up", 1), m.not_(full)), m.and_(m.input("down", 1), some)
        one = m.constant(1, bits)
        held.drive(m.mux(up, m.add(held.value, one), m.sub(held.value, one)), m.xor(up, down))
        m.output("full", full)
        m.output("some", some)
        made.append(m.build())
    for start, end, again in ((2, 6, 2), (7, 4, 1)):
        m = ModuleBuilder("offset")
        position = m.register(3, "position", reset=start)
        last = m.eq(position.value, m.constant(end, 3))
        position.drive(m.mux(last, m.constant(again, 3), m.add(position.value, m.constant(1, 3))))
        for value in range(8):
            m.output(f"is_{value}", m.eq(position.value, m.constant(value, 3)))
        made.append(m.build())
    return made


def split_memories() -> str:
    """Slices hold together what the memory held, ROM and RAM."""
    from tests.passes.test_rtl_split_memories import design, stimulus

    for depth, width, rom in ((600, 40, True), (600, 40, False), (1025, 37, True), (5000, 7, False), (5000, 7, True)):
        for seed in (1, 2, 3):
            before = design(depth, width, rom=rom, seed=seed)
            after = before.clone()
            RtlSplitMemoriesPass().apply(Context(), after)
            after.verify()
            inputs = stimulus(depth, width, seed)
            if evaluate(after, inputs, 1)[1:] != evaluate(before, inputs, 1)[1:]:
                return f"{depth} words of {width} bits, {'ROM' if rom else 'RAM'}: other words"
    return ""


def _rare_patterns() -> ModuleOp:
    """What random designs hardly ever hold: registers and tables of which some bits are read, nested choices."""
    m = ModuleBuilder("u0")
    c, a, b = m.input("c", 1), m.input("a", 8), m.input("b", 8)
    m.output("chosen", m.mux(c, m.mux(c, a, b), m.mux(c, a, m.not_(b))))
    kept = m.register(8, "kept", reset=0xA5)
    kept.drive(a, c)
    m.output("bits_kept", m.extract(kept.value, 4, 3))
    m.output("looked_up", m.extract(m.table(m.extract(b, 0, 3), [37 * n % 256 for n in range(8)], 8), 3, 4))
    still = m.register(4, "still", reset=9)
    still.drive(m.extract(b, 0, 4), m.constant(0, 1))
    m.output("never_loaded", still.value)
    m.output("extended", m.sext(m.zext(m.extract(a, 0, 3), 5), 9))
    return ModuleOp([m.build()])


def canonical() -> str:
    """Random designs mean the same, in canonical form, cycle by cycle."""
    for seed in range(24):
        before = random_design(seed, 40, observe=seed % 2 == 0) if seed else _rare_patterns()
        after = before.clone()
        run_passes(after, "canonicalize")
        wrong = _same(before, after, 25, 2, seed, 2)
        if wrong:
            return f"design {seed}: {wrong}"
    return ""
