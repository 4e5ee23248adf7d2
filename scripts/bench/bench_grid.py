"""Bytes and CPU of the editor's grid, counted in a real pty.

The parent opens a pty, runs the real TUI in it on scripted strands (this file with --child; no daemon), asks it over a
pipe for one thing after the other, and counts what arrives until the terminal is quiet. Prints a table, or with
--json the numbers; --write puts the table into docs/BENCHMARKS.md between its markers.
"""

import argparse
import asyncio
import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_page import put_section
from protocol.ranges import FrameRange, LevelRange

LEVELS, CODEBOOK, FRAMES = 12, 1024, 2000
SIZE = (211, 50)  # eleven columns of level names: 12 × 200 cells are visible
QUIET_S = 0.15
BUDGETS = {
    "grid repaint, random codes": 45_000,
    "grid repaint, 70 % of codes repeat": 20_000,
    "one-cell edit, grid": 100,
    "one-cell edit, whole pty": 400,
    "playhead tick": 300,
    "cursor right, whole pty": 400,
}


# --- the child: the real app on scripted strands ---------------------------------------------------------------


def scripted_codes(repeat: float, seed: int, frames: int) -> Any:
    """(Q, T) codes; `repeat` is the share of cells that hold the code to their left."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, CODEBOOK, (LEVELS, frames), dtype=np.uint16)
    hold = random.random((LEVELS, frames)) < repeat
    hold[:, 0] = False
    starts = np.maximum.accumulate(np.where(hold, 0, np.arange(frames)), axis=1)
    return np.take_along_axis(codes, starts, axis=1)


def child(control: int, frames: int) -> None:
    """Run the app; each line on `control` is a step, each answered with a line of JSON."""
    from bench_link import Stalls
    from protocol.messages.models import Atlas, ModelInfo
    from protocol.messages.strands import StrandInfo
    from protocol.strands import StrandMeta
    from tui.actions.press import Press
    from tui.app import AlleleApp
    from tui.model.atlas import CodeAtlas, Colours
    from tui.model.cursor import Cursor
    from tui.model.grid import StrandGrid
    from tui.widgets.driver import tune_textual

    tune_textual(False)
    app = AlleleApp(Path(tempfile.gettempdir()) / "allele-bench-no-daemon")
    session = app.session

    def strand(name: str, repeat: float, seed: int) -> None:
        meta = StrandMeta(
            name=name, model="m", codec_id="c", levels=LEVELS, codebook=CODEBOOK, frames=frames, samples=frames * 1024
        )
        info = StrandInfo(id=name, meta=meta, rev=0)
        session.strands[name] = info
        session.grids.put(StrandGrid(info, scripted_codes(repeat, seed, frames)))

    async def scripted() -> None:
        strand("random", 0.0, 1)
        strand("demo", 0.7, 2)
        ranks = np.tile(np.arange(CODEBOOK, dtype=np.uint16), (LEVELS, 1))
        session.models = [
            ModelInfo(name="m", codec_id="c", corpus="", levels=LEVELS, codebook=CODEBOOK, steps=1, seconds=1.0)
        ]
        session.atlases._colours["m", ""] = Colours("scripted", ranks)
        session.atlases._atlases["m"] = CodeAtlas(Atlas(model="m", codec_id="c", state="absent"))
        session.connection.state, session.engine, session.device = "connected", "stopped", "cpu"
        app.editor.panes[0].strand, app.editor.panes[1].strand = "random", "demo"
        app.editor.linked = False
        app.sound._strand = "random"
        asyncio.get_running_loop().add_reader(control, on_line)
        app.screen.draw()
        steps["stall"] = Stalls().take

    def page(pane: int, frame: int) -> None:
        app.editor.focus = pane
        app.editor.place(Cursor(0, frame), app.screen.context.grids())
        app.screen.draw()

    def edit(draw: Any) -> None:
        from protocol.messages.events import StrandChanged

        grid = session.grids["random"]
        info = StrandInfo(id="random", meta=grid.info.meta, rev=grid.rev + 1, undo_depth=grid.rev + 1)
        cell = np.array([[(int(grid.codes[5, 1350]) + 512) % CODEBOOK]], dtype=np.uint16)
        grid.apply(
            StrandChanged(strand=info, kind="edit", edit="set", levels=LevelRange(5, 5), frames=FrameRange(1350, 1351)),
            cell,
        )
        draw()

    def playhead() -> None:
        app.sound._frame = (app.sound._frame or 1300) + 1
        app._on_change("playhead", "")

    def cpu() -> float:
        return repaint_cpu(app)

    steps: dict[str, Any] = {
        "page random": lambda: page(0, 1300),
        "page demo": lambda: page(1, 1300),
        "back": lambda: (page(1, 0), page(0, 0)),
        "edit grid": lambda: edit(app_grid().redraw),
        "edit all": lambda: edit(lambda: app._on_change("strand", "random")),
        "playhead": playhead,
        "right": lambda: app.screen.carry_out("move.right", Press()),
        "redraw": lambda: app.handlers["app.redraw"](Press()),
        "cpu": cpu,
        "quit": lambda: app.exit(0),
    }

    def app_grid() -> Any:
        return app.screen.view.widgets[0].grid

    def on_line() -> None:
        name = os.read(control, 4096).decode().strip()
        result = steps[name]()
        os.write(control, json.dumps(result if isinstance(result, float) else None).encode() + b"\n")

    app._begin = scripted  # the scripted feed in place of a daemon
    app.run(mouse=False)


def repaint_cpu(app: Any) -> float:
    """Milliseconds of CPU to build and encode the strips of one whole grid, nothing cached; the best of 30."""
    from rich.console import Console
    from textual._compositor import ChopsUpdate

    from tui.widgets.terminal import DiffUpdate, Terminal

    grid = app.screen.view.widgets[0].grid
    console: Console = app.console
    region = grid.size.region
    taken: list[float] = []
    for _ in range(30):
        grid._strips.clear()
        terminal = Terminal()
        terminal._sgr = app.terminal._sgr
        began = time.thread_time()
        strips = grid.render_lines(region)
        chops = [{0: strip} for strip in strips]
        spans = [(y, 0, region.width) for y in range(region.height)]
        DiffUpdate(ChopsUpdate(chops, spans, [[region.width]] * region.height), terminal).render_segments(console)
        taken.append((time.thread_time() - began) * 1000)
    return min(taken)


# --- the parent: a terminal that counts ------------------------------------------------------------------------


SETS_THE_SCREEN = ("NO_COLOR", "COLORTERM", "SSH_CONNECTION", "COLUMNS", "LINES")
"""What of the environment would be obeyed instead of the pty made here."""


class Terminal:
    """A pty with the app in it."""

    def __init__(self, env: dict[str, str], frames: int = FRAMES) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self._socket, other = socket.socketpair()
        command = [sys.executable, str(Path(__file__)), "--child", str(other.fileno()), "--frames", str(frames)]
        environment = {k: v for k, v in os.environ.items() if k not in SETS_THE_SCREEN}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(other.fileno(),),
            env={**environment, **env},
            start_new_session=True,
        )
        os.close(slave)
        other.close()

    def read(self, patience_s: float = QUIET_S) -> bytes:
        """Everything that arrives until nothing does for a while."""
        data = b""
        while select.select([self.master], [], [], patience_s)[0]:
            try:
                more = os.read(self.master, 1 << 16)
            except OSError:
                break
            if not more:
                break
            data += more
        return data

    def step(self, name: str) -> tuple[bytes, Any]:
        """Ask for a step; what the terminal got, and the answer."""
        self._socket.sendall(name.encode() + b"\n")
        answer = json.loads(self._socket.recv(4096))
        return self.read(), answer

    def close(self) -> None:
        try:
            self._socket.sendall(b"quit\n")
            self.read(0.5)
            self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self._socket.close()
        os.close(self.master)


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
        found["cursor right, whole pty"] = len(terminal.step("right")[0])
        found["whole screen afresh, both grids"] = len(terminal.step("redraw")[0])
        found["grid repaint CPU, ms"] = round(terminal.step("cpu")[1], 2)
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
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the numbers of 256 colours as JSON")
    parser.add_argument("--write", action="store_true", help="also write docs/BENCHMARKS.md")
    parser.add_argument("--frames", type=int, default=FRAMES, help=argparse.SUPPRESS)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        child(arguments.child, arguments.frames)
    elif arguments.json:
        print(json.dumps(measure(**TIERS["256 colours"])))
    else:
        text = table()
        print(text)
        if arguments.write:
            put_section("bench_grid", "The editor's grid (`scripts/bench/bench_grid.py --write`)", text)


if __name__ == "__main__":
    main()
