"""The order of the passes: named stages, each with the reason why it stands where it stands.

The module after each stage is kept in OUT/ir, so that a compilation can be stopped, changed and taken up anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from e3ne.devices.families import SMALL_LUT_FAMILIES
from e3ne.devices.parts import part
from e3ne.options import DEFAULT_PERIOD, Options
from e3ne.pipeline_runner import quoted

ANY = 1 << 30
"""Cycles that are no limit."""


@dataclass(frozen=True)
class Stage:
    """Passes that run together; `name` is the name of the file of the module after them."""

    name: str
    passes: tuple[str, ...]
    reason: str


def relu_stages(options: Options, data: str, *, tuned: bool) -> list[Stage]:
    """From a float network of ReLUs to integers; a tuned one has been folded, calibrated and trained already."""
    if options.converts:
        return conversion_stages(options, data)
    return [quantize_stage(options, data)] if tuned else network_stages(options, data)


def network_stages(options: Options, data: str) -> list[Stage]:
    """From the float network to the integer network; `data` is the file of calibration images."""
    own = "".join(
        f" {name.replace('_', '-')}={quoted(getattr(options, name))}"
        for name in ("weight_bits_by_layer", "encoding_by_layer", "steps_by_layer")
        if getattr(options, name)
    )
    if options.encoding != "radix":
        own += f" encoding={quoted(options.encoding)}"
    if options.period != DEFAULT_PERIOD:
        own += f" period={options.period}"
    calibrate = (
        f"snn-calibrate{{data={quoted(data)} steps={options.steps} weight-bits={options.weight_bits} "
        f"granularity={quoted(options.granularity)} method={quoted(options.calibration)}{own}}}"
    )
    stages = [
        Stage("folded", ("snn-fold-batch-norm",), "scales are chosen for the weights that the hardware will hold"),
        Stage("calibrated", (calibrate,), "activations are measured on the network whose layers are final"),
    ]
    if options.fine_tune:
        tune = f"snn-fine-tune{{data={quoted(data)} epochs={options.fine_tune}}}"
        stages.append(Stage("tuned", (tune,), "training starts from calibrated scales and ends before rounding"))
    return [*stages, quantize_stage(options, data)]


def conversion_stages(options: Options, data: str) -> list[Stage]:
    """From a float network of ReLUs to integrate-and-fire neurons, and to integers; an image is spikes, or `direct`."""
    method = quoted(options.calibration)
    convert = f"snn-convert-to-rate{{data={quoted(data)} time-steps={options.time_steps} method={method}}}"
    return [
        Stage("folded", ("snn-fold-batch-norm",), "thresholds are balanced for the weights that neurons will see"),
        Stage("converted", (convert,), "activations are measured on the network whose layers are final"),
        spiking_stage(options, data, options.time_steps, 0),
    ]


def spiking_stage(options: Options, data: str, time_steps: int, most: int) -> Stage:
    """From a float network of integrate-and-fire neurons to integers; `most` spikes of an input a step, 0: images."""
    images = 'input="rate"' if options.encoding == "rate" else f'input="direct" input-bits={options.input_bits}'
    given = f'input="spikes" most={most}' if most else images
    quantize = (
        f"snn-quantize-spiking{{time-steps={time_steps} weight-bits={options.weight_bits} {given} "
        f"fraction-bits={options.fraction_bits}}}"
    )
    count = f"snn-count-operations{{data={quoted(data)}}}"
    passes = (quantize, *(("snn-append-argmax",) if options.output == "class" else ()), count)
    return Stage("integer", passes, "neurons of trained spikes have no scales to calibrate")


def integer_stage(options: Options, data: str) -> Stage:
    """Of a network that comes as integers."""
    count = f"snn-count-operations{{data={quoted(data)}}}"
    passes = (*(("snn-append-argmax",) if options.output == "class" else ()), count)
    return Stage("integer", passes, "what its training has made integers stays as it is")


def quantize_stage(options: Options, data: str) -> Stage:
    """The last stage on the network: from here on all numbers are integers."""
    count = f"snn-count-operations{{data={quoted(data)}}}"
    passes = ("snn-quantize", *(("snn-append-argmax",) if options.output == "class" else ()), count)
    return Stage("integer", passes, "everything below computes with integers; energy depends on how often they meet")


def hardware_stages(options: Options) -> list[Stage]:
    """From the integer network to rtl."""
    limits, family = options.limits, part(options.device).family
    asked = [f"objective={quoted(options.objective)}", *(f"{name}={limit}" for name, limit in limits.items() if limit)]
    asked += [f"family={quoted(family)}"]
    if options.pixels:
        asked += [f"pixels={options.pixels}"]
    if options.decisions:
        asked += [f"decisions={quoted(options.decisions)}"]
    enough = " ".join(f"{name}={limits[name] or ANY}" for name in ("interval", "latency"))
    shallow = options.objective in ("area", "energy")
    buffers = f"dataflow-insert-fifos{{{enough}}}" if shallow else "dataflow-insert-fifos"
    small = family in SMALL_LUT_FAMILIES
    target = ('dataflow-set-target{lut-inputs=4 control="credit" search="ahead"}',) if small else ()
    return [
        Stage("dataflow", ("convert-snn-to-dataflow",), "layers become units, still without any layout"),
        Stage(
            "chosen",
            (*target, f"dataflow-choose{{{' '.join(asked)}}}"),
            "all choices are made at once, because what is best for a unit depends on its neighbours",
        ),
        Stage("laid-out", ("dataflow-legalize-streams",), "choices decide layouts, layouts need converters"),
        Stage(
            "buffered",
            (buffers, "dataflow-check-ranges"),
            "depths follow from the schedule of the finished graph, whose widths are then proved to be enough",
        ),
        Stage(
            "rtl",
            ("convert-dataflow-to-rtl", *rtl_passes(family), "rtl-check-combinational-loops"),
            "constants and equal logic vanish before the hardware is checked and printed",
        ),
    ]


def rtl_passes(family: str) -> tuple[str, ...]:
    """What is done to the modules of units for a family, between their builders and the last check."""
    if family in SMALL_LUT_FAMILIES:
        # Counters are plain to see once constants are folded.
        return "rtl-split-memories", "canonicalize", "cse", "rtl-compare-ahead", "cse"
    return "canonicalize", "cse"


def remaining(stages: Sequence[Stage], done: str) -> str:
    """The passes after stage `done` as one pipeline for `e3ne-opt -p`."""
    names = [stage.name for stage in stages]
    after = stages[names.index(done) + 1 :] if done in names else stages
    return ",".join(name for stage in after for name in stage.passes)
