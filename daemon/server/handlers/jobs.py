"""Handlers of requests about jobs: training, listing, cancelling and logs."""

import asyncio
import shlex
from pathlib import Path
from typing import Any

from daemon.corpus.errors import CorpusError
from daemon.corpus.records import load_corpus
from daemon.jobs.job_process import job_log
from daemon.jobs.specs import TrainSpec, options_of, train_command, training_of
from daemon.runs.enough import require_enough
from daemon.runs.errors import TrainingError
from daemon.runs.folder import LOG_NAME, MODEL_NAME
from daemon.server.handlers.corpora import check_space
from daemon.server.joblog import JobLogs
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.folders import has_learnt, has_run, lacks_prior, run_codec_from, run_corpus, unfinished_runs
from protocol.errors import AlleleError
from protocol.messages.jobs import (
    CancelJob,
    GetJobLog,
    JobAccepted,
    JobInfo,
    Jobs,
    ListJobs,
    MoveJob,
    PauseJob,
    ResumeJob,
    ShowJob,
    StartTraining,
    StopJob,
)
from protocol.options import OptionError


class JobHandlers:
    """Answers requests about jobs. A training that cannot work is refused before it is queued."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = services.config.places
        self._logs = JobLogs()

    async def train(self, request: Call[StartTraining]) -> Reply:
        """Queue a training under a new name, or resume an unfinished one."""
        return Reply(body=JobAccepted(job=(await self._admit(request, request.body)).id))

    async def _admit(self, request: Call[Any], training: StartTraining, *, stop: bool = False) -> JobInfo:
        """Check and queue a training. With `stop` the job only writes the model from the last checkpoint."""
        async with self._services.library.model_names:
            known = await self._services.jobs.known(*request.key)
            if known is not None:
                return known
            _check_options(training)
            await self._services.library.corpus(training.corpus)
            await self._check_codec(training)
            paused = self._check_name_is_free(training)
            await asyncio.to_thread(_check_run, training, self._places.models)
            await asyncio.to_thread(_check_audio, training, self._places.corpora / training.corpus)
            await asyncio.to_thread(check_space, self._places.home)
            request.check_deadline()
            if paused:  # the new job continues its run
                await self._services.queue.cancel(paused)
            spec = TrainSpec(
                corpus_dir=str(self._places.corpora / training.corpus),
                run_dir=str(self._places.models / training.model),
                training=training_of(training),
                is_stopped=stop,
            )
            return await self._services.queue.submit(spec, *request.key)

    async def list(self, _: Call[ListJobs]) -> Reply:
        """List all jobs, newest first. Reads memory only."""
        return Reply(body=Jobs(jobs=self._services.jobs.all))

    async def show(self, request: Call[ShowJob]) -> Reply:
        """Describe one job. Reads memory only."""
        return Reply(body=self._services.jobs.find(request.body.job))

    async def cancel(self, request: Call[CancelJob]) -> Reply:
        """Cancel a job. The reply does not wait for its end, which follows as an event."""
        return Reply(body=await self._services.queue.cancel(request.body.job))

    async def pause(self, request: Call[PauseJob]) -> Reply:
        """Pause a training. The reply does not wait for its checkpoint; the new state follows as an event."""
        return Reply(body=await self._services.queue.pause(request.body.job))

    async def resume(self, request: Call[ResumeJob]) -> Reply:
        """Resume a paused job, or queue a new job for a training that ended without a model."""
        info = self._services.jobs.find(request.body.job)
        if info.is_open:
            return Reply(body=await self._services.queue.resume(info.id))
        return Reply(body=await self._admit(request, await self._again(info)))

    async def stop(self, request: Call[StopJob]) -> Reply:
        """End a training with its model. If it ended without one, queue a new job that only writes the model."""
        info = self._services.jobs.find(request.body.job)
        if info.is_open or info.state == "done":
            return Reply(body=await self._services.queue.stop(info.id))
        again = await self._again(info)
        if not await asyncio.to_thread(has_learnt, self._places.models / again.model):
            hint = f"allele jobs resume {info.id}" if again.resume else info.hint
            raise AlleleError("E_BAD_REQUEST", f"job {info.id} has no checkpoint to make a model from", hint=hint)
        return Reply(body=await self._admit(request, again, stop=True))

    async def move(self, request: Call[MoveJob]) -> Reply:
        """Move a queued job to another place in its queue."""
        return Reply(body=self._services.queue.move(request.body.job, request.body.position))

    async def _again(self, info: JobInfo) -> StartTraining:
        """The request that continues an ended training, from its last checkpoint if there is a run."""
        if info.kind != "train":
            raise AlleleError("E_BAD_REQUEST", f"job {info.id} is not a training and is {info.state}", hint=info.hint)
        spec = await self._services.jobs.spec_of(info.id)
        if not isinstance(spec, TrainSpec):
            raise AlleleError("E_BAD_REQUEST", f"the specification of job {info.id} cannot be read", hint=info.hint)
        run = Path(spec.run_dir)
        if run.parent != self._places.models:
            hint = f"allele model restore {shlex.quote(info.subject)}"
            raise AlleleError("E_NOT_FOUND", f"the run of job {info.id} is in the trash", hint=hint)
        return StartTraining(
            corpus=spec.corpus,
            model=run.name,
            options=options_of(spec.training),
            resume=await asyncio.to_thread(has_run, run),
        )

    async def log(self, request: Call[GetJobLog]) -> Reply:
        """Read a page of a job's log."""
        body = request.body
        info = self._services.jobs.find(body.job)
        run = await self._services.jobs.run_of(info.id)
        path = job_log(self._places.logs, info.id) if run is None else run / LOG_NAME
        return Reply(body=await asyncio.to_thread(self._logs.read, info.id, path, body.after))

    async def _check_codec(self, training: StartTraining) -> None:
        """Check that the model whose codec is to be taken exists and can be used.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST for a model of another version or the new model itself.
        """
        name = training.options.codec_from
        if name is None:
            return
        if name == training.model:
            raise AlleleError("E_BAD_REQUEST", f"{name} cannot take its own codec", hint="choose another --name")
        model = await self._services.library.model(name)
        if model.problem:
            raise AlleleError("E_BAD_REQUEST", model.problem.rstrip("."), hint=model.hint)

    def _check_name_is_free(self, training: StartTraining) -> str:
        """Return the paused job whose run a resuming request continues, or "" if there is none.

        Raises:
            AlleleError: E_EXISTS if another job trains a model of this name.
        """
        for job in self._services.jobs.open:
            if job.kind != "train" or job.subject != training.model:
                continue
            if job.state == "paused" and training.resume:
                return job.id
            verb = "resume" if job.state == "paused" else "watch"
            hint = f"{verb} it: allele jobs {verb} {job.id}"
            raise AlleleError("E_EXISTS", f"job {job.id} ({job.state}) trains {training.model} already", hint=hint)
        return ""


