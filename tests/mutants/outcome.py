"""What became of a mutant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["killed", "refused", "survived", "not applicable"]
"""`refused`: an exception, the verifier's for example, came before anything could be compared."""


@dataclass(frozen=True)
class Outcome:
    """Of one mutant: its catalogue, its name, and what found it, or why it does not apply."""

    catalogue: str
    name: str
    status: Status
    by: str = ""


Report = Callable[[Outcome], None]
"""Is told of each mutant as soon as it is known."""
