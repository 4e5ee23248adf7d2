"""The comparison of speeds: every network takes its turn in each round, and ratios are of one round."""

from typing import Any

import numpy as np
import pytest

import bench_speed


@pytest.mark.parametrize(("ours_s", "is_reached"), [(0.01, True), (0.02, False)])
def test_the_ratio_is_the_median_of_the_rounds_own(
    monkeypatch: pytest.MonkeyPatch, ours_s: float, is_reached: bool
) -> None:
    """The machine is three times as slow in one round: it changes no ratio."""
    slow = iter([1.0, 1.0, 3.0, 1.0] * 99)
    order: list[str] = []
    now = [1.0]

    def turn(name: str, seconds: float) -> Any:
        def take() -> tuple[float, float]:
            order.append(name)
            if name == "ours":
                now[0] = next(slow)
            return seconds * now[0], seconds * now[0]

        return take

    monkeypatch.setattr(bench_speed, "THREADS", [1])
    monkeypatch.setattr(bench_speed, "ours", lambda *_: turn("ours", ours_s))
    monkeypatch.setattr(bench_speed, "peer", lambda _, name, __: turn(name, 0.031 if name == "rave-like" else 0.25))
    table, reached = bench_speed.compare(np.zeros(48_000, np.float32), 2, 16, "a test", 3)
    assert reached is is_reached
    assert order[:5] == ["ours", "encodec", "snac", "dac-like", "rave-like"] and len(order) == 4 * 5
    (row,) = [line for line in table.splitlines() if line.startswith("| rave-like")]
    ratio = f"{0.031 / ours_s:.1f}"
    assert f"| {ratio}× | {ratio}–{ratio}× | ≥ 2 | {'met' if is_reached else '**not met**'} |" in row