def _check_options(body: StartTraining) -> None:
    """Check that the options are within bounds.

    Raises:
        AlleleError: E_BAD_REQUEST if they are not.
    """
    try:
        body.options.check()
    except OptionError as problem:
        raise AlleleError("E_BAD_REQUEST", problem.message, hint=problem.hint) from None


def _check_run(body: StartTraining, models: Path) -> None:
    """Check that the name is new, or that there is an unfinished run on the same corpus to resume. This blocks.

    Raises:
        AlleleError: E_EXISTS, E_NOT_FOUND, E_BAD_REQUEST for another corpus, or E_IO if the run cannot be read.
    """
    folder = models / body.model
    if body.resume and body.options.no_prior and (folder / MODEL_NAME).exists():
        message = f"model {body.model} is finished; only a prior could be added to it"
        raise AlleleError("E_EXISTS", message, hint="leave out --no-prior")
    if (folder / MODEL_NAME).exists() and not (body.resume and has_run(folder) and lacks_prior(folder)):
        raise AlleleError(
            "E_EXISTS",
            f"model {body.model} is finished, and a finished model cannot be trained further",
            hint=f"train under another name: {train_command(body.corpus, body.model + '-2')}, or first move it to the "
            f"trash: allele model delete {shlex.quote(body.model)}",
        )
    if has_run(folder):
        corpus = run_corpus(folder)
        go_on = train_command(corpus, body.model, resume=True)
        if not body.resume:
            raise AlleleError(
                "E_EXISTS",
                f"a training of {body.model} was started and not finished",
                hint=f"resume it with {go_on}, or move it to the trash: allele model delete {shlex.quote(body.model)}",
            )
        if corpus != body.corpus:
            message = f"{body.model} is trained on corpus {corpus}, not on {body.corpus}"
            raise AlleleError("E_BAD_REQUEST", message, hint=f"resume it with {go_on}")
        given, begun = body.options.codec_from, run_codec_from(folder)
        if given is not None and given != begun:
            what = f"the codec of {begun}" if begun else "a codec of its own"
            raise AlleleError("E_BAD_REQUEST", f"{body.model} began with {what}", hint="leave out --codec-from")
    elif body.resume:
        known = ", ".join(unfinished_runs(models)) or "none"
        raise AlleleError(
            "E_NOT_FOUND",
            f"no training of {body.model} can be resumed (unfinished: {known})",
            hint="leave out --resume",
        )


def _check_audio(body: StartTraining, folder: Path) -> None:
    """Check that the corpus has enough sound to train on. This blocks: call it in a thread.

    Raises:
        AlleleError: E_TOO_SHORT, or E_IO if the corpus cannot be read.
    """
    try:
        require_enough(load_corpus(folder))
    except TrainingError as problem:
        hint = f"{problem.hint.rstrip('.')}: allele corpus add {shlex.quote(body.corpus)} PATH..."
        raise AlleleError("E_TOO_SHORT", f"corpus {body.corpus}: {problem.message.rstrip('.')}", hint=hint) from None
    except CorpusError as problem:
        raise AlleleError("E_IO", problem.message, hint=problem.hint) from None


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = JobHandlers(services)
    table.add(StartTraining, handlers.train)
    table.add(ListJobs, handlers.list)
    table.add(ShowJob, handlers.show)
    table.add(CancelJob, handlers.cancel)
    table.add(PauseJob, handlers.pause)
    table.add(ResumeJob, handlers.resume)
    table.add(StopJob, handlers.stop)
    table.add(MoveJob, handlers.move)
    table.add(GetJobLog, handlers.log)
