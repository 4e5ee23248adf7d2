"""Follow a job to its end: events in, a moving line on a terminal, the finished job out.

Data flow: subscribe → start the job → events of that job → view. Silent without a terminal. Ctrl-C is counted, not
raised: the first one cancels the job (or leaves it, for a mere watcher), the second leaves at once.
What can go wrong: the daemon dies. Events would just stop then, so after a silence the job is asked for; that
request fails with E_UNAVAILABLE, which ends the command.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from protocol.errors import AlleleError
from protocol.messages.events import EvaluationCompleted, JobChanged, JobLogged, StepCompleted
from protocol.messages.jobs import CancelJob, JobInfo, ShowJob
from protocol.messages.session import Snapshot
from tui.cli.output import Output, duration
from tui.cli.progress import Progress
from tui.model.measures import health_words, held_out_words, level_table, measured, standing_words
from tui.transport.client import Client, Event

SILENCE_S = 2.0


class LeftRunningError(Exception):
    """The person stopped watching; the job goes on."""

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job


@dataclass
class _Following:
    """What arrives, in order: events, snapshots after a gap, and None for Ctrl-C."""

    queue: "asyncio.Queue[Event | Snapshot | None]" = field(default_factory=lambda: asyncio.Queue())
    job: str = ""
    interrupts: int = 0

    def interrupt(self) -> None:
        self.interrupts += 1
        self.queue.put_nowait(None)


async def follow(
    client: Client, start: Callable[[], Awaitable[str]], output: Output, *, cancels: bool, title: str
) -> JobInfo:
    """Start a job and follow it until it ends.

    Args:
        start: asks the daemon for the job; its id. Called once events flow, so that none is missed.
        cancels: whether Ctrl-C cancels the job.
        title: what the moving line says.

    Raises:
        LeftRunningError: Ctrl-C of a watcher, or a second one while the cancelled job ends.
        AlleleError: the daemon's refusal, or its death.
    """
    following = _Following()
    await client.subscribe(following.queue.put_nowait, following.queue.put_nowait)
    loop = asyncio.get_running_loop()
    with Progress(output, title) as progress:
        loop.add_signal_handler(signal.SIGINT, following.interrupt)
        try:
            following.job = await start()
            return await _until_ended(client, following, progress, cancels=cancels)
        finally:
            loop.remove_signal_handler(signal.SIGINT)


async def _until_ended(client: Client, following: _Following, progress: Progress, *, cancels: bool) -> JobInfo:
    job = await client.ask(ShowJob(job=following.job))
    progress.show(job)
    answered = 0
    while job.is_open:
        try:
            item = await asyncio.wait_for(following.queue.get(), SILENCE_S)
        except TimeoutError:
            job = await client.ask(ShowJob(job=following.job), timeout_s=10.0)
            progress.show(job)
            continue
        if following.interrupts > answered:
            answered = following.interrupts
            if not cancels or answered > 1:
                raise LeftRunningError(following.job)
            progress.say("stopping; Ctrl-C again leaves it to itself")
            with contextlib.suppress(AlleleError):  # it may have ended meanwhile
                await client.ask(CancelJob(job=following.job))
        job = _take(item, following.job, progress) or job
    return job


def _take(item: "Event | Snapshot | None", wanted: str, progress: Progress) -> JobInfo | None:
    """Show what arrived if it is of our job; the job as it is now, where the item says so."""
    if isinstance(item, Snapshot):
        return next((job for job in item.jobs if job.id == wanted), None)
    body: Any = None if item is None else item.body
    if isinstance(body, JobChanged) and body.job.id == wanted:
        progress.show(body.job)
        return body.job
    if isinstance(body, StepCompleted) and body.job == wanted:
        progress.step(body)
    elif isinstance(body, EvaluationCompleted) and body.job == wanted:
        progress.say_step()
        for line in describe_evaluation(body):
            progress.say(line)
    elif isinstance(body, JobLogged) and body.job == wanted:
        progress.say(body.text)
    return None


def describe_evaluation(report: EvaluationCompleted) -> list[str]:
    """An evaluation in some lines."""
    told = "  ".join(filter(None, (held_out_words(report), standing_words(report))))
    lines = [f"step {report.step} at {duration(report.elapsed_s)}: {told}"]
    if report.train and report.held_out:  # alone it says nothing of other sounds
        lines.append(f"  learnt from: {measured(report.train)}")
    lines += level_table(report)
    lines += [f"  {text}" for text in (health_words(report), report.preview and f"listen: {report.preview}") if text]
    return lines
