"""The library's actions on corpora: create one, add recordings, train on it, and move it to the trash.

Adding recordings is a job. Its end is reported here, because it was started here.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.corpora import AddToCorpus, RemoveCorpus
from protocol.messages.jobs import StartTraining
from tui.actions.press import Handlers, Press
from tui.drops import here
from tui.model.answers import is_yes
from tui.model.dependents import named
from tui.model.existing import is_there
from tui.model.names import NAME_RULE, is_name
from tui.model.paths import read_paths
from tui.screens.form import TrainForm
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.screens.library import LibraryScreen


class LibraryCorpora:
    """Runs the actions on the chosen corpus."""

    def __init__(self, screen: "LibraryScreen") -> None:
        self._screen = screen
        self._ingests: set[str] = set()  # jobs that were started here and whose end was not reported

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on corpora."""
        return {
            "library.new": self._ask_for_new,
            "library.add": self._ask_to_add,
            "library.train": self._ask_to_train,
        }

    def ask_for_name(self, paths: str) -> None:
        """Start a new corpus with a dropped or pasted path: ask for its name."""
        self._screen.prompt.ask("name of the new corpus for these files: ", lambda name: self._named(name, paths))

    def _ask_for_new(self, press: Press) -> None:
        self._screen.prompt.ask("name of the new corpus: ", self._named)

    def _named(self, name: str, paths: str = "") -> None:
        name = name.strip()
        if not name:
            return
        if not is_name(name):
            raise AlleleError("E_BAD_REQUEST", f"a name has {NAME_RULE}")
        if any(corpus.name == name for corpus in self._screen.session.corpora):
            raise AlleleError("E_EXISTS", f"{name} exists; choose it and press {{library.add}} to add files")
        self._screen.prompt.ask(
            f"files or folders for {name}: ", lambda text: self._add(name, text), value=paths, is_path=True
        )

    def _ask_to_add(self, press: Press) -> None:
        name = self._screen.corpus
        self._screen.prompt.ask(f"add to {name}: ", lambda text: self._add(name, text), is_path=True)

    def _add(self, corpus: str, text: str) -> Work | None:
        paths = read_paths(text)
        missing = next((path for path in paths if not is_there(path)), None)
        if missing is not None:
            hint = f"copy it here: scp FILE {here()}"
            raise AlleleError("E_NOT_FOUND", f"{missing} is not on this machine", hint=hint)
        return self._ingest(corpus, paths) if paths else None

    async def _ingest(self, corpus: str, paths: list[Path]) -> None:
        request = AddToCorpus(corpus=corpus, paths=[str(path) for path in paths])
        job = (await self._screen.session.ask(request)).body.job
        self._ingests.add(job)
        self._screen.allele.follow(job)
        self._screen.say(f"reading {len(paths)} {'path' if len(paths) == 1 else 'paths'} into {corpus}")

    def report_ended(self) -> None:
        """Report the end of jobs that were started here, if this screen is visible; a failure with its reason."""
        if not self._screen.is_current:
            return
        jobs = self._screen.session.jobs
        ended = [jobs[job] for job in sorted(self._ingests) if job in jobs and not jobs[job].is_open]
        self._ingests -= {job.id for job in ended}
        for job in ended:
            if job.state == "done":
                self._screen.say(f"{job.subject}: {job.detail or 'the files are read'}")
            else:
                why = job.error or f"adding files was {job.state}"
                self._screen.say(f"{job.subject}: {why}{f' ({job.hint})' if job.hint else ''}", bad=True)

    def delete(self, corpus: str) -> None:
        """Ask whether to move a corpus to the trash, and say which models were trained on it."""
        trained = [model.name for model in self._screen.session.models if model.corpus == corpus]
        effect = f"models trained on it stay: {named(trained)}" if trained else "no model was trained on it"

        def answered(text: str) -> Work | None:
            return self._remove(corpus) if is_yes(text) else None

        wants = f"its recordings are not touched; {effect}"
        self._screen.prompt.ask(f"delete corpus {corpus}? y or n: ", answered, kind="delete", wants=wants)

    async def _remove(self, corpus: str) -> None:
        done = (await self._screen.session.ask(RemoveCorpus(name=corpus))).body
        self._screen.say(f"{corpus}: {done.detail}")

    def _ask_to_train(self, press: Press) -> None:
        corpus = self._screen.corpus
        taken = {model.name for model in self._screen.session.models}
        self._screen.app.push_screen(TrainForm(corpus, taken), self._ordered)

    def _ordered(self, order: StartTraining | None) -> None:
        if order is not None:
            self._screen.spawn(self._train(order))

    async def _train(self, order: StartTraining) -> None:
        job = (await self._screen.session.ask(order)).body.job
        self._screen.allele.follow(job)
        self._screen.allele.go("train")
