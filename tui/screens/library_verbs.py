"""The library's verbs that act on whatever is chosen: open, rename and delete."""

from pathlib import Path
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from tui.actions.press import Handlers, Press
from tui.model.editor import NAMES
from tui.screens.library_corpora import LibraryCorpora
from tui.screens.library_models import LibraryModels
from tui.screens.library_strands import LibraryStrands

if TYPE_CHECKING:
    from tui.screens.library import LibraryScreen


class LibraryVerbs:
    """Opens what is chosen, and passes other verbs to the part that knows its kind."""

    def __init__(
        self, screen: "LibraryScreen", models: LibraryModels, corpora: LibraryCorpora, strands: LibraryStrands
    ) -> None:
        self._screen = screen
        self._rename = {"model": models.rename, "strand": strands.rename}
        self._delete = {"model": models.delete, "corpus": corpora.delete, "strand": strands.close}

    def handlers(self) -> Handlers:
        """Return the handlers of the verbs."""
        return {
            "library.open_a": lambda _: self.open(0),
            "library.open_b": lambda _: self.open(1),
            "library.open": self._ask_to_open,
            "file.open": self._ask_to_open,
            "library.rename": lambda _: self._rename[self._screen.chosen[0]](self._screen.chosen[1]),
            "library.delete": lambda _: self._delete[self._screen.chosen[0]](self._screen.chosen[1]),
        }

    def open(self, index: int) -> None:
        """Open the chosen strand or recording in a pane."""
        if self._screen.left.active:
            kind, strand = self._screen.chosen
            if kind == "strand":
                self._screen.spawn(self._show(strand, index))
        elif isinstance(self._screen.right.current, str):
            self._screen.spawn(self._open_file(Path(self._screen.right.current), index))

    async def _show(self, strand: str, index: int) -> None:
        await self._screen.allele.files.show_strand(strand, index)
        self._screen.say(f"it is strand {NAMES[index]} now; {{go.editor}} goes to the editor")

    async def _open_file(self, path: Path, index: int) -> None:
        model = self._model()
        if model is None:
            raise AlleleError("E_NOT_FOUND", "no model is trained on this corpus", hint="{library.train} trains one")
        await self._screen.allele.files.open_in_pane(path, index, model)
        self._screen.say(f"{path.name} is strand {NAMES[index]}; {{go.editor}} goes to the editor")

    def _model(self) -> str | None:
        """Return the model that encodes a file of the chosen corpus."""
        kind, name = self._screen.chosen
        if kind == "model":
            return name
        newest = self._screen.session.newest_first
        own = self._screen.session.model_of(self._screen.session.strands[name].meta) if kind == "strand" else None
        if own is not None and not own.problem:
            return own.name
        trained = [model for model in newest if model.corpus == self._screen.corpus]
        return next((model.name for model in trained or newest), None)

    def _ask_to_open(self, press: Press) -> None:
        index, files = self._screen.allele.editor.focus, self._screen.allele.files
        self._screen.prompt.ask(f"open as {NAMES[index]}: ", lambda text: files.open_text(text, index), is_path=True)
