"""Opens sounds and `.alle` files in the editor's panes, whether typed, pasted, dropped or chosen in the library."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.messages.corpora import ShowCorpus
from protocol.messages.models import ModelInfo
from tui.drops import read_drop
from tui.model.editor import NAMES
from tui.model.existing import is_there
from tui.model.paths import line_of, read_paths
from tui.model.timing import bpm_text

if TYPE_CHECKING:
    from tui.app import AlleleApp


class FileOpener:
    """Opens paths as strands and shows them in the editor of the application `app`."""

    def __init__(self, app: "AlleleApp") -> None:
        self._app = app

    async def edit_with(self, model: ModelInfo) -> None:
        """Go to the editor with a strand of a model. If no pane shows one, ask for a sound to open with it.

        The first recording of the model's corpus is offered.
        """
        app, panes = self._app, self._app.editor.panes
        codecs = [info.meta.codec_id if (info := app.session.strands.get(pane.strand or "")) else "" for pane in panes]
        if model.codec_id in codecs:
            app.editor.focus = codecs.index(model.codec_id)
            app.go("editor")
            return
        offer = await self._recording_of(model.corpus)
        index = next((index for index in (app.editor.focus, 1 - app.editor.focus) if not panes[index].strand), 0)
        app.editor.focus = index
        app.go("editor")
        if app.top_screen is not None:
            app.top_screen.prompt.ask(
                f"sound to open as {NAMES[index]} with {model.name}: ",
                lambda text: self.open_text(text, index, model.name),
                value=offer,
                is_path=True,
                kind="open",
                wants="Enter opens the recording that is offered; another path can be typed" if offer else "",
            )

    async def _recording_of(self, corpus: str) -> str:
        """The path of the first recording of a corpus that is still there, or ""."""
        try:
            files = (await self._app.session.ask(ShowCorpus(name=corpus))).body.files
        except AlleleError:  # the corpus was removed
            return ""
        return next((file.path for file in files if file.status == "ok" and is_there(Path(file.path))), "")

    def open_text(self, text: str, index: int, model: str | None = None) -> Coroutine[Any, Any, Any] | None:
        """Return the coroutine that opens the first path of a text in a pane, and the second in the other.

        Args:
            model: the model that encodes sounds; None: that of the other pane, else the newest.

        Raises:
            AlleleError: the text cannot be read as paths.
        """
        paths = read_paths(text) if text.strip() else []
        return self._open_all(paths, index, model) if paths else None

    def open_files(self, paths: list[Path], index: int) -> None:
        """Open a file in a pane and a second one in the other pane. Further files are not opened."""
        self._app.session.spawn(self._open_all(paths, index))

    async def _open_all(self, paths: list[Path], index: int, model: str | None = None) -> None:
        if len(paths) > len(NAMES):
            self._app.say(
                f"{len(paths)} files: the first two are opened; {{library.new}} in the library makes a corpus of all"
            )
        works = [self.open_in_pane(path, (index + offset) % 2, model) for offset, path in enumerate(paths[:2])]
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
        await self._set_usual_tempo(strand)
        self._app.say("; ".join([f"{path.name} is strand {NAMES[index]}", *notes]))

    async def _set_usual_tempo(self, strand: str) -> None:
        """Give a strand that was just opened the tempo of the user's settings, unless it has one."""
        tempo, grid = self._app.settings.tempo, self._app.session.grids.get(strand)
        if tempo is not None and grid is not None and grid.tempo is None:
            await self._app.session.edits.apply_edit(strand, Edit(op="tempo", args=[bpm_text(tempo)]))

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
