"""Requests about jobs: training, listing, cancelling, logs."""

import asyncio
import shlex
from pathlib import Path
from typing import Any, get_args

from daemon.corpus.errors import CorpusError
from daemon.corpus.records import load_corpus
from daemon.engine.jobrun import job_log
from daemon.server.corpora import check_space
from daemon.server.dispatch import DispatchTable, Reply, Request
from daemon.server.joblog import JobLogs
from daemon.server.services import Services
from daemon.store.folders import has_run, unfinished_runs
from daemon.training.errors import TrainingError
from daemon.training.run_folder import LOG_NAME, MODEL_NAME
from daemon.training.spec import Preset
from daemon.training.split import split_corpus
from protocol.errors import AlleleError
from protocol.messages import CancelJob, GetJobLog, JobAccepted, Jobs, ListJobs, ShowJob, StartTraining


class JobHandlers:
    """Everything that can be wrong with a training is said before it is queued."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = services.config.places
        self._logs = JobLogs()
        self._admission = asyncio.Lock()  # two requests for one name: the second sees the first

    async def train(self, request: Request) -> Reply:
        """Queue a training under a new name, or go on with an unfinished one."""
        body: StartTraining = request.body
        async with self._admission:
            known = await self._services.jobs.known(*request.key)
            if known is not None:
                return Reply(body=JobAccepted(job=known.id))
            self._check_wish(body)
            await self._services.library.corpus(body.corpus)
            self._check_name_is_free(body)
            await asyncio.to_thread(_check_run, body, self._places.models)
            await asyncio.to_thread(_check_audio, body, self._places.corpora / body.corpus)
            await asyncio.to_thread(check_space, self._places.home)
            request.check_deadline()
            info = await self._services.jobs.submit("train", body.model, self._spec(body), *request.key)
        return Reply(body=JobAccepted(job=info.id))

    async def list(self, _: Request) -> Reply:
        """Newest first."""
        return Reply(body=Jobs(jobs=self._services.jobs.all))

    async def show(self, request: Request) -> Reply:
        """From memory."""
        body: ShowJob = request.body
        return Reply(body=self._services.jobs.find(body.job))

    async def cancel(self, request: Request) -> Reply:
        """Answered at once; the end follows as an event."""
        body: CancelJob = request.body
        return Reply(body=await self._services.jobs.cancel(body.job))

    async def log(self, request: Request) -> Reply:
        """A page of what a job said."""
        body: GetJobLog = request.body
        info = self._services.jobs.find(body.job)
        if info.kind == "train":
            path = self._places.models / info.subject / LOG_NAME
        else:
            path = job_log(self._places.logs, info.id)
        return Reply(body=await asyncio.to_thread(self._logs.read, info.id, path, body.after))

    def _check_wish(self, body: StartTraining) -> None:
        presets = get_args(Preset)
        if body.preset not in presets:
            raise AlleleError(
                "E_BAD_REQUEST", f"no preset is called {body.preset!r}", hint=f"presets: {', '.join(presets)}"
            )
        if body.budget_s is not None and body.steps is not None:
            raise AlleleError("E_BAD_REQUEST", "a budget and a number of steps were given", hint="give one of them")

    def _check_name_is_free(self, body: StartTraining) -> None:
        for job in self._services.jobs.active:
            if job.kind == "train" and job.subject == body.model:
                raise AlleleError(
                    "E_EXISTS",
                    f"job {job.id} trains {body.model} already",
                    hint=f"watch it: allele jobs watch {job.id}",
                )

    def _spec(self, body: StartTraining) -> dict[str, Any]:
        wish = {
            "budget_s": body.budget_s,
            "steps": body.steps,
            "preset": body.preset,
            "levels": body.levels,
            "codebook_size": body.codebook,
            "seed": body.seed,
            "resume": body.resume,
        }
        again = f"allele train {shlex.quote(body.corpus)} --name {shlex.quote(body.model)}"
        return {
            "spec": wish,
            "corpus": body.corpus,
            "corpus_dir": str(self._places.corpora / body.corpus),
            "run_dir": str(self._places.models / body.model),
            "again_hint": again,
            "resume_hint": f"{again} --resume",
        }


def _check_run(body: StartTraining, models: Path) -> None:
    """A new name, or an unfinished run to go on with. Blocking.

    Raises:
        AlleleError: E_EXISTS or E_NOT_FOUND.
    """
    folder = models / body.model
    again = f"allele train {shlex.quote(body.corpus)} --name"
    if (folder / MODEL_NAME).exists():
        raise AlleleError(
            "E_EXISTS",
            f"model {body.model} is finished, and keeps its codec for life",
            hint=f"train under another name: {again} {body.model}-2",
        )
    if has_run(folder) and not body.resume:
        raise AlleleError(
            "E_EXISTS",
            f"a training of {body.model} was begun and not finished",
            hint=f"go on with {again} {shlex.quote(body.model)} --resume, or choose another name",
        )
    if body.resume and not has_run(folder):
        known = ", ".join(unfinished_runs(models)) or "none"
        raise AlleleError(
            "E_NOT_FOUND",
            f"no training of {body.model} can be resumed (unfinished: {known})",
            hint="leave out --resume",
        )


def _check_audio(body: StartTraining, folder: Path) -> None:
    """Enough to learn from and to judge by. Blocking.

    Raises:
        AlleleError: E_TOO_SHORT, or E_IO when the corpus cannot be read.
    """
    try:
        split_corpus(load_corpus(folder), body.seed)
    except TrainingError as problem:
        hint = f"{problem.hint.rstrip('.')}: allele corpus add {shlex.quote(body.corpus)} PATH..."
        raise AlleleError("E_TOO_SHORT", f"corpus {body.corpus}: {problem.message.rstrip('.')}", hint=hint) from None
    except CorpusError as problem:
        raise AlleleError("E_IO", problem.message, hint=problem.hint) from None


def register(table: DispatchTable, services: Services) -> None:
    """Answer the requests of this module."""
    handlers = JobHandlers(services)
    table.add(StartTraining, handlers.train)
    table.add(ListJobs, handlers.list)
    table.add(ShowJob, handlers.show)
    table.add(CancelJob, handlers.cancel)
    table.add(GetJobLog, handlers.log)
