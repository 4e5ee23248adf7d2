"""The byte budgets of docs/adr/0050-grid-drawing.md, counted in a real pty by scripts/bench/bench_grid.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "bench" / "bench_grid.py"
BUDGETS = {
    "grid repaint, random codes": 45_000,
    "grid repaint, 70 % of codes repeat": 20_000,
    "one-cell edit, grid": 100,
    "one-cell edit, whole pty": 400,
    "playhead tick": 300,
    "cells filled in by a tenth of a second": 4_000,
    "cursor right, whole pty": 400,
    "keys after a prefix": 3_000,
    "playhead tick beside them": 300,
    "help over the screen": 20_000,
    "a row down in it": 600,
    "whole screen afresh, both grids": 45_000,
    "the Generate screen": 20_000,
    "a control stepped": 300,
    "a sound down in its list": 900,
    "progress of making sounds": 300,
}
LEAST = {
    "grid repaint, random codes": 15_000,
    "one-cell edit, grid": 10,
    "playhead tick": 10,
    "cells filled in by a tenth of a second": 500,
}


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    """One run of the real app in a pty, 256 colours, 211×50."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TEXTUAL")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", BUDGETS)
def test_an_update_stays_within_its_bytes(measured: dict[str, float], what: str) -> None:
    assert LEAST.get(what, 1) <= measured[what] <= BUDGETS[what]


def test_a_grid_repaint_costs_little_cpu(measured: dict[str, float]) -> None:
    assert measured["grid repaint CPU, ms"] <= 6 * 2, "twice the budget, which is for a core of its own"
