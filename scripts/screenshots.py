"""Write the pictures of the documentation: the real program on a model trained on the demo recordings, as SVG.

.venv/bin/python scripts/screenshots.py [--out docs/pictures] [--budget 90s] [--preset auto]

Data flow: a fresh home in a temporary folder; `AlleleApp` starts its daemon and does what `scripts/run` does (read the
recordings, train, open two sounds) in Textual's pilot; keys are pressed as a person would press them, and each screen
is written by Textual's export. `plain` then removes everything that depends on the network.

If a training or an edit fails, or a screen does not appear in time, an error names the step, and no picture is
replaced. A picture that contains a path or a name of this machine is an error as well.
"""

import argparse
import asyncio
import getpass
import html
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from textual.pilot import Pilot

from run_demo import CORPUS, DEMO, MODEL, A, B, run_allele
from tui.app import AlleleApp, DemoPlan
from tui.cli.values import budget
from tui.model.grid import StrandGrid

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
COLUMNS, ROWS = 120, 36
PATIENCE_S = 240.0  # limit for each step; other programs may slow the machine down
LOOK_S = 0.05
TRAINED = 0.8  # progress of the training at which its picture is taken
FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
SETTLE_S = 0.5
# As a person would: swap the two coarsest levels over half a second, mutate finer ones, select a rectangle further on.
SWAP = (*"8lv23ljs", "escape")
MUTATE = (":", *"mutate 0.6 q4-6 @40:58 seed=7", "enter")
SELECT = (*"48lv17l3j",)
SOUNDS = 4
BRIGHTER = {"seconds": "2", "count": f"{SOUNDS}", "brightness": "0.6"}
WALK = (*"7l3j",)  # in the Codebook, to a code that is used
Picture = tuple[str, str]


