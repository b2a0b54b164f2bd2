"""The coefficients of the cost formulas, a file a family: costs-FAMILY.json, written by `e3ne calibrate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from e3ne.devices.families import FAMILIES, Family
from e3ne.errors import E3neError

SCHEMA = 1


@dataclass(frozen=True)
class Coefficients:
    """LUTs and flip-flops for each part that a kind of unit counts."""

    lut: Mapping[str, float]
    ff: Mapping[str, float]


def data_file(family: Family) -> str:
    """The name of the file of a family."""
    return f"costs-{family}.json"


@cache
def coefficients(family: str) -> Mapping[str, Coefficients]:
    """The coefficients of each kind of unit; raises E3neError for a family that is not known or not calibrated."""
    if family not in FAMILIES:
        raise E3neError(f"there is no device family '{family}'; there are: {', '.join(FAMILIES)}")
    path = files("e3ne.devices").joinpath(data_file(family))
    if not path.is_file():
        raise E3neError(f"the costs of family '{family}' are not known: run e3ne calibrate --family {family}")
    data = json.loads(path.read_text(encoding="utf-8"))
    kinds = cast(dict[str, dict[str, dict[str, float]]], data["kinds"])
    return {name: Coefficients(kind["lut"], kind["ff"]) for name, kind in kinds.items()}
