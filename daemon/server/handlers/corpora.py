"""Handlers of requests about corpora."""

import asyncio
import shutil
from pathlib import Path

from daemon.corpus.errors import CorpusError
from daemon.corpus.records import Corpus as CorpusOnDisk
from daemon.corpus.records import load_corpus
from daemon.jobs.specs import IngestSpec
from daemon.server.paths import check_sources
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.folders import corpus_file, corpus_info
from daemon.store.trash import move_to_trash
from protocol.errors import AlleleError
from protocol.messages.corpora import AddToCorpus, Corpora, Corpus, ListCorpora, RemoveCorpus, ShowCorpus
from protocol.messages.fields import Done
from protocol.messages.jobs import JobAccepted

LEAST_FREE_BYTES = 64 << 20


class CorpusHandlers:
    """Answers requests about corpora. Files are added by a job."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = services.config.places

    async def add(self, request: Call[AddToCorpus]) -> Reply:
        """Queue a job that adds files. Refused at once if a path does not exist; the job reports unusable files."""
        body = request.body
        known = await self._services.jobs.known(*request.key)
        if known is not None:
            return Reply(body=JobAccepted(job=known.id))
        paths = await asyncio.to_thread(check_sources, body.paths)
        await asyncio.to_thread(check_space, self._places.home)
        request.check_deadline()
        spec = IngestSpec(corpus_dir=str(self._places.corpora / body.corpus), paths=[str(path) for path in paths])
        info = await self._services.queue.submit(spec, *request.key)
        return Reply(body=JobAccepted(job=info.id))

    async def list(self, _: Call[ListCorpora]) -> Reply:
        """List the corpora, as their folders are now."""
        return Reply(body=Corpora(corpora=await self._services.library.refresh_corpora()))

    async def show(self, request: Call[ShowCorpus]) -> Reply:
        """Describe a corpus and all its files, including those that could not be used."""
        body = request.body
        await self._services.library.corpus(body.name)
        corpus = await asyncio.to_thread(_load, self._places.corpora / body.name)
        files = [corpus_file(record) for record in corpus.files]
        return Reply(body=Corpus(info=corpus_info(corpus), files=files))

    async def remove(self, request: Call[RemoveCorpus]) -> Reply:
        """Move a corpus to the trash. Refused while a job uses it, even a paused one."""
        body = request.body
        await self._services.library.corpus(body.name)
        for job in self._services.jobs.open:
            if self._services.jobs.corpus_of(job.id) == body.name:
                raise AlleleError(
                    "E_BUSY", f"job {job.id} uses corpus {body.name}", hint=f"allele jobs cancel {job.id}"
                )
        request.check_deadline()
        folder = self._places.corpora / body.name
        trashed = await asyncio.to_thread(move_to_trash, folder, self._places.trash, "corpus")
        await self._services.library.refresh_corpora()
        return Reply(body=Done(detail=f"moved to {trashed}"))


def check_space(home: Path) -> None:
    """Check that the disk has space for the first results of a job. This blocks: call it in a thread.

    Raises:
        AlleleError: E_DISK_FULL if it has not.
    """
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        raise AlleleError(
            "E_DISK_FULL",
            f"{home}: only {free >> 20} MiB are free on this disk, a job needs {LEAST_FREE_BYTES >> 20} to start",
            hint="free some space, or use another folder with --home DIR",
        )


def _load(folder: Path) -> CorpusOnDisk:
    try:
        return load_corpus(folder)
    except CorpusError as problem:
        raise AlleleError("E_IO", problem.message, hint=problem.hint) from None


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = CorpusHandlers(services)
    table.add(AddToCorpus, handlers.add)
    table.add(ListCorpora, handlers.list)
    table.add(ShowCorpus, handlers.show)
    table.add(RemoveCorpus, handlers.remove)
