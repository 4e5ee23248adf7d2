"""The real TUI on scripted strands, without a daemon, run by scripts/bench/counted_terminal.py in a pty.

    python scripts/bench/scripted_app.py CONTROL FRAMES

Each line on the file descriptor CONTROL is a step, and each is answered with a line of JSON.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from protocol.generation import RANKS
from protocol.ranges import FrameRange, LevelRange

LEVELS, CODEBOOK = 12, 1024
TICK_S = 0.005
DRAWN_FRAMES = 12  # in a tenth of a second, more than a laptop draws


class Stalls:
    """Measures in the app by how much its event loop is late."""

    def __init__(self) -> None:
        self.worst_ms = 0.0
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            began_s = time.perf_counter()
            await asyncio.sleep(TICK_S)
            self.worst_ms = max(self.worst_ms, (time.perf_counter() - began_s - TICK_S) * 1000)

    def take(self) -> float:
        """The longest delay since the last call, in milliseconds."""
        worst, self.worst_ms = self.worst_ms, 0.0
        return worst


def scripted_codes(repeat: float, seed: int, frames: int) -> Any:
    """(Q, T) codes; `repeat` is the share of cells that hold the code to their left."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, CODEBOOK, (LEVELS, frames), dtype=np.uint16)
    hold = random.random((LEVELS, frames)) < repeat
    hold[:, 0] = False
    starts = np.maximum.accumulate(np.where(hold, 0, np.arange(frames)), axis=1)
    return np.take_along_axis(codes, starts, axis=1)


def run_app(control: int, frames: int) -> None:
    """Run the app; each line on `control` is a step, each answered with a line of JSON."""
    from protocol.messages.models import Atlas, ModelInfo
    from protocol.messages.strands import StrandInfo
    from protocol.strands import StrandMeta
    from tui.actions.press import Press
    from tui.app import AlleleApp
    from tui.model.atlas import CodeAtlas, Colours
    from tui.model.cursor import Cursor
    from tui.model.grid import StrandGrid
    from tui.model.meter import Reading
    from tui.transport.client import Event
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
            [cell, grid.columns[:, 1350:1351]],
        )
        draw()

    def playhead() -> None:
        app.sound._frame = (app.sound._frame or 1300) + 1
        app._on_change("playhead", "")

    def drawn() -> None:
        """Fill in the frames that an engine draws in a tenth of a second; the first call only begins."""
        from protocol.messages.events import CellsDrawn

        known = session.edits.drawn.get("random")
        first = 1300 if known is None else 1300 + known.count
        count = 0 if known is None else DRAWN_FRAMES
        session.edits.slow["random"] = b"r"
        body = CellsDrawn(
            strand="random",
            cause=b"r",
            levels=LevelRange(0, LEVELS - 1),
            frames=FrameRange(first, first + count),
            whole=FrameRange(1300, 1380),
        )
        codes = scripted_codes(0.0, 3, first + count)[:, first:]
        session._on_event(Event(name="CellsDrawn", body=body, buffers=[codes, np.ones((LEVELS, 80), np.uint8)], seq=0))

    def metered() -> None:
        """Move the playhead and change every number of the meter, as a fifth of the ticks do at most."""
        sound = app.sound
        low = sound.meter.shown is not None and sound.meter.shown.peak_db == -3.1
        sound.meter.clear()
        sound.meter.take(Reading(-12.4, -28.7, 0.0) if low else Reading(-3.1, -19.6, 1.2), time.monotonic())
        sound._changed("meter")
        playhead()

    def generating() -> None:
        """Show the Generate screen with two batches of eight sounds."""
        from protocol.messages.sounds import Sound

        random = np.random.default_rng(3)
        for number in range(16):
            session.sounds._sounds.setdefault("m", []).append(
                Sound(
                    model="m",
                    batch=f"20260101-10{number // 8:02}00-aa",
                    name=f"m-{number}",
                    audio=f"/m-{number}.wav",
                    strand=f"/m-{number}.alle",
                    seconds=4.0,
                    samples=192_000,
                    seed=number,
                    engine="events",
                    picture=random.integers(0, 100, 64).tolist(),
                    descriptors={f"{knob}_rank": float(random.random()) for knob in RANKS},
                )
            )
        app.generating.hears = False
        app.go("generate")

    def making() -> None:
        """Move the progress of a generation on, as ten events a second do at most."""
        from protocol.messages.jobs import JobInfo

        frame = app.sound._frame = (app.sound._frame or 1300) + 1
        detail = f"2 of 8 made; frame {frame - 1200}, {(frame - 1200) / 46.875:.1f} of 4 s"
        session.jobs["j1"] = JobInfo(
            id="j1", kind="generate", subject="m", state="running", phase="working", progress=0.31, detail=detail
        )
        app._on_change("jobs", "j1")

    def cpu() -> float:
        return repaint_cpu(app)

    steps: dict[str, Any] = {
        "page random": lambda: page(0, 1300),
        "page demo": lambda: page(1, 1300),
        "back": lambda: (page(1, 0), page(0, 0)),
        "edit grid": lambda: edit(app_grid().redraw),
        "edit all": lambda: edit(lambda: app._on_change("strand", "random")),
        "playhead": playhead,
        "metered": metered,
        "drawn": drawn,
        "drawing ends": lambda: (session.edits.slow.clear(), session.edits.drawn.clear(), app.screen.draw()),
        "right": lambda: app.screen.carry_out("move.right", Press()),
        "panel": lambda: (app.screen.keys.feed("g"), app.screen.keys._show_keys()),
        "escape": lambda: app.top_screen.keys.feed("escape"),
        "help": lambda: app.screen.carry_out("app.help", Press()),
        "down": lambda: app.top_screen.carry_out("list.down", Press()),
        "redraw": lambda: app.handlers["app.redraw"](Press()),
        "resize": lambda: app.screen.carry_out("pane.higher", Press()),
        "zoom": lambda: app.screen.carry_out("pane.zoom", Press()),
        "themes": lambda: app.screen.carry_out("app.theme", Press()),
        "next theme": lambda: (app.screen.rows.step(1), app.screen.moved()),
        "leave themes": lambda: app.screen.dismiss(None),
        "generate": generating,
        "more": lambda: (app.screen.controls.go("brightness"), app.screen.carry_out("generate.more", Press())),
        "to sounds": lambda: app.screen.carry_out("list.other", Press()),
        "making": making,
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


if __name__ == "__main__":
    run_app(int(sys.argv[1]), int(sys.argv[2]))
