"""A training curve of bounded size: when it is full, neighbouring points are merged in pairs.

Points are (x, y). `columns` returns what a plot of a given width draws: the lowest and highest y per column, so that
decimation keeps every spike.
"""

import math

Legend = tuple[str, str]
"""The name and newest value of a curve: where there is room, and where there is little."""


class Curve:
    """At most `capacity` points of a growing series. A repeated x replaces its point; a smaller x restarts it."""

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = max(4, capacity)
        self._lows: list[tuple[float, float, float]] = []  # x, lowest y, highest y
        self.last: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self._lows)

    @property
    def span(self) -> tuple[float, float]:
        """The first and last x of the curve."""
        return (self._lows[0][0], self._lows[-1][0]) if self._lows else (0.0, 0.0)

    def add(self, x: float, y: float) -> None:
        """Add a point. Points that are not finite are ignored; a smaller x than the last restarts the curve."""
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        if self._lows and x < self._lows[-1][0]:
            self._lows = [point for point in self._lows if point[0] < x]
        if self._lows and x == self._lows[-1][0]:
            self._lows.pop()
        self._lows.append((x, y, y))
        self.last = (x, y)
        if len(self._lows) > self._capacity:
            self._merge()

    def columns(self, width: int, x_first: float, x_last: float) -> list[tuple[float, float] | None]:
        """Return the lowest and highest y in each of `width` columns over [x_first, x_last], None for empty columns."""
        found: list[tuple[float, float] | None] = [None] * width
        length = max(x_last - x_first, 1e-9)
        for x, low, high in self._lows:
            column = int((x - x_first) / length * (width - 1) + 0.5)
            if 0 <= column < width:
                before = found[column]
                found[column] = (low, high) if before is None else (min(before[0], low), max(before[1], high))
        return found

    def extent(self) -> tuple[float, float] | None:
        """Return the lowest and highest y of the curve, or None when it is empty."""
        if not self._lows:
            return None
        return min(point[1] for point in self._lows), max(point[2] for point in self._lows)

    def _merge(self) -> None:
        pairs = zip(self._lows[0:-1:2], self._lows[1::2], strict=False)
        merged = [(b[0], min(a[1], b[1]), max(a[2], b[2])) for a, b in pairs]
        if len(self._lows) % 2:
            merged.append(self._lows[-1])
        self._lows = merged
