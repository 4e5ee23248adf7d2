"""The library: models, corpora and strands on the left, the files of the chosen one on the right.

A corpus is made by typing or pasting paths (dropping a file on a terminal pastes its path), a training is started with
a small form, a sound or a strand is played and opened as A or B. A job that began here and failed is reported here.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal

from protocol.errors import AlleleError
from protocol.messages.corpora import Corpus, ShowCorpus
from tui.actions.press import Press
from tui.actions.situation import Situation
from tui.drops import read_drop
from tui.model.editor import NAMES
from tui.model.library import corpus_of, file_rows, list_rows, model_facts, not_read_line
from tui.model.paths import line_of
from tui.screens.base import BaseScreen
from tui.screens.library_corpora import LibraryCorpora
from tui.screens.library_hearing import LibraryHearing
from tui.screens.library_models import LibraryModels
from tui.screens.library_strands import LibraryStrands
from tui.screens.library_verbs import LibraryVerbs
from tui.screens.lists import ListKeys
from tui.widgets.lines import PLAIN, Part
from tui.widgets.rows import Row, Rows


class LibraryScreen(BaseScreen):
    """The screen that lists models, corpora and strands, and opens them."""

    NAME = "library"
    TITLE_WORDS = "Library"

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = Rows("left"), Rows("right")
        self._files: dict[str, Corpus] = {}
        self._asking: set[str] = set()
        self.corpora, self.list_moved = LibraryCorpora(self), self._activate
        models, strands = LibraryModels(self), LibraryStrands(self)
        self.verbs = LibraryVerbs(self, models, self.corpora, strands)
        self.hearing = LibraryHearing(self, lambda: self._files.get(self.corpus))
        self.handlers = {
            **ListKeys(lambda: self.left if self.left.active else self.right, self._moved).handlers(),
            **self.corpora.handlers(),
            **models.handlers(),
            **strands.handlers(),
            **self.hearing.handlers(),
            **self.verbs.handlers(),
            "list.other": lambda _: self._to_other_list(),
            "library.choose": self._choose,
        }

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="lists"):
            yield self.left
            yield self.right

    def on_mount(self) -> None:
        self.right.activate(False)
        self.hearing.moved()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.hearing.moved()
        self.corpora.report_ended()

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[str, str]:
        """The kind (model, corpus, strand or "") and the name or id under the left cursor."""
        key = self.left.current
        return key if isinstance(key, tuple) else ("", "")

    @property
    def corpus(self) -> str:
        """The corpus that the chosen item uses."""
        return corpus_of(self.chosen, self.session.models, self.session.strands)

    def situation(self) -> Situation:
        known = any(corpus.name == self.corpus for corpus in self.session.corpora)
        openable = self.chosen[0] == "strand" if self.left.active else isinstance(self.right.current, str)
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            corpus=known,
            openable=openable,
            closable=self.left.active and self.chosen[0] == "strand",
            model=self.left.active and self.chosen[0] == "model",
            renamable=self.left.active and self.chosen[0] in ("model", "strand"),
            deletable=self.left.active and bool(self.chosen[0]),
            playable=self.hearing.target() is not None,
            sound=self.allele.sound.silence,
        )

    def draw(self) -> None:
        if not self.is_mounted:
            return
        session = self.session
        panes = {pane.strand: NAMES[i] for i, pane in enumerate(self.allele.editor.panes) if pane.strand}
        self.left.fill(
            [
                Row(row.text, row.key, row.heading, row.follows)
                for row in list_rows(session.models, session.corpora, session.strands, panes, self.left.size.width - 2)
            ]
        )
        self._draw_right()
        super().draw()

    def _draw_right(self) -> None:
        corpus = self.corpus
        if corpus and corpus not in self._files and corpus not in self._asking and self.session.connected:
            self._asking.add(corpus)
            self.spawn(self._load(corpus))
        facts = model_facts(self.chosen, self.session.models, self.session.strands)
        picture = self.hearing.picture(self.right.size.width - 3)
        rows = [Row(text) for text in (*facts, *picture, *([""] if picture else []))]
        if corpus in self._files:
            not_read = not_read_line(corpus, self.session.jobs.values())
            shown = file_rows(self._files[corpus], self.right.size.width - 3, not_read)
            rows += [Row(row.text, row.key, row.heading, row.follows) for row in shown]
        self.right.fill(rows)

    async def _load(self, corpus: str) -> None:
        try:
            self._files[corpus] = (await self.session.ask(ShowCorpus(name=corpus))).body
        except AlleleError:
            return  # it was removed or the daemon is gone: the list shows that
        finally:
            self._asking.discard(corpus)
        self.draw()

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "corpora":
            self._files.clear()
        if topic == "jobs":
            self.corpora.report_ended()
        if topic == "strand" and ("strand", key) == self.chosen:
            self.hearing.fetch()
        if topic in ("wave", "strand"):
            if ("strand", key) == self.chosen and self.is_mounted:
                self._draw_right()
        elif topic == "playhead":
            if self.hearing.playhead_moved():
                self.lines.draw_bottom()
        elif topic != "training":
            self.draw()

    def bottom_words(self) -> list[Part]:
        if playing := self.hearing.words():
            return [(f" {playing}", PLAIN)]
        row = next((row for row in self.right.rows if row.key == self.right.current), None)
        if self.right.active and row is not None and isinstance(row.key, str):
            return [(f" {row.key}", PLAIN)]
        session = self.session
        words = " {library.play} plays the choice; {library.open_a} and {library.open_b} open it as A or B"
        if not session.corpora and not session.models:
            words = " no corpus yet: {library.new} makes one from your recordings (5 to 500 files)"
        elif not session.models:
            words = " no model yet: choose a corpus and press {library.train} to train one on it"
        return [(words, PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        is_model = self.left.active and self.chosen[0] == "model"
        return [
            ("library.play", "play"),
            ("library.generate", "make sounds") if is_model else ("library.open_a library.open_b", "open"),
            ("list.other", "files"),
            ("library.new", "new"),
            ("library.train", "train"),
            ("library.rename", "rename"),
            ("library.delete", "delete"),
            ("go.editor", "editor"),
            ("app.help", "help"),
        ]

    # --- actions -----------------------------------------------------------------------------------------

    def _moved(self) -> None:
        self.hearing.moved()
        self.draw()

    def _activate(self, rows: Rows) -> None:
        self.left.activate(rows is self.left)
        self.right.activate(rows is self.right)
        self._moved()

    def _to_other_list(self) -> None:
        to_right = self.left.active and any(row.key is not None for row in self.right.rows)
        self.left.activate(not to_right)
        self.right.activate(to_right)
        self._moved()

    def _choose(self, press: Press) -> None:
        kind, name = self.chosen
        if not self.left.active:
            self.verbs.open(0)
        elif kind == "strand":
            self.verbs.open(self.allele.editor.focus)
        elif kind in ("model", "corpus"):
            self._to_other_list()
        elif name == "":
            self.say("nothing here yet: {library.new} makes a corpus")

    def pasted(self, text: str) -> None:
        """Start a new corpus from dropped or pasted sounds; open strands."""
        try:
            drop = read_drop(text)
        except AlleleError:
            drop = None
        if drop is not None and not drop.folders and all(path.suffix.lower() == ".alle" for path in drop.files):
            self.allele.files.open_files(drop.files, self.allele.editor.focus)
        elif drop is not None:
            self.corpora.ask_for_name(line_of(drop.paths))
        else:
            self.allele.files.take_drop(text)
