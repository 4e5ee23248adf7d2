"""The handlers of the commands `allele model list|show|atlas|delete|restore`."""

from argparse import Namespace
from shlex import quote
from typing import Any

import msgspec

from protocol.atlas import RELIABLE
from protocol.errors import AlleleError
from protocol.messages.fields import Done
from protocol.messages.jobs import JobInfo, ListJobs
from protocol.messages.models import (
    Atlas,
    DeleteModel,
    GetAtlas,
    KnobFact,
    ListModels,
    MeasureAtlas,
    ModelInfo,
    Models,
    RenameModel,
    RestoreModel,
    ShowModel,
)
from protocol.messages.strands import ListStrands
from tui.cli.follow import LeftRunningError, follow
from tui.cli.output import Output, duration, table
from tui.cli.session import with_daemon
from tui.cli.train import describe
from tui.model.dependents import Dependents, dependents_of
from tui.transport.client import Client


def list_(arguments: Namespace, output: Output) -> int:
    """List all models, one per line."""

    async def work(client: Client) -> Models:
        return await client.ask(ListModels())

    models = with_daemon(arguments, work).models
    rows = [
        (m.name, m.corpus, m.levels, m.codebook, m.steps, duration(m.seconds), _measure(m), m.created) for m in models
    ]
    for model in models:
        if model.problem:
            output.note(f"{model.problem} {model.hint}")
    lines = table(("model", "corpus", "levels", "codebook", "steps", "trained", "mel", "created"), rows)
    output.result(
        {"models": msgspec.to_builtins(models)}, lines if rows else "no models yet: allele train CORPUS --name MODEL"
    )
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show one model in detail."""

    async def work(client: Client) -> tuple[ModelInfo, Atlas]:
        model = await client.ask(ShowModel(name=arguments.name))
        return model, await client.ask(GetAtlas(model=model.name))

    model, atlas = with_daemon(arguments, work)
    facts = msgspec.to_builtins(model) | {"atlas": _atlas_facts(atlas)}
    lines = [
        *describe(facts | {"model": model.name}),
        f"corpus        {model.corpus}",
        f"channels      {'2, mid and side' if model.channels == 2 else 1}",
        f"frame rate    {model.frame_rate:.3f} a second, {model.hop_length} samples each, {model.sample_rate} Hz",
        *([f"memorisation  {leaning_words(model.memorisation)}"] if model.memorisation else []),
        f"codec         {model.codec_id}",
        f"created       {model.created}",
        f"folder        {model.path}",
        f"atlas         {_atlas_words(atlas)}",
        *(f"{'knobs' if not place else '':13} {line}" for place, line in enumerate(knob_lines(model.knobs))),
        *([f"problem       {model.problem} {model.hint}"] if model.problem else []),
    ]
    output.result(facts, lines)
    return 0


def atlas(arguments: Namespace, output: Output) -> int:
    """Measure what each code does to the sound."""

    async def work(client: Client) -> tuple[JobInfo, Atlas]:
        async def begin() -> str:
            return (await client.ask(MeasureAtlas(model=arguments.name))).job

        job = await follow(client, begin, output, cancels=True, title=f"measuring {arguments.name}")
        return job, await client.ask(GetAtlas(model=arguments.name))

    try:
        job, made = with_daemon(arguments, work)
    except LeftRunningError as left:
        raise AlleleError("E_CANCELLED", f"left while job {left.job} stops") from None
    if job.state in {"cancelled", "interrupted"}:
        raise AlleleError("E_CANCELLED", f"measuring {arguments.name} was {job.state}", hint=job.hint)
    if job.state != "done":
        raise AlleleError("E_INTERNAL", job.error or f"measuring {arguments.name} ended as {job.state}", hint=job.hint)
    output.result({"model": made.model, **_atlas_facts(made)}, f"{made.model}: {_atlas_words(made)}")
    return 0


def delete(arguments: Namespace, output: Output) -> int:
    """Move a model to the trash. Without --force, only one that no open strand needs."""

    async def work(client: Client) -> tuple[Done, Dependents]:
        models, strands = (await client.ask(ListModels())).models, (await client.ask(ListStrands())).strands
        needs = dependents_of(arguments.name, models, strands, (await client.ask(ListJobs())).jobs)
        if needs.strands and not arguments.force:
            silent = "it" if len(needs.strands) == 1 else "they"
            raise AlleleError(
                "E_BUSY",
                f"{arguments.name} is needed by {needs.strand_words}: {silent} would be silent",
                hint=f"delete it all the same with: allele model delete {quote(arguments.name)} --force",
            )
        return await client.ask(DeleteModel(name=arguments.name)), needs

    done, needs = with_daemon(arguments, work)
    detail = done.detail
    back = f"allele model restore {quote(arguments.name)}"
    output.result(
        {"deleted": arguments.name, "detail": detail, "restore": back, "strands": needs.strands},
        f"{arguments.name} is in the trash, {detail}. Restore it: {back}",
    )
    return 0


def rename(arguments: Namespace, output: Output) -> int:
    """Give a model another name."""

    async def work(client: Client) -> Done:
        return await client.ask(RenameModel(name=arguments.name, new_name=arguments.new_name))

    detail = with_daemon(arguments, work).detail
    facts = {"renamed": arguments.new_name, "before": arguments.name, "detail": detail}
    output.result(facts, f"{arguments.name} is called {arguments.new_name} now: {detail}")
    return 0


def restore(arguments: Namespace, output: Output) -> int:
    """Take a model back from the trash."""
    name = arguments.new_name or arguments.name

    async def work(client: Client) -> Done:
        return await client.ask(RestoreModel(name=arguments.name, new_name=arguments.new_name))

    detail = with_daemon(arguments, work).detail
    output.result({"restored": name, "detail": detail}, f"{name} is restored: {detail}")
    return 0


def _atlas_facts(atlas: Atlas) -> dict[str, Any]:
    columns = zip(*atlas.reliability, strict=True)
    reliability = {name: list(column) for name, column in zip(atlas.descriptors, columns, strict=False)}
    return {"state": atlas.state, "contexts": atlas.contexts, "reliability": reliability, "labels": len(atlas.labels)}


def _atlas_words(atlas: Atlas) -> str:
    """Say for each quality on how many levels it distinguishes codes."""
    if atlas.state != "ready":
        return atlas.detail
    levels = len(atlas.reliability)
    counts = {name: sum(v >= RELIABLE for v in column) for name, column in _atlas_facts(atlas)["reliability"].items()}
    reliable = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing"
    return f"{atlas.contexts} contexts a code; levels of {levels} with codes distinguished by {reliable}"


def leaning_words(facts: dict[str, Any]) -> str:
    """Say how much a model depends on its own recordings, or that this is unknown."""
    if facts.get("ratio") is None:
        return "unknown: nothing that is held out is audible"
    return f"{facts['verdict']}: held-out error is {facts['ratio']:.2f} × the training error"


def knob_lines(facts: list[KnobFact]) -> list[str]:
    """Say for each engine which knobs work on a model, and why the others do not."""
    lines: list[str] = []
    for engine in dict.fromkeys(fact.engine for fact in facts):
        measured = [fact for fact in facts if fact.engine == engine]
        works = ", ".join(f"{fact.name} {fact.effect:.2f}" for fact in measured if fact.works) or "none"
        lines.append(f"{engine}: {works}")
        lines += [f"  not {fact.name}: {fact.why}" for fact in measured if not fact.works]
    return lines


def _measure(model: ModelInfo) -> str:
    mel = model.held_out.get("mel")
    return "" if mel is None else f"{mel:.3f}"
