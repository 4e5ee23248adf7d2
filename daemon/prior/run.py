"""Train the prior of a finished model: from the model's folder and its corpus to `prior/` inside the model's folder."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import numpy as np
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.prior.card import CARD_NAME, FOLDER
from daemon.prior.conditions import CONDITIONS, ranks
from daemon.prior.config import config_for
from daemon.prior.learner import PriorLearner
from daemon.prior.plan import PriorPlan, PriorRecipe
from daemon.prior.recordings import Recording, chosen_clips, encode_clips, offsets_for
from daemon.runs.errors import TrainingError, TrainingMemoryError, is_out_of_memory
from daemon.runs.folder import Run, prepare_folder, read_run, read_run_of, write_run
from daemon.runs.loop import TrainingLoop
from daemon.runs.reports import Control, Report, TrainingResult
from daemon.runs.spec import TrainingSpec

MOST_KNOWN = 4096


def train_prior(
    spec: TrainingSpec,
    corpus_dir: Path,
    model_dir: Path,
    *,
    device: torch.device | str = "cpu",
    report: Callable[[Report], None] = lambda _: None,
    control: Callable[[], Control] = lambda: Control.GO,
) -> TrainingResult:
    """Train the prior of a finished model, or continue its training if one was begun.

    Args:
        spec: budget or steps, and seed; the other options are the codec's.
        report: called from this thread after every step and evaluation; must not block for long.
        control: called between steps, as in `daemon.training.codec_run.train`.

    Raises:
        TrainingError: the model has a prior already, the disk is full, or the training does not converge.
        CorpusError, CodecError: corpus or codec cannot be read.
    """
    run_dir, chosen = model_dir / FOLDER, torch.device(device)
    if (run_dir / CARD_NAME).exists():
        raise TrainingError(f"{model_dir.name} has a prior already.", "Train another model.", can_resume=False)
    codec = Codec.load(model_dir, device)
    begun = read_run_of(run_dir, Run[PriorPlan])
    split = (begun.plan if begun else _codec_plan(model_dir)).split
    corpus = load_corpus(corpus_dir)
    clips = chosen_clips(open_parts(corpus, split.train, codec.config), codec.config.hop_length, spec.seed)
    frames = sum(-(-clip.samples // codec.config.hop_length) for clip in clips)

    def go_on(_: float) -> bool:
        return control() is not Control.STOP

    train = encode_clips(codec, clips, offsets=offsets_for(frames), go_on=go_on)
    if not train:
        return TrainingResult(state="stopped", steps=0, seconds=0.0)
    held_out = encode_clips(codec, open_parts(corpus, split.held_out, codec.config), offsets=1)
    prepare_folder(run_dir)
    train = _ranked(train)
    if begun is None:
        plan = PriorPlan(
            codec_id=codec.codec_id,
            codec=codec.config,
            prior=config_for(codec.config, frames, len(CONDITIONS)),
            recipe=PriorRecipe(),
            split=split,
            frames=frames,
        )
        created = datetime.now(UTC).isoformat(timespec="seconds")
        run = Run(state="running", corpus=corpus_dir.name, created=created, spec=spec, plan=plan)
    else:
        run = replace(begun, state="running", message="", spec=_resumed(begun.spec, spec))
    return _run(run, run_dir, lambda: PriorLearner(run, run_dir, codec, train, held_out, chosen), report, control)


def _run(
    run: Run[PriorPlan],
    run_dir: Path,
    learner: Callable[[], PriorLearner],
    report: Callable[[Report], None],
    control: Callable[[], Control],
) -> TrainingResult:
    write_run(run_dir, run)
    loop: TrainingLoop | None = None
    try:
        loop = TrainingLoop(learner(), run, run_dir, report, control)
        return loop.run([f"prior: {run.plan.frames} frames to learn from, {run.plan.prior.width} wide"])
    except TrainingError as error:
        if loop is not None:
            loop.end("failed", error.message)
        raise
    except BaseException as error:
        failure: BaseException = error
        if is_out_of_memory(error):
            failure = TrainingMemoryError(
                "Memory ran out in the prior's training.", "Close other programs, then resume."
            )
        if loop is not None:
            loop.end("failed", str(failure) or type(failure).__name__)
        raise failure from error


def _codec_plan(model_dir: Path):
    run = read_run(model_dir)
    if run is None:
        message = f"{model_dir.name} has no run.json: its training files are not known."
        raise TrainingError(message, f"Train it again, after: allele model delete {quote(model_dir.name)}")
    return run.plan


def _resumed(earlier: TrainingSpec, spec: TrainingSpec) -> TrainingSpec:
    """The specification of a resumed run: the earlier one, with a new budget if one is given."""
    if spec.budget_s is None and spec.steps is None:
        return earlier
    return replace(earlier, budget_s=spec.budget_s, steps=spec.steps)


def _ranked(recordings: list[Recording]) -> list[Recording]:
    """The recordings with ranks among all of them in place of descriptors."""
    from dataclasses import replace as replaced

    every = np.concatenate([recording.conditions for recording in recordings])
    known = np.sort(every[:: max(1, len(every) // MOST_KNOWN)], 0)
    return [replaced(recording, conditions=ranks(recording.conditions, known)) for recording in recordings]
