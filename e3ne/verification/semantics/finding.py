"""What the comparison of a module before and after a pass found."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from e3ne.verification.semantics.programs import Data


@dataclass(frozen=True, eq=False)
class Finding:
    """`compared` says what was compared; `wrong` (inputs,) are the inputs that break the rule, `message` how."""

    compared: str
    wrong: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    message: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.message


def describe_input(data: Data) -> str:
    """One input in a line: its shape, and its numbers that are not 0 if they are few."""
    places = np.argwhere(data)
    what = f"an input of shape {data.shape} with {len(places):,} of {data.size:,} numbers not 0"
    shown = ", ".join(f"{tuple(int(n) for n in place)}: {data[tuple(place)]:.17g}" for place in places[:8])
    return f"{what} ({shown})" if 0 < len(places) <= 8 else what
