"""The command `allele train`: starts a training, follows it, and reports the result."""

from argparse import Namespace
from shlex import quote
from typing import Any

from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo, StartTraining
from protocol.training import OPTIONS, TrainingOptions
from tui.cli.follow import LeftRunningError, follow
from tui.cli.output import Output, duration
from tui.cli.session import with_daemon
from tui.model.job_words import ended_words
from tui.transport.client import Client

KEYS = ("model", "steps", "seconds", "levels", "codebook", "held_out", "utilisation", "prior")


def train(arguments: Namespace, output: Output) -> int:
    """Train a codec on a corpus."""
    request = StartTraining(
        corpus=arguments.corpus,
        model=arguments.name,
        options=TrainingOptions(**{option.name: getattr(arguments, option.name) for option in OPTIONS}),
        resume=arguments.resume,
    )
    if arguments.detach:
        return _detach(arguments, request, output)
    resume_hint = f"resume it with: allele train {quote(arguments.corpus)} --name {quote(arguments.name)} --resume"

    is_connected = False

    async def work(client: Client) -> JobInfo:
        nonlocal is_connected
        is_connected = True

        async def begin() -> str:
            return (await client.ask(request)).job

        return await follow(client, begin, output, cancels=True, title=f"training {arguments.name}")

    try:
        job = with_daemon(arguments, work)
    except LeftRunningError as left:
        raise AlleleError("E_CANCELLED", f"left while job {left.job} stops", hint=resume_hint) from None
    except AlleleError as error:
        if error.code == "E_UNAVAILABLE" and is_connected:
            raise AlleleError(
                error.code, f"the daemon went away while training: {error.message}", hint=resume_hint
            ) from None
        raise
    return _report(job, arguments.name, resume_hint, output)


def _detach(arguments: Namespace, request: StartTraining, output: Output) -> int:
    async def work(client: Client) -> str:
        return (await client.ask(request)).job

    job = with_daemon(arguments, work)
    output.note(f"follow it with: allele jobs watch {job}")
    output.result({"job": job, "model": arguments.name}, job)
    return 0


def _report(job: JobInfo, model: str, resume_hint: str, output: Output) -> int:
    """Report the result, or raise the error that prevented it."""
    if job.state in {"cancelled", "interrupted"}:
        verb = "resume it" if job.started_s is not None else "start it"
        hint = f"{verb} with: {job.hint}" if job.hint else resume_hint
        raise AlleleError("E_CANCELLED", f"training of {model} was {ended_words(job)}", hint=hint)
    if job.state != "done" or job.result is None:
        raise AlleleError("E_INTERNAL", job.error or f"training of {model} ended as {job.state}", hint=job.hint)
    facts = {key: job.result.get(key) for key in KEYS}
    if output.as_json and not facts["held_out"] and job.detail:
        output.note(job.detail)
    output.result(facts, describe(facts, job.detail))
    return 0


def describe(facts: dict[str, Any], ended: str = "") -> list[str]:
    """Return a finished training as a few lines. `ended` says why it ended before its budget, if it did."""
    measures = "  ".join(
        f"{name} {value:.3f}" for name, value in (facts["held_out"] or {}).items() if value is not None
    )
    use = "  ".join(f"{100 * share:.0f} %" for share in facts["utilisation"] or [])
    return [
        f"{facts['model']}: {facts['levels']} levels of {facts['codebook']} codes, "
        f"{facts['steps']} steps in {duration(facts['seconds'] or 0.0)}",
        f"held out      {measures or 'nothing, so there are no figures'}",
        f"codes in use  {use}",
        *([ended] if ended else []),
    ]
