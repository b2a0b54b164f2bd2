"""Images with their labels, as the reference networks are trained and tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images with their labels."""

    images: NDArray[np.float32]
    """(N, 1, 28, 28), 0 (background) to 1, in steps of 1/255."""
    labels: NDArray[np.int64]
    """(N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice | NDArray[np.integer]) -> LabelledImages:
        """Those of a slice, or those with the given indices."""
        return LabelledImages(self.images[part], self.labels[part])
