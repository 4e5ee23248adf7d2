"""`allele model list|show`."""

from argparse import Namespace
from typing import Any

import msgspec

from protocol.messages import ListModels, ModelInfo, Models, ShowModel
from tui.cli.output import Output, duration, table
from tui.cli.session import with_daemon
from tui.cli.train import describe
from tui.client import Client


def list_(arguments: Namespace, output: Output) -> int:
    """All models."""

    async def work(client: Client) -> Models:
        return await client.ask(ListModels(), Models)

    models = with_daemon(arguments, work).models
    rows = [
        (m.name, m.corpus, m.levels, m.codebook, m.steps, duration(m.seconds), _measure(m), m.created) for m in models
    ]
    lines = table(("model", "corpus", "levels", "codebook", "steps", "trained", "mel", "created"), rows)
    output.result(
        {"models": msgspec.to_builtins(models)}, lines if rows else "no models yet: allele train CORPUS --name MODEL"
    )
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """One model."""

    async def work(client: Client) -> ModelInfo:
        return await client.ask(ShowModel(name=arguments.name), ModelInfo)

    model = with_daemon(arguments, work)
    facts = msgspec.to_builtins(model)
    lines = [
        *describe(facts | {"model": model.name}),
        f"corpus        {model.corpus}",
        f"frame rate    {model.frame_rate:.3f} a second, {model.hop_length} samples each, {model.sample_rate} Hz",
        *([f"memorisation  {_leaning(model.memorisation)}"] if model.memorisation else []),
        f"codec         {model.codec_id}",
        f"created       {model.created}",
        f"folder        {model.path}",
    ]
    output.result(facts, lines)
    return 0


def _leaning(facts: dict[str, Any]) -> str:
    return f"{facts['verdict']}: held-out error is {facts['ratio']:.2f} × the training error"


def _measure(model: ModelInfo) -> str:
    mel = model.held_out.get("mel")
    return "" if mel is None else f"{mel:.3f}"
