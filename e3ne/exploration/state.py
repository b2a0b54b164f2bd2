"""OUT/explore.json: everything that was found so far, written as a whole after each point."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from e3ne.errors import E3neError
from e3ne.exploration.point import Network, Point, pareto
from e3ne.files import read_json, require_own, write_whole

STATE = "explore.json"
SCHEMA = 1
NOTES = {
    "lut, ff, bram36": "estimates before synthesis",
    "latency, interval": "cycles, by the schedule of the finished graph",
    "energy_nj": "an image; a relative measure, from counts and published energies (45 nm), without clock and leakage",
}


@dataclass
class State:
    """What was found in a folder. `about` says of which model, data and device; a folder is of one of them.

    `tried` holds the goals that are done, by network; `mixed` the networks of mixed precision, the last one last.
    """

    folder: Path
    about: Mapping[str, object]
    float_accuracy: float | None = None
    networks: dict[str, Network] = field(default_factory=dict[str, Network])
    points: list[Point] = field(default_factory=list[Point])
    tried: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    mixed: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    @property
    def front(self) -> list[Point]:
        """The points that no other one beats."""
        return pareto(self.points)

    def save(self) -> None:
        """Writes the state, and the front as a table, each at once; raises E3neError."""
        content: dict[str, object] = {
            "schema": SCHEMA,
            "about": self.about,
            "notes": NOTES,
            "float_accuracy": self.float_accuracy,
            "seconds": round(self.seconds, 1),
            "front": [point.name for point in self.front],
            "points": [asdict(point) for point in self.points],
            "networks": {name: asdict(network) for name, network in self.networks.items()},
            "tried": self.tried,
            "mixed": self.mixed,
        }
        write_whole(self.folder / STATE, json.dumps(content, indent=1) + "\n")


def require_explorable(folder: Path) -> None:
    """Raises E3neError if the folder holds something that is no exploration."""
    require_own(folder, STATE, SCHEMA, ("about", "points", "networks"), "an exploration")


def resume(folder: Path, about: Mapping[str, object]) -> State:
    """What is in a folder, or nothing yet. Raises E3neError if it is of something else."""
    require_explorable(folder)
    path = folder / STATE
    if not path.exists():
        return State(folder, about)
    found = cast(dict[str, Any], read_json(path))
    try:
        differs = [name for name in about if found["about"].get(name) != about[name]]
        if differs:
            raise E3neError(f"{folder} is an exploration with another {', '.join(differs)}: choose another folder")
        return State(
            folder,
            about,
            found["float_accuracy"],
            {name: Network(**entry) for name, entry in found["networks"].items()},
            [Point(**entry) for entry in found["points"]],
            found["tried"],
            found["mixed"],
            found["seconds"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise E3neError(f"{path} cannot be read: {error!r}") from error
