"""Mutants of the cycle model: what units give, when, and how a schedule is computed.

The hardware is simulated once; each mutant's prediction is compared with what it did, and its values with those of the
integer network.
"""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from e3ne.analysis.event_graph import After, EventGraph, Process, ScheduleError, interval_and_latency, solve
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import INPUT, OUTPUT, Plan
from e3ne.verification.batch import Batch, Prediction, Recorded, Run, differing_values, random_runs
from e3ne.verification.lowering import Lowered, lower
from tests.analysis.cycle_by_cycle import Fifo, Worker, simulate
from tests.mutants.cases import CASES, IMAGES, SEED
from tests.mutants.edits import Edit, NotApplicableError, applied
from tests.mutants.outcome import Outcome, Report

CATALOGUE = "model"


@dataclass(frozen=True)
class ModelMutant:
    """A change of the cycle model, and the network in which it shows (`chain`: a chain of stages)."""

    case: str
    what: str
    edit: Edit


def _of(module: str, rows: Mapping[str, tuple[str, str, str, str, str]]) -> dict[str, ModelMutant]:
    """Mutants of one module; each is case, what it does, function, old and new text."""
    return {
        name: ModelMutant(case, what, Edit(f"e3ne.{module}:{function}", old, new))
        for name, (case, what, function, old, new) in rows.items()
    }


