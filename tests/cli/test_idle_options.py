"""Options that a network has no use for are refused, and not reported as if they had been followed."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from e3ne.idle_options import Form, idle_options, idle_problems
from e3ne.options import Options

OTHER = {
    "steps": 3, "period": 2, "weight_bits_by_layer": "0=3", "fine_tune": 1, "granularity": "per_layer",
    "calibration": "max", "input_bits": 4, "fraction_bits": 8, "weight_bits": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "encoding", "spikes", "idle"),
    [
        ("quantised", "radix", False, set(OTHER)),
        ("spiking", "radix", False, set(OTHER) - {"input_bits", "fraction_bits", "weight_bits"}),
        ("spiking", "radix", True, set(OTHER) - {"fraction_bits", "weight_bits"}),
        ("converted", "rate", False, set(OTHER) - {"calibration", "fraction_bits", "weight_bits"}),
        ("converted", "direct", False, set(OTHER) - {"calibration", "fraction_bits", "weight_bits", "input_bits"}),
        ("trains", "radix", False, {"period", "input_bits", "fraction_bits"}),
        ("trains", "phase", False, {"input_bits", "fraction_bits"}),
    ],
)
def test_idle_options(form: Form, encoding: str, spikes: bool, idle: set[str]) -> None:
    assert set(OTHER) < {option.name for option in fields(Options)}
    for name, value in OTHER.items():
        options = replace(Options(encoding=encoding), **{name: value})
        problems = idle_problems(form, options, "net", takes_spikes=spikes)
        encodings = [] if form != "quantised" or encoding == "radix" else ["--encoding"]
        expected = [f"--{name.replace('_', '-')}"] if name in idle else encodings
        assert [word for line in problems for word in line.replace(",", "").split() if word.startswith("--")][
            : len(expected)
        ] == expected, (name, problems)
        assert bool(problems) == bool(expected)
        assert (name in idle_options(form, options, takes_spikes=spikes)) == (name in idle)


def test_a_layer_in_phase_encoding_has_a_period() -> None:
    options = Options(encoding_by_layer="0=bipolar,3=phase", period=2)
    assert idle_problems("trains", options, "net", takes_spikes=False) == []


def test_all_of_them_are_named() -> None:
    options = Options(steps=3, granularity="per_layer", calibration="max", fine_tune=1, weight_bits_by_layer="x=3")
    (line,) = idle_problems("spiking", options, "net", takes_spikes=False)
    assert line == (
        "network 'net' has integrate-and-fire neurons: --steps, --weight-bits-by-layer, --fine-tune, --granularity, "
        "--calibration would change nothing"
    )
