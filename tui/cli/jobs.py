"""The handlers of the commands `allele jobs list|show|watch|cancel|pause|resume|stop|move`."""

from argparse import Namespace
from datetime import datetime

import msgspec

from protocol.errors import AlleleError
from protocol.messages.fields import Request
from protocol.messages.jobs import CancelJob, JobInfo, Jobs, ListJobs, MoveJob, PauseJob, ResumeJob, ShowJob, StopJob
from tui.cli.follow import LeftRunningError, follow
from tui.cli.output import Output, duration, table
from tui.cli.session import with_daemon
from tui.model.job_words import detail_words, state_words
from tui.transport.client import Client


def list_(arguments: Namespace, output: Output) -> int:
    """List all jobs, newest first."""

    async def work(client: Client) -> Jobs:
        return await client.ask(ListJobs())

    jobs = with_daemon(arguments, work).jobs
    rows = [
        (
            job.id,
            job.kind,
            job.subject,
            job.state,
            f"{100 * job.progress:.0f} %",
            clock(job.created_s),
            job.error or detail_words(job),
        )
        for job in jobs
    ]
    lines = table(("job", "kind", "of", "state", "done", "since", ""), rows)
    output.result({"jobs": msgspec.to_builtins(jobs)}, lines if rows else "no jobs yet")
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show one job in detail."""

    async def work(client: Client) -> JobInfo:
        return await client.ask(ShowJob(job=arguments.id))

    return _report(with_daemon(arguments, work), output)


def watch(arguments: Namespace, output: Output) -> int:
    """Follow a job until it ends."""

    async def work(client: Client) -> JobInfo:
        async def found() -> str:
            return (await client.ask(ShowJob(job=arguments.id))).id

        return await follow(client, found, output, cancels=False, title=f"job {arguments.id}")

    try:
        job = with_daemon(arguments, work)
    except LeftRunningError as left:
        raise AlleleError(
            "E_CANCELLED", f"stopped watching; job {left.job} goes on", hint=f"allele jobs cancel {left.job}"
        ) from None
    if job.state != "done":
        raise AlleleError("E_CANCELLED", job.error or f"job {job.id} was {job.state}", hint=job.hint)
    return _report(job, output)


def cancel(arguments: Namespace, output: Output) -> int:
    """Cancel a job by its id."""
    return _ask(arguments, output, CancelJob(job=arguments.id))


def pause(arguments: Namespace, output: Output) -> int:
    """Pause a training by its job's id."""
    return _ask(arguments, output, PauseJob(job=arguments.id))


def resume(arguments: Namespace, output: Output) -> int:
    """Resume a training by its job's id."""
    return _ask(arguments, output, ResumeJob(job=arguments.id))


def stop(arguments: Namespace, output: Output) -> int:
    """End a training and keep its model."""
    return _ask(arguments, output, StopJob(job=arguments.id))


def move(arguments: Namespace, output: Output) -> int:
    """Move a queued job to another place in the queue."""
    return _ask(arguments, output, MoveJob(job=arguments.id, position=arguments.place))


def _ask(arguments: Namespace, output: Output, request: Request[JobInfo]) -> int:
    async def work(client: Client) -> JobInfo:
        return await client.ask(request)

    return _report(with_daemon(arguments, work), output)


def _report(job: JobInfo, output: Output) -> int:
    lines = [f"{job.id}  {job.kind} of {job.subject}: {job.state}, {100 * job.progress:.0f} %"]
    lines += [f"since   {clock(job.created_s)}"]
    if job.eta_s is not None:
        lines.append(f"to go   {duration(job.eta_s)}")
    lines += [
        f"{name:<7} {text}"
        for name, text in (("now", state_words(job)), ("error", job.error), ("hint", job.hint))
        if text and text != job.state
    ]
    output.result(msgspec.to_builtins(job), lines)
    return 0


def clock(unix_s: float) -> str:
    """Return a Unix time as local date and time, or "" for 0."""
    return datetime.fromtimestamp(unix_s).strftime("%Y-%m-%d %H:%M:%S") if unix_s else ""
