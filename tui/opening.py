"""Opens sounds and `.alle` files in the editor's panes, whether typed, pasted, dropped or chosen in the library."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.errors import AlleleError
from tui.drops import read_drop
from tui.model.editor import NAMES
from tui.model.paths import line_of, read_paths

if TYPE_CHECKING:
    from tui.app import AlleleApp


class FileOpener:
    """Opens paths as strands and shows them in the editor of the application `app`."""

    def __init__(self, app: "AlleleApp") -> None:
        self._app = app

    def open_text(self, text: str, index: int) -> Coroutine[Any, Any, Any] | None:
        """Return the coroutine that opens the first path of a text in a pane, and the second in the other.

        Raises:
            AlleleError: the text cannot be read as paths.
        """
        paths = read_paths(text) if text.strip() else []
        return self._open_all(paths, index) if paths else None

    def open_files(self, paths: list[Path], index: int) -> None:
        """Open a file in a pane and a second one in the other pane. Further files are not opened."""
        self._app.session.spawn(self._open_all(paths, index))

    async def _open_all(self, paths: list[Path], index: int) -> None:
        if len(paths) > len(NAMES):
            self._app.say(
                f"{len(paths)} files: the first two are opened; {{library.new}} in the library makes a corpus of all"
            )
        works = [self.open_in_pane(path, (index + offset) % 2, None) for offset, path in enumerate(paths[:2])]
        failed = [done for done in await asyncio.gather(*works, return_exceptions=True) if done is not None]
        if failed:
            raise failed[0]

    async def open_given(self, given: Sequence[Path | str], model: str | None) -> None:
        """Open files, and show strands by their ids: two in the panes, the others in the list of strands.

        Raises:
            AlleleError: the first problem, after everything else was opened.
        """
        self._app.editor.focus = 0
        works = [self._open_one(one, index, model) for index, one in enumerate(given[: len(NAMES)])]
        problems = [done for done in await asyncio.gather(*works, return_exceptions=True) if done is not None]
        others = [one for one in given[len(NAMES) :] if isinstance(one, Path)]
        for number, path in enumerate(others, 1):
            self._app.say(f"opening {path.name} ({number} of {len(others)} more) ...")
            try:
                await self._app.session.open_strand(path, model or self.model_for(0))
            except AlleleError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]
        if len(given) > len(NAMES):
            self._app.say(f"{len(given)} are open: the first two are A and B, {{pane.strands}} lists all")

    async def _open_one(self, one: Path | str, index: int, model: str | None) -> None:
        if isinstance(one, Path):
            await self.open_in_pane(one, index, model)
        else:
            await self.show_strand(one, index)

    def take_drop(self, text: str) -> None:
        """Handle text pasted or files dropped while no prompt is open: open files, offer folders to the library."""
        try:
            drop = read_drop(text)
        except AlleleError as error:
            self._app.say(str(error), bad=True)
            return
        if drop is None:
            self._app.say("pasted text goes into a prompt: open one with {app.command} or {file.open}")
        elif drop.folders:
            self._app.ask_for_corpus(line_of(drop.paths))
        else:
            self.open_files(drop.files, self._app.editor.focus)

    async def open_in_pane(self, path: Path, index: int, model: str | None) -> None:
        """Open a file as a strand and show it in a pane.

        Raises:
            AlleleError: naming the file, with a hint.
        """
        self._app.say(f"opening {path.name} ...")
        strand, notes = await self._app.session.open_strand(path, model or self.model_for(index))
        await self.show_strand(strand, index)
        self._app.say("; ".join([f"{path.name} is strand {NAMES[index]}", *notes]))

    async def show_strand(self, strand: str, index: int) -> None:
        """Show an open strand in a pane."""
        await self._app.session.grids.fetch(strand)
        self._app.editor.open_in(index, strand)
        if self._app.top_screen is not None:
            self._app.top_screen.draw()
        self._app.remember()

    def model_for(self, index: int) -> str | None:
        """Return the default model for encoding a sound: that of the other pane, else the newest."""
        session, panes = self._app.session, self._app.editor.panes
        for pane in (panes[1 - index], panes[index]):
            info = session.strands.get(pane.strand or "")
            model = None if info is None else session.model_of(info.meta)
            if model is not None and not model.problem:
                return model.name
        return next((model.name for model in session.newest_first), None)
