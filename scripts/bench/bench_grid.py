"""Measure bytes and CPU time of the editor's grid in a real pty.

The real TUI runs in a pty on scripted strands (scripts/bench/scripted_app.py; no daemon). The script requests one step
after the other over a socket and counts the bytes that arrive until the terminal is quiet. It prints a table, or with
--json the numbers; --write puts the table into docs/BENCHMARKS.md between its markers.
"""

import argparse
import json

from benchmark_page import put_section
from counted_terminal import SIZE, Terminal

BUDGETS = {
    "grid repaint, random codes": 45_000,
    "grid repaint, 70 % of codes repeat": 20_000,
    "one-cell edit, grid": 100,
    "one-cell edit, whole pty": 400,
    "playhead tick": 300,
    "playhead tick with the meter": 300,
    "cells filled in by a tenth of a second": 4_000,
    "cursor right, whole pty": 400,
    "keys after a prefix": 3_000,
    "playhead tick beside them": 300,
    "help over the screen": 20_000,
    "a row down in it": 600,
    "a pane higher by a row": 45_000,
    "a pane zoomed": 65_000,
    "list of themes over the screen": 20_000,
    "another theme shown": 65_000,
    "the Generate screen": 20_000,
    "a control stepped": 300,
    "a sound down in its list": 900,
    "progress of making sounds": 300,
}


def measure(term: str = "xterm-256color", **env: str) -> dict[str, float]:
    """Bytes of each step and CPU of a repaint."""
    terminal = Terminal({"TERM": term, **env})
    try:
        start = terminal.read(2.0)
        found: dict[str, float] = {"first picture": len(start)}
        found["grid repaint, random codes"] = len(terminal.step("page random")[0])
        found["grid repaint, 70 % of codes repeat"] = len(terminal.step("page demo")[0])
        terminal.step("page random")
        terminal.step("right")
        found["one-cell edit, grid"] = len(terminal.step("edit grid")[0])
        terminal.step("right")
        found["one-cell edit, whole pty"] = len(terminal.step("edit all")[0])
        terminal.step("playhead")
        found["playhead tick"] = len(terminal.step("playhead")[0])
        terminal.step("metered")
        ticks = [len(terminal.step("metered")[0]) for _ in range(2)]  # the limiter begins to act, and ends
        found["playhead tick with the meter"] = max(ticks)
        terminal.step("drawn")
        terminal.step("drawn")
        found["cells filled in by a tenth of a second"] = len(terminal.step("drawn")[0])
        terminal.step("drawing ends")
        found["cursor right, whole pty"] = len(terminal.step("right")[0])
        found["keys after a prefix"] = len(terminal.step("panel")[0])
        found["playhead tick beside them"] = len(terminal.step("playhead")[0])
        terminal.step("escape")
        found["help over the screen"] = len(terminal.step("help", 0.5)[0])
        found["a row down in it"] = len(terminal.step("down")[0])
        terminal.step("escape")
        found["a pane higher by a row"] = len(terminal.step("resize")[0])
        found["a pane zoomed"] = len(terminal.step("zoom")[0])
        terminal.step("zoom")
        found["list of themes over the screen"] = len(terminal.step("themes")[0])
        found["another theme shown"] = len(terminal.step("next theme", 1.0)[0])
        terminal.step("leave themes")
        found["whole screen afresh, both grids"] = len(terminal.step("redraw")[0])
        repaint = round(terminal.step("cpu")[1], 2)
        found["the Generate screen"] = len(terminal.step("generate", 0.5)[0])
        terminal.step("more")
        found["a control stepped"] = len(terminal.step("more")[0])
        terminal.step("to sounds")
        found["a sound down in its list"] = len(terminal.step("down")[0])
        terminal.step("making")
        found["progress of making sounds"] = len(terminal.step("making")[0])
        found["grid repaint CPU, ms"] = repaint
        return found
    finally:
        terminal.close()


TIERS = {
    "256 colours": {"term": "xterm-256color"},
    "truecolor": {"term": "xterm-256color", "COLORTERM": "truecolor"},
    "16 colours": {"term": "xterm"},
    "NO_COLOR": {"term": "xterm-256color", "NO_COLOR": "1"},
}


def table() -> str:
    """The measurements of every tier as a table."""
    results = {name: measure(**settings) for name, settings in TIERS.items()}
    lines = [f"| bytes (12 × 200 cells, {SIZE[0]}×{SIZE[1]}) | {' | '.join(results)} | budget |"]
    lines.append("|---|" + "---:|" * (len(results) + 1))
    for what in next(iter(results.values())):
        budget = BUDGETS.get(what, 6 if what.endswith("ms") else "")
        cells = " | ".join(f"{found[what]:g}" for found in results.values())
        lines.append(f"| {what} | {cells} | {budget} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the numbers of 256 colours as JSON")
    parser.add_argument("--write", action="store_true", help="also write docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    if arguments.json:
        print(json.dumps(measure(**TIERS["256 colours"])))
    else:
        text = table()
        print(text)
        if arguments.write:
            put_section("bench_grid", "The editor's grid (`scripts/bench/bench_grid.py --write`)", text)


if __name__ == "__main__":
    main()
