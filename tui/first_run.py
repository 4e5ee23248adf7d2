"""The first run: ingest the demo recordings, train on them, open two of them in the editor, and make a loop of them.

It runs on the Train screen, so that progress is always visible. Existing parts are used (but a model that this version
cannot read goes to the trash and is trained again), so a second run opens the editor at once, and an interrupted run
continues.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from protocol.errors import AlleleError
from protocol.generation import GenerationOptions
from protocol.messages.corpora import AddToCorpus
from protocol.messages.generation import StartGeneration
from protocol.messages.jobs import StartTraining
from protocol.messages.models import DeleteModel
from protocol.training import TrainingOptions

if TYPE_CHECKING:
    from tui.app import AlleleApp

LOOK_S = 0.1
LOOP_S = 4.0


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """The first run: ingest `paths` into `corpus`, train `model` on it for `budget_s`, open two sounds in the editor.

    `preset` is the size of the codec, as for a training. An existing corpus, model or strand of these sounds is used.
    """

    corpus: str
    paths: list[Path]
    model: str
    budget_s: float
    preset: str
    a: Path
    b: Path


async def run_demo(app: "AlleleApp", plan: DemoPlan) -> None:
    """Carry out the plan of the first run.

    Raises:
        AlleleError: when one of its jobs fails, with that job's message.
    """
    try:
        await _prepare(app, plan)
        _show_progress(app, "3 of 3: opening two sounds")
        await _open_two(app, plan)
    finally:
        _show_progress(app, "")
    app.go("editor")
    app.say(
        "{select.start} selects, {edit.swap} swaps with the other strand, {play.toggle} plays, {edit.undo} undoes, "
        "{file.save} saves a WAV, {app.help} shows help"
    )
    app.session.spawn(_make_loop(app, plan))


async def _make_loop(app: "AlleleApp", plan: DemoPlan) -> None:
    """Make a loop with the model when its training has ended, unless something was made with it already."""
    await app.session.sounds.fetch(plan.model)
    if app.session.sounds.of(plan.model):
        return
    while any(job.kind == "train" and job.subject == plan.model and job.is_open for job in app.session.jobs.values()):
        await asyncio.sleep(LOOK_S)
    options = GenerationOptions(seconds=LOOP_S, loop=True)
    job = (await app.session.ask(StartGeneration(model=plan.model, options=options))).body.job
    while (info := app.session.jobs.get(job)) is None or info.is_open:
        await asyncio.sleep(LOOK_S)
    if info.state == "done":
        app.say(f"a loop was made of the recordings of {plan.corpus}: {{go.generate}} plays it and makes more")


def _show_progress(app: "AlleleApp", notice: str) -> None:
    """Show the progress of the first run on the line above the last."""
    app.notice = notice
    if app.top_screen is not None:
        app.top_screen.lines.draw_bottom()


async def _prepare(app: "AlleleApp", plan: DemoPlan) -> None:
    """Create the corpus and the model if they do not exist."""
    session = app.session
    found = next((model for model in session.models if model.name == plan.model), None)
    if found is not None and found.problem:  # made by another version: it goes to the trash and is trained again
        await session.ask(DeleteModel(name=plan.model))
        found = None
    if found is None:
        app.go("train")
        if not any(corpus.name == plan.corpus for corpus in session.corpora):
            _show_progress(app, f"1 of 3: reading the recordings of {plan.corpus}")
            request = AddToCorpus(corpus=plan.corpus, paths=[str(path) for path in plan.paths])
            await _finish(app, (await session.ask(request)).body.job)
        await _train(app, plan)


async def _train(app: "AlleleApp", plan: DemoPlan) -> None:
    session = app.session
    running = next(
        (job for job in session.jobs.values() if job.kind == "train" and job.subject == plan.model
         and job.is_open), None,
    )  # fmt: skip
    if running is None:
        cut_off = any(job.kind == "train" and job.subject == plan.model for job in session.jobs.values())
        _show_progress(
            app,
            f"2 of 3: training {plan.model} on them for about {plan.budget_s:.0f} s; then the editor opens",
        )
        job = await _start(app, plan, resume=cut_off)
    else:
        job = running.id
    await _finish(app, job)


async def _start(app: "AlleleApp", plan: DemoPlan, *, resume: bool) -> str:
    request = StartTraining(
        corpus=plan.corpus,
        model=plan.model,
        options=TrainingOptions(budget_s=plan.budget_s, preset=plan.preset),
        resume=resume,
    )
    try:
        return (await app.session.ask(request)).body.job
    except AlleleError as error:
        if error.code not in ("E_EXISTS", "E_NOT_FOUND"):
            raise
        return (await app.session.ask(replace(request, resume=not resume))).body.job


async def _finish(app: "AlleleApp", job: str) -> None:
    """Wait for a job while the Train screen follows it. A model can be used while its codes are still measured."""
    app.follow(job)
    while True:
        info = app.session.jobs.get(job)
        models = {model.name for model in app.session.models}
        if info is not None and info.phase == "measuring" and info.subject in models:
            return
        if info is not None and not info.is_open:
            break
        await asyncio.sleep(LOOK_S)
    if info.state != "done":
        raise AlleleError("E_INTERNAL", info.error or f"{info.kind} {info.subject} was {info.state}", hint=info.hint)


async def _open_two(app: "AlleleApp", plan: DemoPlan) -> None:
    codecs = {model.codec_id for model in app.session.models if not model.problem}
    for index, path in enumerate((plan.a, plan.b)):
        shown = app.session.strands.get(app.editor.panes[index].strand or "")
        if shown is None or shown.meta.codec_id not in codecs:  # strands without their model stay in the library
            await app.files.open_in_pane(path, index, plan.model)
