"""`python -m benchmarks.interop` that compares nothing has not succeeded."""

from __future__ import annotations

import sys

import pytest

from benchmarks.interop import __main__ as interop


def test_a_neuron_that_there_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["interop", "snntorch", "--neuron", "Leeky"])
    monkeypatch.setattr(interop, "_version", lambda name: "1")
    monkeypatch.setattr(interop, "_rows", lambda *_: iter(()))
    assert interop.main() == 2
    assert "no neuron begins with 'Leeky'" in capsys.readouterr().err
