"""`e3ne compare`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

from rich.console import Console

from e3ne.comparison.entry import Comparison, Entry
from e3ne.comparison.output import SCHEMA, STATE, table_of, write_outputs
from e3ne.dialects.snn import find_network
from e3ne.dialects.snn.encodings import neuron_encodings
from e3ne.errors import INTERRUPTED, E3neError
from e3ne.files import require_own
from e3ne.model_and_data import source_and_data
from e3ne.options import MAX_STEPS, RATES, Options
from e3ne.report import SPIKE_IMAGES, accuracy, has_classes
from e3ne.semantics.snn import run_float
from e3ne.terminal import progress, terminal
from e3ne.whole_number import whole_number


def run(arguments: argparse.Namespace) -> int:
    """Measures all entries, or those until Ctrl-C; 130 then. Raises E3neError."""
    pairs = list(product(_encodings(arguments.encodings), _steps(arguments.steps)))
    options = Options(weight_bits=arguments.weight_bits, period=arguments.period)
    options.check()
    folder: Path | None = arguments.output_folder
    if folder is not None:
        require_own(folder, STATE, SCHEMA, ("model", "entries"), "a comparison")
    status, entries, written = 0, list[Entry](), list[str]()
    about: dict[str, object] = {}
    with progress(Console(stderr=True)) as show:
        try:
            show("reading the model")
            source, training, test = source_and_data(arguments, options)
            if source.is_spiking:
                raise E3neError(f"network '{source.name}' has integrate-and-fire neurons: its encoding is decided")
            if source.is_quantized:
                raise E3neError(f"network '{source.name}' is quantised: its encoding is decided")
            if not has_classes(find_network(source.reference)):
                test = replace(test, labels=None)
            show("the float network")
            real = None
            if test.labels is not None:
                real = accuracy(run_float(source.reference, test.images).outputs[0], test.labels)
            about |= {
                "model": source.name,
                "weight_bits": arguments.weight_bits,
                "float_accuracy": real,
                "samples": test.size,
                "origin": test.origin,
                "counted": min(SPIKE_IMAGES, test.size),
            }
            comparison = Comparison(source, training, test, source.own_data, arguments.weight_bits, arguments.period)
            for number, (encoding, steps) in enumerate(pairs):
                show(f"{encoding}, T = {steps} ({number} of {len(pairs)} done)")
                entries.append(comparison.measure(encoding, steps))
                if folder is not None:
                    written = write_outputs(folder, entries, about)
        except KeyboardInterrupt:
            status = INTERRUPTED
    if entries:
        console = terminal()
        console.print(table_of(entries, about))
        if folder is not None:
            console.print(f"{folder}: {' '.join(written)}", soft_wrap=True)
    return status


def _encodings(text: str) -> list[str]:
    known = (*neuron_encodings(), *RATES)
    found = [entry.strip() for entry in text.split(",")]
    if unknown := [entry for entry in found if entry not in known]:
        raise E3neError(f"--encodings has {', '.join(map(repr, unknown))}; supported: {', '.join(known)}")
    return list(dict.fromkeys(found))


def _steps(text: str) -> list[int]:
    found = {whole_number(entry) or 0 for entry in text.split(",")}
    if not all(1 <= steps <= MAX_STEPS for steps in found):
        raise E3neError(f"--steps is {text!r}; supported: numbers of 1 to {MAX_STEPS}, separated by commas")
    return sorted(found)
