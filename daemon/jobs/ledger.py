"""What is known of every job: in memory, in the catalogue, and told to whoever follows.

The newest jobs of earlier daemons are known too. A job that the last daemon left queued or running is interrupted when
this one starts; a paused one stays paused.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from daemon.jobs.job_process import command_to_go_on
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo

log = logging.getLogger("allele.jobs")

ACTIVE = ("queued", "running")
OPEN = (*ACTIVE, "paused")  # no terminal state yet
KEPT_JOBS = 200

OnChange = Callable[[JobInfo, bool], None]


class JobLedger:
    """Jobs by id. Used on the loop's thread.

    Args:
        on_change: told of each new state (True) or progress (False).
    """

    def __init__(self, catalogue: Catalogue, thread: StoreThread, on_change: OnChange) -> None:
        self._catalogue, self._thread, self._on_change = catalogue, thread, on_change
        self._jobs: dict[str, JobInfo] = {}
        self._specs: dict[str, dict[str, Any]] = {}

    @property
    def all(self) -> list[JobInfo]:
        """Newest first."""
        return list(self._jobs.values())[::-1]

    @property
    def active(self) -> list[JobInfo]:
        """Queued and running ones, oldest first."""
        return [info for info in self._jobs.values() if info.state in ACTIVE]

    @property
    def open(self) -> list[JobInfo]:
        """Those without a terminal state, paused ones included, oldest first."""
        return [info for info in self._jobs.values() if info.state in OPEN]

    def find(self, job: str) -> JobInfo:
        """One job.

        Raises:
            AlleleError: E_NOT_FOUND.
        """
        info = self._jobs.get(job)
        if info is None:
            known = ", ".join(info.id for info in self.all[:8]) or "none"
            raise AlleleError("E_NOT_FOUND", f"no job is called {job}", hint=f"newest jobs: {known}")
        return info

    async def asked(self, job: str) -> dict[str, Any]:
        """What a job of this daemon or an earlier one was told, as it was submitted."""
        return await self._thread.call(self._catalogue.spec_of, job)

    async def run_of(self, job: str) -> Path | None:
        """Where the run of a training lies, also if its model was deleted or renamed; None of other jobs."""
        folder = (await self.asked(job)).get("run_dir")
        return None if folder is None else Path(folder)

    async def move_runs(self, old: Path, new: Path) -> None:
        """The folder of a run was moved: its jobs, all of them ended, find it there."""
        await self._thread.call(self._catalogue.move_runs, str(old), str(new))

    def corpus_of(self, job: str) -> str:
        """The corpus that an open job uses."""
        spec = self._specs.get(job, {})
        return Path(str(spec.get("corpus_dir", ""))).name

    async def known(self, cid: bytes, request: bytes) -> JobInfo | None:
        """The job that this request made before, perhaps in an earlier daemon."""
        return await self._thread.call(self._catalogue.job_of, cid, request)

    async def drain(self) -> None:
        """Wait until nothing runs or waits."""
        while self.active:
            await asyncio.sleep(0.1)

    async def _load(self) -> None:
        """Close what an earlier daemon left open, and remember the rest."""
        for info in await self._thread.call(self._catalogue.unfinished):
            spec = await self._thread.call(self._catalogue.spec_of, info.id)
            ended = replace(
                info,
                state="interrupted",
                ended_s=time.time(),
                error="the daemon ended while it was " + info.state,
                hint=command_to_go_on(spec),
            )
            log.warning("%s %s %s was left %s: interrupted", info.id, info.kind, info.subject, info.state)
            await self._save(ended)
        for info in reversed(await self._thread.call(self._catalogue.jobs)):
            self._jobs[info.id] = info
            if info.state == "paused":
                self._specs[info.id] = await self._thread.call(self._catalogue.spec_of, info.id)

    def _update(self, job: str, *, is_state: bool, **fields: Any) -> None:
        self._jobs[job] = replace(self._jobs[job], **fields)
        self._on_change(self._jobs[job], is_state)

    def _mark_stopped(self, job: str) -> None:
        """From now on a process of this training only makes its model; whoever finds it cut off is told to."""
        self._specs[job] = {**self._specs[job], "keep": True, "resume_hint": f"allele jobs stop {job}"}

    def _paused_words(self, job: str) -> dict[str, str]:
        """What a paused job waits for, and how to go on."""
        is_stopped = bool(self._specs[job].get("keep"))
        return {
            "detail": "stopped before its model was made" if is_stopped else "",
            "hint": f"{'make its model' if is_stopped else 'go on'} with: allele jobs resume {job}",
        }

    async def _save_spec(self, job: str) -> None:
        """Write what a job is to do, unless it ended meanwhile; a full disk is no reason not to do it."""
        try:
            if job in self._specs:
                await self._thread.call(self._catalogue.save_spec, job, self._specs[job])
        except Exception:
            log.exception("what job %s is to do could not be written", job)

    async def _save(self, info: JobInfo) -> None:
        """Write a job; a full disk is no reason to stop working, the next daemon will call it interrupted."""
        try:
            await self._thread.call(self._catalogue.save_job, info)
        except Exception:
            log.exception("job %s could not be written", info.id)

    def _forget_old(self) -> None:
        for job in [job for job, info in self._jobs.items() if info.state not in OPEN][: -KEPT_JOBS or None]:
            with contextlib.suppress(KeyError):
                del self._jobs[job]
