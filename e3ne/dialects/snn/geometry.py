"""Shapes of sliding windows: pure integer arithmetic, shared by verifiers, interpreters and passes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A window that slides over a map. Sizes are (vertical, horizontal); padding is (top, left, bottom, right)."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns that the window spans, dilation included."""
        return (
            (self.kernel[0] - 1) * self.dilation[0] + 1,
            (self.kernel[1] - 1) * self.dilation[1] + 1,
        )

    @property
    def taps(self) -> int:
        """The number of elements under the window."""
        return self.kernel[0] * self.kernel[1]

    def positions(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of window positions over a map of height x width."""
        top, left, bottom, right = self.padding
        rows = (height + top + bottom - self.extent[0]) // self.stride[0] + 1
        columns = (width + left + right - self.extent[1]) // self.stride[1] + 1
        return rows, columns

    def problems(self, height: int, width: int) -> list[str]:
        """What is wrong with this window on a map of height x width; empty if nothing."""
        found: list[str] = []
        for name, values, least in (
            ("kernel", self.kernel, 1),
            ("stride", self.stride, 1),
            ("dilation", self.dilation, 1),
            ("padding", self.padding, 0),
        ):
            if any(value < least for value in values):
                found.append(f"{name} {list(values)} has a size below {least}")
        if not found and min(self.positions(height, width)) < 1:
            found.append(
                f"a window of {self.extent[0]}x{self.extent[1]} does not fit into the padded map of {height}x{width}"
            )
        return found

    def padding_only(self, height: int, width: int) -> bool:
        """Whether some window position lies entirely in the padding of a map of height x width."""
        top, left, _, _ = self.padding
        rows, columns = self.positions(height, width)
        return _misses(rows, self.kernel[0], self.stride[0], self.dilation[0], top, height) or _misses(
            columns, self.kernel[1], self.stride[1], self.dilation[1], left, width
        )


def _misses(count: int, kernel: int, stride: int, dilation: int, before: int, size: int) -> bool:
    """Whether some position has no tap within 0 … size - 1."""
    for index in range(count):
        start = index * stride - before
        tap = max(0, -(start // dilation))  # the first that is not in front of the map
        if tap >= kernel or start + tap * dilation >= size:
            return True
    return False
