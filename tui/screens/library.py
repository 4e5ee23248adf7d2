"""The library: models, corpora and strands on the left, the files of what is chosen on the right.

Corpora are not deleted here. A corpus is made by typing or pasting paths (dropping a file on a terminal
pastes its path), a training is started with a small form, a sound or a strand is opened as A or B.
"""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal

from protocol.errors import AlleleError
from protocol.messages.corpora import AddToCorpus, Corpus, ShowCorpus
from protocol.messages.jobs import StartTraining
from protocol.messages.models import DeleteModel, RestoreModel
from tui.actions.situation import Situation
from tui.drops import here, read_drop
from tui.model.editor import NAMES
from tui.model.existing import is_there
from tui.model.library import corpus_of, file_rows, list_rows, model_facts, not_read_line
from tui.model.names import NAME_RULE, is_name
from tui.model.paths import line_of, read_paths
from tui.model.words import plural
from tui.screens.form import TrainForm
from tui.screens.library_strands import LibraryStrands
from tui.widgets.lines import PLAIN, Part
from tui.widgets.rows import Row, Rows


class LibraryScreen(LibraryStrands):
    """What there is, and how to open it."""

    NAME = "library"
    TITLE_WORDS = "Library"

    def __init__(self) -> None:
        super().__init__()
        self.right = Rows("right")
        self._files: dict[str, Corpus] = {}
        self._asking: set[str] = set()
        self._deleted = ""  # the model that was put in the trash here last

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="lists"):
            yield self.left
            yield self.right

    def on_mount(self) -> None:
        self.right.activate(False)

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def corpus(self) -> str:
        """The corpus that the choice is about."""
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
        rows = [Row(text) for text in facts]
        if corpus in self._files:
            not_read = not_read_line(corpus, self.session.jobs.values())
            shown = file_rows(self._files[corpus], self.right.size.width - 3, not_read)
            rows += [Row(row.text, row.key, row.heading, row.follows) for row in shown]
        self.right.fill(rows)

    async def _load(self, corpus: str) -> None:
        try:
            self._files[corpus] = (await self.session.ask(ShowCorpus(name=corpus))).body
        except AlleleError:
            return  # it was removed meanwhile, or the daemon went: the list will say so
        finally:
            self._asking.discard(corpus)
        self.draw()

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "corpora":
            self._files.clear()
        if topic not in ("training", "wave", "strand", "playhead"):
            self.draw()

    def bottom_words(self) -> list[Part]:
        row = next((row for row in self.right.rows if row.key == self.right.current), None)
        if self.right.active and row is not None and isinstance(row.key, str):
            return [(f" {row.key}", PLAIN)]
        session = self.session
        words = " {list.other} goes to the files; {library.open_a} and {library.open_b} open what is chosen as A or B"
        if not session.corpora:
            words = " no corpus yet: {library.new} makes one of your recordings; 5 to 500 files are right"
        elif not session.models:
            words = " no model yet: choose a corpus and press {library.train} to train one on it"
        return [(words, PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("library.new", "new corpus"),
            ("library.train", "train"),
            ("list.other", "files"),
            ("library.open_a library.open_b", "open as"),
            ("library.open", "open path"),
            ("go.editor", "editor"),
            ("app.help", "help"),
        ]

    # --- actions -----------------------------------------------------------------------------------------

    @property
    def list_in_use(self) -> Rows:
        return self.left if self.left.active else self.right

    def do_list_other(self, count: int | None, register: str | None) -> None:
        to_right = self.left.active and any(row.key is not None for row in self.right.rows)
        self.left.activate(not to_right)
        self.right.activate(to_right)
        self.draw()

    def do_library_choose(self, count: int | None, register: str | None) -> None:
        kind, name = self.chosen
        if not self.left.active:
            self._open(0)
        elif kind == "strand":
            self._open(self.allele.editor.focus)
        elif kind in ("model", "corpus"):
            self.do_list_other(None, None)
        elif name == "":
            self.say("nothing here yet: {library.new} makes a corpus")

    def do_library_open_a(self, count: int | None, register: str | None) -> None:
        self._open(0)

    def do_library_open_b(self, count: int | None, register: str | None) -> None:
        self._open(1)

    def _open(self, index: int) -> None:
        if self.left.active:
            kind, strand = self.chosen
            if kind == "strand":
                self.spawn(self._show(strand, index))
        elif isinstance(self.right.current, str):
            self.spawn(self._open_file(Path(self.right.current), index))

    async def _show(self, strand: str, index: int) -> None:
        await self.allele.show_strand(strand, index)
        self.say(f"that is strand {NAMES[index]} now; {{go.editor}} goes to the editor")

    async def _open_file(self, path: Path, index: int) -> None:
        model = self._model()
        if model is None:
            raise AlleleError("E_NOT_FOUND", "no model is trained on this corpus", hint="{library.train} trains one")
        await self.allele.open_in_pane(path, index, model)
        self.say(f"{path.name} is strand {NAMES[index]}; {{go.editor}} goes to the editor")

    def _model(self) -> str | None:
        """The model that a file of the chosen corpus is encoded with."""
        kind, name = self.chosen
        if kind == "model":
            return name
        newest = self.session.newest_first
        own = self.session.model_of(self.session.strands[name].meta) if kind == "strand" else None
        if own is not None and not own.problem:
            return own.name
        trained = [model for model in newest if model.corpus == self.corpus]
        return next((model.name for model in trained or newest), None)

    def do_library_delete(self, count: int | None, register: str | None) -> None:
        self.spawn(self._delete(self.chosen[1]))

    async def _delete(self, model: str) -> None:
        codecs = {one.name: one.codec_id for one in self.session.models}
        await self.session.ask(DeleteModel(name=model))
        self._deleted, gone = model, codecs.pop(model, "")
        held = [strand for strand in self.session.strands.values() if strand.meta.codec_id == gone]
        silent = 0 if gone in codecs.values() else len(held)
        told = f" and {plural(silent, 'strand')} silent" if silent else ""
        self.say(f"{model} is in the trash{told}; {{library.restore}} takes it back")

    def do_library_restore(self, count: int | None, register: str | None) -> None:
        self.prompt.ask("model to take back: ", self._restore, value=self._deleted, is_offer=True)

    def _restore(self, text: str) -> None:
        if name := text.strip():
            self.spawn(self._take_model_back(name))

    async def _take_model_back(self, name: str) -> None:
        if not is_name(name):
            raise AlleleError("E_BAD_REQUEST", f"a name is {NAME_RULE}")
        await self.session.ask(RestoreModel(name=name))
        self._deleted = ""
        self.say(f"{name} is back")

    def do_library_new(self, count: int | None, register: str | None) -> None:
        self.prompt.ask("name of the new corpus: ", self._named)

    def _named(self, name: str, paths: str = "") -> None:
        name = name.strip()
        if not name:
            return
        if not is_name(name):
            self.say(f"a name is {NAME_RULE}", bad=True)
            return
        if any(corpus.name == name for corpus in self.session.corpora):
            self.say(f"{name} exists; choose it and press {{library.add}} to add files", bad=True)
            return
        self.prompt.ask(f"files or folders for {name}: ", lambda text: self._add(name, text), value=paths, is_path=True)

    def do_library_add(self, count: int | None, register: str | None) -> None:
        name = self.corpus
        self.prompt.ask(f"add to {name}: ", lambda text: self._add(name, text), is_path=True)

    def _add(self, corpus: str, text: str) -> None:
        try:
            paths = read_paths(text)
            if not paths:
                return
            missing = next((path for path in paths if not is_there(path)), None)
            if missing is not None:
                raise AlleleError(
                    "E_NOT_FOUND", f"{missing} is not on this machine", hint=f"copy it here: scp FILE {here()}"
                )
        except AlleleError as error:
            self.say(str(error), bad=True)
            return
        self.spawn(self._ingest(corpus, paths))

    async def _ingest(self, corpus: str, paths: list[Path]) -> None:
        request = AddToCorpus(corpus=corpus, paths=[str(path) for path in paths])
        job = (await self.session.ask(request)).body.job
        self.allele.follow(job)
        self.say(f"reading {len(paths)} {'path' if len(paths) == 1 else 'paths'} into {corpus}")

    def do_library_train(self, count: int | None, register: str | None) -> None:
        corpus = self.corpus
        taken = {model.name for model in self.session.models}
        self.app.push_screen(TrainForm(corpus, taken), self._ordered)

    def _ordered(self, order: StartTraining | None) -> None:
        if order is not None:
            self.spawn(self._train(order))

    async def _train(self, order: StartTraining) -> None:
        job = (await self.session.ask(order)).body.job
        self.allele.follow(job)
        self.allele.go("train")

    def do_library_open(self, count: int | None, register: str | None) -> None:
        self.do_file_open(count, register)

    def do_file_open(self, count: int | None, register: str | None) -> None:
        index = self.allele.editor.focus
        self.prompt.ask(f"open as {NAMES[index]}: ", lambda text: self.allele.open_text(text, index), is_path=True)

    def pasted(self, text: str) -> None:
        """Dropped or pasted sounds start a new corpus; strands are opened."""
        try:
            drop = read_drop(text)
        except AlleleError:
            drop = None
        if drop is not None and not drop.folders and all(path.suffix.lower() == ".alle" for path in drop.files):
            self.allele.open_files(drop.files, self.allele.editor.focus)
        elif drop is not None:
            self.ask_for_corpus(line_of(drop.paths))
        else:
            self.allele.take_drop(text)

    def ask_for_corpus(self, paths: str) -> None:
        """A dropped or pasted path starts a new corpus with it."""
        self.prompt.ask("name of the new corpus for these files: ", lambda name: self._named(name, paths))