def main() -> int:
    """Write the pictures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots.py", description="Write the documentation's pictures.")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the SVG files (docs/pictures)")
    parser.add_argument("--budget", type=budget, default=90.0, help="time to train, as in 90s or 10m (90s)")
    parser.add_argument("--preset", default="auto", help="size of the codec, as for allele train (auto)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="allele-pictures-") as folder:
        plan = demo_plan(DEMO, A, B, budget_s=arguments.budget, preset=arguments.preset)
        for path in write_pictures(Path(folder), plan, arguments.out):
            print(path)
    return 0


def demo_plan(recordings: Path, a: str, b: str, *, budget_s: float, preset: str) -> DemoPlan:
    """The plan of `scripts/run` for a folder of recordings, of which two are opened."""
    first, second = (next(recordings.glob(f"{name}.*")) for name in (a, b))
    return DemoPlan(
        corpus=CORPUS, paths=[recordings], model=MODEL, budget_s=budget_s, preset=preset, a=first, b=second
    )  # fmt: skip


def write_pictures(home: Path, plan: DemoPlan, out: Path) -> list[Path]:
    """Run the program in an empty home and write an SVG of each screen that the documentation shows.

    Raises:
        ValueError: a picture shows a path or a name of this machine.
    """
    with terminal():
        try:
            pictures = asyncio.run(take_pictures(home, plan))
        finally:
            run_allele(["daemon", "stop", "--home", str(home), "--json"])
    pictures = [(name, plain(svg)) for name, svg in pictures]
    for name, svg in pictures:
        if shown := traces(svg, home):
            raise ValueError(f"{name} shows {shown} of this machine")
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{name}.svg" for name, _ in pictures]
    for path, (_, svg) in zip(paths, pictures, strict=True):
        path.write_text(svg, encoding="utf-8")
    return paths


@contextmanager
def terminal() -> Iterator[None]:
    """Set the environment of a terminal with 256 colours and silent but timed sound, whatever the real one is."""
    before = dict(os.environ)
    os.environ.update(TERM="xterm-256color", ALLELE_SOUND="paced")
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION", "ALLELE_HOME"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# --- the program ---------------------------------------------------------------------------------------------


async def take_pictures(home: Path, plan: DemoPlan) -> list[Picture]:
    """Name and SVG of each screen."""
    app = AlleleApp(home, demo=plan)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        train = await take_training(app, pilot, plan.budget_s)
        await until(pilot, "two sounds in the editor", lambda: app.showing == "editor" and len(grids(app)) == 2)
        editor = await take_editor(app, pilot)
        codebook = await take_codebook(app, pilot)
        generate = await take_generate(app, pilot, plan.budget_s)
    return [("train", train), ("editor", editor), ("codebook", codebook), ("generate", generate)]


async def take_training(app: AlleleApp, pilot: Pilot[int], budget_s: float) -> str:
    """The Train screen when most of the training is over, with the first evaluations."""

    def mostly_done() -> bool:
        job = app.session.jobs.get(app.job or "")
        training = app.session.trainings.get(app.job or "")
        is_judged = training is not None and training.evaluation is not None
        return (
            job is not None
            and job.kind == "train"
            and is_judged
            and (job.progress >= TRAINED or job.ended_s is not None)
        )

    await until(pilot, "the training", mostly_done, patience_s=PATIENCE_S + budget_s)
    picture = await take(app, pilot)
    if app.showing == "train":
        return picture
    # The editor opens as soon as the model can be used, which of a short training is at its first evaluation.
    await until(pilot, "the editor", lambda: app.showing == "editor" and len(grids(app)) == 2)
    await pilot.press("g", "t")
    await until(pilot, "the Train screen", lambda: app.showing == "train")
    picture = await take(app, pilot)
    await pilot.press("g", "e")
    return picture


async def take_editor(app: AlleleApp, pilot: Pilot[int]) -> str:
    """The Editor screen after two edits of strand A, with a rectangle selected for the next one."""
    a, b = grids(app)
    done = (a.rev + 2, b.rev + 1)
    await pilot.press(*SWAP, *MUTATE)
    await until(pilot, "both edits", lambda: (a.rev, b.rev) == done)
    await pilot.press(*SELECT)
    return await take(app, pilot)


async def take_codebook(app: AlleleApp, pilot: Pilot[int]) -> str:
    """The Codebook screen with every code of the first level, once the atlas exists."""
    await pilot.press("g", "c")

    def is_measured() -> bool:
        atlas = app.session.atlases.get(MODEL)
        return atlas is not None and atlas.info.state == "ready"

    await until(pilot, "the atlas", is_measured)
    await pilot.press(*WALK)
    return await take(app, pilot)


async def take_generate(app: AlleleApp, pilot: Pilot[int], budget_s: float) -> str:
    """The Generate screen with the loop of the first run, and four sounds that were made brighter."""
    await until(pilot, "the first loop", lambda: app.session.sounds.of(MODEL), patience_s=PATIENCE_S + budget_s)
    await pilot.press("g", "n")
    await until(pilot, "the Generate screen", lambda: app.showing == "generate")
    for name, value in BRIGHTER.items():
        app.generate_screen.controls.go(name)
        await pilot.press(*value, "enter")
    await pilot.press("n")
    await until(pilot, "the sounds", lambda: len(app.session.sounds.of(MODEL)) == 1 + SOUNDS)
    await until(pilot, "the end of making", lambda: all(not job.is_open for job in app.session.jobs.values()))
    return await take(app, pilot)


def grids(app: AlleleApp) -> list[StrandGrid]:
    """The grids of both panes that this client has fetched."""
    return [app.session.grids[pane.strand] for pane in app.editor.panes if pane.strand in app.session.grids]


async def take(app: AlleleApp, pilot: Pilot[int]) -> str:
    """The current screen as SVG."""
    await pilot.pause(SETTLE_S)
    return app.export_screenshot(simplify=True)


async def until(pilot: Pilot[int], what: str, holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Let the program run until a condition holds.

    Raises:
        TimeoutError: the condition did not hold in time; the error names it.
    """
    deadline_s = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"waited {patience_s:.0f} s for {what}")
        await pilot.pause(LOOK_S)


# --- the picture ---------------------------------------------------------------------------------------------


def plain(svg: str) -> str:
    """The picture without fonts from the network: a monospaced font of the reader's machine takes their place."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    return svg.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")


def words_of(svg: str) -> str:
    """The text of a picture, without its styles."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, flags=re.DOTALL)
    return html.unescape(" ".join(texts)).replace("\xa0", " ")


def traces(svg: str, home: Path) -> list[str]:
    """Paths, user and host of this machine that a picture shows, and addresses that it loads from."""
    paths = {str(path) for path in (home, Path.home(), Path(tempfile.gettempdir())) if path != Path(path.anchor)}
    names = {f"{getpass.getuser()}@", f"@{socket.gethostname()}"}
    words = words_of(svg)
    return [name for name in sorted(paths | names) if name in words] + re.findall(
        r"https?://(?!www\.w3\.org/2000/svg)[^\"\s)]+", svg
    )


if __name__ == "__main__":
    sys.exit(main())