MUTANTS: Mapping[str, ModelMutant] = {
    **_of(
        "units.flow",
        {
            "pipeline_longer": (
                "deep", "pipelines have a stage more", "elastic", "After(leave, enter, whole, latency,", "After(leave, enter, whole, latency + 1,",
            ),
            "pipeline_holds_less": (
                "deep", "a pipeline holds a step less", "elastic", "whole - latency, 0)", "whole - latency + 1, 0)",
            ),
            "room_more": ("credit", "a credit pipeline has room for a step more", "elastic", "given_before - room, 1)", "given_before - room - 1, 1)"),
            "room_at_once": ("credit", "room is there in the cycle in which a step gives", "elastic", "given_before - room, 1)", "given_before - room, 0)"),
            "steps_pass_results": (
                "deep", "steps that give nothing pass those that wait", "elastic", "edges.append(After(leave, given, ordinals(gives), 0))", "pass",
            ),
            "offer_not_behind": (
                "deep", "a result is offered while the step before it waits", "elastic", "edges.append(After(given, leave, giving - 1, 1, offers=True))", "pass",
            ),
        },
    ),
    **_of(
        "units.fifo",
        {
            "fifo_place_at_once": ("fifos_of_1", "a place is free in the cycle in which a beat leaves", "FifoModel.events", "beat - self.depth, 1)", "beat - self.depth, 0)"),
            "fifo_deeper": ("fifos_of_3", "there is room for a beat more", "FifoModel.events", "beat - self.depth, 1)", "beat - self.depth - 1, 1)"),
            "fifo_combinational": ("fifos_of_2", "a beat leaves in the cycle in which it comes", "FifoModel.events", "taken, beat, 1, offers", "taken, beat, 0, offers"),
        },
    ),
    **_of(
        "units.fire",
        {
            "fire_bubble": ("credit", "a value is taken a cycle after the last beat of the one before", "FireModel.events", "value * beats - 1, 0)", "value * beats - 1, 1)"),
            "fire_faster": ("credit", "a stage finds a digit less", "FireModel.events", "After(following, entry, value, span)", "After(following, entry, value, span - 1)"),
            "fire_found_early": ("held", "a beat of several digits is found a cycle early", "FireModel.events", "After(found, last, loaded, pace)", "After(found, last, loaded, pace - 1)"),
            "fire_never_zero": ("deep", "codes begin at 1", "FireModel.compute", "np.clip(reached, 0,", "np.clip(reached, 1,"),
            "fire_no_saturation": ("deep", "codes wrap around", "FireModel.compute", "np.clip(reached, 0, (1 << self.steps) - 1)", "np.maximum(reached, 0) % (1 << self.steps)"),
            "fire_ties": ("held", "ties go up", "FireModel.compute", "reached & ~1", "reached"),
            "fire_bias_scaled": ("deep", "the bias is scaled as the value", "FireModel.compute", "(content << self.fraction_bits) + self.bias", "(content + self.bias) << self.fraction_bits"),
            "fire_above": ("deep", "a threshold is exceeded, not reached", "FireModel.compute", "reached = scaled // self.threshold", "reached = (scaled - 1) // self.threshold"),
        },
    ),
    **_of(
        "units.resize",
        {
            "resize_complete_early": ("deep", "a block moves on with its last beat", "ResizeModel.events", "block * collect + collect - 1, 1)", "block * collect + collect - 1, 0)"),
            "resize_waits": ("deep", "the next block begins a cycle later", "ResizeModel.events", "After(taken, move, first_in, 0)", "After(taken, move, first_in, 1)"),
            "resize_bubble": ("held", "a block is taken a cycle after the last one has left", "ResizeModel.events", "block * spend - 1, 0)),", "block * spend - 1, 1)),"),
        },
    ),
    **_of(
        "units.replay",
        {
            "replay_freed_at_once": ("deep", "a bank is free as its last beat is read", "ReplayModel.events", "After(taken, read, freed, 1)", "After(taken, read, freed, 0)"),
            "replay_read_at_once": ("deep", "a beat is read as it is written", "ReplayModel.events", "After(read, taken, needs, 1)", "After(read, taken, needs, 0)"),
            "replay_third_bank": ("deep", "three blocks have room", "ReplayModel.events", "(written // size - 1)", "(written // size - 2)"),
            "replay_order": ("deep", "time steps come inside chunks", "ReplayModel.order", "beats.T if self.outer else beats", "beats"),
        },
    ),
    **_of(
        "units.source",
        {
            "source_bubble": ("deep", "a beat is taken a cycle after the last pixel has left", "SourceModel.events", "first - 1, 0)", "first - 1, 1)"),
            "source_order": ("deep", "the least digit comes first", "SourceModel.compute", ":, ::-1]", ":]"),
        },
    ),
    **_of(
        "units.window",
        {
            "window_first_row": ("windows", "padding above takes no steps", "WindowModel.outside", "max(0, -int(ends[0]))", "0"),
            "window_not_first": ("windows", "padding is given before its image has come", "WindowModel.masks", "if gives.argmax() < takes.argmax():", "if False:"),
            "window_parts": ("deep", "windows are given in one part", "WindowModel.masks", "np.where(gives, self.parts, 1)", "np.where(gives, 1, 1)"),
            "window_swept": ("windows", "zeros behind a row are not those in front of the next", "WindowModel.swept", "max(self.padding[1], sum(self.outside(1)))", "self.padding[1] + sum(self.outside(1))"),
            "window_dilation": ("windows", "columns of a kernel are next to each other", "WindowModel.compute", "kx * self.dilation[1] :]", "kx :]"),
        },
    ),
    **_of(
        "units.max_pool",
        {
            "max_pool_waits": ("running", "a window waits for the one before it to be taken, not to be offered", "MaxPoolModel.events", "np.cumsum(completes) - 2", "np.cumsum(completes) - 1"),
            "max_pool_reads": ("running", "reading a word takes no stage", "MaxPoolModel.depth", ".bit_length() + reads", ".bit_length()"),
            "max_pool_moves": ("running", "a row moves on with its last beat", "MaxPoolModel.events", "After(moved, compared, ending, 1)", "After(moved, compared, ending, 0)"),
            "max_pool_least": ("running", "the least value wins", "MaxPoolModel.compute", "windows.max(", "windows.min("),
        },
    ),
    **_of("units.pool", {"pool_codes": ("deep", "trains are compared by their numbers of spikes", "PoolModel.compute", "codes_of(windows).max(axis=4)", "windows.sum(axis=-1).max(axis=4).astype(int)")}),
    **_of(
        "units.argmax",
        {
            "argmax_tie": ("classes", "of equal values the last one wins", "ArgmaxModel.compute", "content.argmax(axis=-1).astype(np.int64)", "(content.shape[-1] - 1 - content[..., ::-1].argmax(axis=-1)).astype(np.int64)"),
            "argmax_early": ("classes_in_beats", "the class is given with the first beat", "ArgmaxModel.events", "% self.taken.chunks == 0", "% self.taken.chunks == 1"),
        },
    ),
    **_of(
        "units.lif",
        {
            "lif_fires": ("same_step", "neurons fire at their threshold, not above it, and the other way round", "LifModel._above", '== "gt"', '!= "gt"'),
            "lif_frames": ("recurrent", "a recurrent frame begins as the one before leaves", "LifModel.events", "After(taken, given, before, 1)", "After(taken, given, before, 0)"),
            "lif_first_spikes": ("recurrent", "the spikes of the first frame are fed back", "LifModel.compute", "fired[-1]", "fired[0]"),
            "lif_initial": ("to_value", "membranes begin at 0", "LifModel.compute", "+ self.initial", ""),
            "lif_rounds_up": ("same_step", "decays round to zero", "LifModel._step", "(membrane * self.decay >> self.decay_bits)", "np.trunc(membrane * self.decay / (1 << self.decay_bits)).astype(np.int64)"),
            "lif_loses": ("next_step", "the input of the step of a reset counts", "LifModel._step", "0 if self.loses_input", "0 if not self.loses_input"),
            "lif_current": ("chunks_of_neurons", "the synaptic current does not decay", "LifModel._current", "(before * self.synapse_decay >> self.decay_bits)", "before"),
        },
    ),
    **_of("units.sum_frames", {"sum_frames_early": ("same_step", "sums are given with the first frame", "SumFramesModel.events", ">= beats - beats // self.taken.frames", "< beats // self.taken.frames")}),
    **_of(
        "units.matvec_event_model",
        {
            "event_empty_beat": ("events", "a beat takes two cycles at least", "MatvecEventModel.events_of", "np.maximum(spikes, 1) - 1", "np.maximum(spikes, 2) - 1"),
            "event_two_results": ("events", "two results have room", "MatvecEventModel.results_before", "ordinals(ends) - 1", "ordinals(ends) - 2"),
            "event_result_at_once": ("events", "the last beat is taken as a result leaves", "MatvecEventModel.events_of", "self.results_before(), 1)", "self.results_before(), 0)"),
            "event_latency": ("events", "the latency counts from a beat's first spike", "MatvecEventModel.events_of", "2 * positions(ends) + 1,", "2 * positions(ends),"),
        },
    ),
    **_of("units.matvec", {"matvec_held": ("held", "held inputs are taken at once", "MatvecModel.events", "step % self.held == 0", "step % self.held == step")}),
    **_of("units.weighted_sums", {"bias_dropped": ("deep", "biases are not added", "weighted_sums", "np.int64) + bias", "np.int64)")}),
    **_of(
        "units.layout",
        {
            "steps_outer": ("deep", "time steps are inside chunks in every stream", "Layout.spread", "if self.outer else (self.chunks, self.step_beats)", "if False else (self.chunks, self.step_beats)"),
            "digits_reversed": ("deep", "trains begin with the least digit", "digits_of", "np.arange(steps - 1, -1, -1, dtype=np.int64)", "np.arange(steps, dtype=np.int64)"),
            "codes_unweighted": ("deep", "the digits of a train have one weight", "codes_of", "2 * codes + digits", "codes + digits"),
        },
    ),
    **_of(
        "semantics.plan",
        {
            "packed_columns": ("deep", "images are sent column by column", "pack_input", "codes.transpose(0, 1, 3, 4, 2)", "codes.transpose(0, 1, 4, 3, 2)"),
            "packed_bits": ("deep", "codes are sent most significant bit first", "pack_input", "np.arange(steps)) & 1", "np.arange(steps)[::-1]) & 1"),
            "encoded_down": ("deep", "pixels are rounded down", "encode", "np.floor(real * highest + 0.5)", "np.floor(real * highest * 0.999)"),
            "decoded_map": ("deep", "maps are decoded channel by channel", "StreamInfo.decode", ".reshape(-1, self.layout.height, self.layout.width, channels).transpose(0, 3, 1, 2)", ".reshape(-1, channels, self.layout.height, self.layout.width)"),
            "stalls_dropped": ("deep", "back-pressure is forgotten", "Plan.schedule", "((INPUT, gaps), (OUTPUT, stalls))", "((INPUT, gaps),)"),
        },
    ),
    **_of(
        "analysis.event_graph",
        {
            "offers_early": ("deep", "a beat is offered in the cycle of the one before", "Schedule.offers", "first[1:] = taken[:-1] + 1", "first[1:] = taken[:-1]"),
            "offers_without_gaps": ("deep", "gaps are not counted in offers", "Schedule.offers", "first += self.delays[process]", "pass"),
            "interval_ignored": ("chain", "all processes step each cycle", "_Solver.spacing", "process.interval * np", "1 * np"),
            "interval_of_images": ("chain", "the first event of an image follows the last one at once", "_Solver.relax", "previous + process.interval", "previous + 1"),
            "least_interval": ("chain", "the smallest interval of a shared process counts", "EventGraph.union", "process.interval > known.interval", "process.interval < known.interval"),
            "repeated_late": ("deep", "images that repeat are a cycle too far apart", "_Solver._repeat", "period * np.arange", "(period + 1) * np.arange"),
            "steady_too_soon": ("chain", "two images at some distance are the steady state", "_Solver.solve", "steady > self.lookback", "True"),
            "latency_short": ("deep", "the latency counts one cycle less", "interval_and_latency", "times[first][0, 0]) + 1", "times[first][0, 0])"),
            "interval_of_first": ("chain", "the interval is the distance of the first two images", "interval_and_latency", "return int(distances[-1])", "return int(distances[0])"),
            "history_short": ("deep", "images before the last one are forgotten", "_Solver.gather", "(self.pad + image) * events, 0)", "(self.pad + image) * events, (self.pad + image - 1) * events + 1)"),
        },
    ),
}  # fmt: skip
"""By name."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """A healthy design, and what its Verilog did in each run."""

    design: Lowered
    runs: Sequence[tuple[Run, Recorded]]

    @staticmethod
    def of(batch: Batch, name: str) -> Simulated:
        """Simulates; without a mutant everything must agree."""
        design = batch.designs[name]
        runs = random_runs(design, IMAGES, seed=0)
        recorded = [batch.record(name, one, Prediction.of(design.plan, one).last) for one in runs]
        found = Simulated(design, list(zip(runs, recorded, strict=True)))
        wrong = found.problem(design.plan)
        assert not wrong, f"without any mutant: {wrong}"
        return found

    def problem(self, model: Plan) -> str:
        """What a cycle model says that is not so; empty if all is right."""
        for one, recorded in self.runs:
            message = Prediction.of(model, one).against(recorded).message
            if message:
                return message
        wrong = differing_values(replace(self.design, plan=model), self.runs[0][0].codes)
        if wrong:
            return f"other values than those of the integer network on {', '.join(wrong)}"
        return "" if model.is_data_dependent else self._slower(model)

    def _slower(self, model: Plan) -> str:
        """Latency and interval against those that were seen at full speed."""
        traces = self.runs[0][1].traces
        ends = traces[OUTPUT].transfers.reshape(IMAGES, -1)[:, -1]
        latency, interval = int(ends[0] - traces[INPUT].transfers[0]) + 1, int(ends[-1] - ends[-2])
        predicted = model.speed()
        if predicted == (interval, latency):
            return ""
        return f"interval and latency {predicted}, in fact {(interval, latency)}"


CHAIN: Sequence[Fifo | Worker] = (Fifo(2), Worker(2, 3), Fifo(20), Worker(1, 5), Worker(4, 1), Fifo(1))
"""Stages that let beats through at different speeds: units say as intervals what follows from their other edges."""
BEATS, LONG = 4, 40


def chain_problem() -> str:
    """What schedules say of the chain that is not so, played cycle by cycle; empty if all is right."""
    streams = [f"s{number}" for number in range(len(CHAIN) + 1)]
    pairs = zip(CHAIN, streams, streams[1:], strict=False)
    graph = EventGraph.union([stage.graph(BEATS, taken, given) for stage, taken, given in pairs])
    rng = np.random.default_rng(0)
    pauses = rng.integers(0, 6, (2, BEATS * LONG)) * (rng.random((2, BEATS * LONG)) < 0.4)
    for gaps, stalls in (pauses, np.zeros_like(pauses)):
        delays = {streams[0]: gaps, streams[-1]: stalls} if gaps.any() else {}
        schedule = solve(graph, LONG, delays)
        played = simulate(deepcopy(CHAIN), gaps.tolist(), stalls.tolist())
        for name, stream in zip(streams, played, strict=True):
            if schedule.times[name].reshape(-1).tolist() != stream.taken[: BEATS * LONG]:
                return f"stream {name} of a chain is taken otherwise"
            if schedule.offers(name).reshape(-1).tolist() != stream.offered[: BEATS * LONG]:
                return f"stream {name} of a chain is offered otherwise"
    for name, stream in ((streams[0], played[0]), (streams[-1], played[-1])):
        ends = np.array(stream.taken[: BEATS * LONG]).reshape(LONG, BEATS)[:, -1]
        speed = interval_and_latency(graph, streams[0], name, LONG)
        seen = int(ends[-1] - ends[-2]), int(ends[0] - played[0].taken[0]) + 1
        if speed != seen:
            return f"interval and latency {speed} up to {name} of a chain, in fact {seen}"
    return _throttled()


def _throttled() -> str:
    """Events that are as fast as can be until five images are under way, and then wait for the first of them."""
    beat = np.arange(BEATS, dtype=np.int64)
    graph = EventGraph((Process("a", BEATS),), (After("a", "a", beat - 5 * BEATS, 100),))
    wanted: list[int] = []
    for number in range(BEATS * LONG):
        before = wanted[number - 5 * BEATS] + 100 if number >= 5 * BEATS else 0
        wanted.append(max(before, wanted[-1] + 1 if wanted else 0))
    found = solve(graph, LONG).times["a"].reshape(-1).tolist()
    return "" if found == wanted else "events that are throttled come otherwise"


def run(names: Sequence[str], report: Report) -> None:
    """Compares the prediction of each mutant with what the hardware did; raises if a healthy one fails."""
    cases = list(dict.fromkeys(MUTANTS[name].case for name in names if MUTANTS[name].case != "chain"))
    wrong = chain_problem()
    assert not wrong, f"without any mutant: {wrong}"
    designs = [lower(CASES[case].network(f"model_{case}", seed=SEED), CASES[case].decisions) for case in cases]
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        batch = Batch(designs, Path(folder) / "verilog") if designs else None
        simulated = {case: Simulated.of(batch, f"model_{case}") for case in cases if batch is not None}
    for name in names:
        report(_outcome(name, simulated.get(MUTANTS[name].case)))


def _outcome(name: str, simulated: Simulated | None) -> Outcome:
    """Of a mutant and the design in which it shows, or the chain of stages."""
    try:
        with applied([MUTANTS[name].edit]):
            if simulated is None:
                wrong = chain_problem()
            else:
                wrong = simulated.problem(plan(find_graph(simulated.design.graph)))
    except NotApplicableError as error:
        return Outcome(CATALOGUE, name, "not applicable", str(error))
    except ScheduleError as error:
        return Outcome(CATALOGUE, name, "killed", f"no schedule for what the hardware does: {error}")
    except Exception as error:
        return Outcome(CATALOGUE, name, "refused", f"{type(error).__name__}: {error}"[:200])
    return Outcome(CATALOGUE, name, "killed" if wrong else "survived", wrong)
