"""Follows a job to its end, with a progress line on a terminal, and returns the finished job.

Data flow: subscribe → start the job → events of that job → progress line. Nothing is shown without a terminal. Ctrl-C
is counted and not raised: the first one cancels the job (or stops watching it), the second ends the command at once.
What can go wrong: the daemon dies and events stop. So after a silence the job is requested; if that fails with
E_UNAVAILABLE, the command ends.
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
    """The user stopped watching; the job keeps running."""

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job


@dataclass
class _Following:
    """A queue of events, of snapshots after a gap, and of None for Ctrl-C."""

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
        start: requests the job and returns its id. Called after subscribing, so that no event is missed.
        cancels: whether Ctrl-C cancels the job.
        title: the text of the progress line.

    Raises:
        LeftRunningError: after Ctrl-C while watching, or a second Ctrl-C while the cancelled job ends.
        AlleleError: the daemon refuses the job, or dies.
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
            progress.say("stopping; Ctrl-C again stops waiting for it")
            with contextlib.suppress(AlleleError):  # the job may have ended meanwhile
                await client.ask(CancelJob(job=following.job))
        job = _take(item, following.job, progress) or job
    return job


def _take(item: "Event | Snapshot | None", wanted: str, progress: Progress) -> JobInfo | None:
    """Show an item if it belongs to the job. Returns the job's new state, if the item contains it."""
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
    """Return an evaluation as a few lines of text."""
    result = "  ".join(filter(None, (held_out_words(report), standing_words(report))))
    lines = [f"step {report.step} at {duration(report.elapsed_s)}: {result}"]
    if report.train and report.held_out:  # alone it does not show how other sounds are coded
        lines.append(f"  trained on: {measured(report.train)}")
    lines += level_table(report)
    lines += [f"  {text}" for text in (health_words(report), report.preview and f"listen: {report.preview}") if text]
    return lines
