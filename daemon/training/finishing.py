"""Finish a run: choose the weights to keep, and make the model card."""

from datetime import UTC, datetime
from pathlib import Path

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip
from daemon.runs.checkpoint import Progress, load_step
from daemon.runs.folder import CHECKPOINTS, ModelCard, Run
from daemon.runs.spec import Plan
from daemon.training.adversarial import is_worth_it
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import Evaluation, judge
from daemon.training.memorisation import Memorisation
from daemon.training.tensors import unpack


def take_best(steps: CodecSteps, codec: Codec, run_dir: Path, held_out: list[Clip]) -> tuple[Codec, str]:
    """Choose the better of the last weights and the best saved ones; returns a message if it is not the last.

    If nothing is held out, the last weights are kept. The last weights of an adversarial stage count as
    better unless the held-out error rose too far.

    Both are evaluated on the audio of the shorter evaluations, so that their errors are comparable.
    """
    progress = steps.progress
    best = load_step(run_dir / CHECKPOINTS, progress.best_step)
    if best is None or progress.best_error is None or progress.best_step == progress.step:
        return codec, ""
    last_mel = judge(codec, held_out).mel
    if last_mel <= progress.best_error or is_worth_it(last_mel, progress, steps.plan.recipe):
        return codec, ""
    steps.averaged.model.load_state_dict(unpack(best.groups["averaged"]))
    kept = f"kept step {progress.best_step} (held out: mel {progress.best_error:.3f}); the last one had {last_mel:.3f}"
    return Codec(steps.averaged.model, steps.device), kept


def card_of(
    run: Run[Plan],
    run_dir: Path,
    codec: Codec,
    evaluation: Evaluation,
    memorised: Memorisation,
    progress: Progress,
    ended: str,
) -> ModelCard:
    """Make the content of `model.json`. `ended`: why the run ended early; "" if it did not."""
    config = codec.config
    return ModelCard(
        model=run_dir.name,
        codec_id=codec.codec_id,
        steps=progress.step,
        seconds=round(progress.elapsed_s, 3),
        levels=config.levels,
        codebook=config.codebook_size,
        sample_rate=config.sample_rate,
        hop_length=config.hop_length,
        frame_rate=config.frame_rate,
        channels=config.channels,
        held_out=evaluation.held_out,
        held_out_kind=run.plan.split.kind,
        held_out_reason=run.plan.split.reason,
        utilisation=[round(level.utilisation, 4) for level in evaluation.levels],
        train_mel=round(evaluation.train_mel, 4),
        memorisation=memorised.verdict,
        memorisation_ratio=memorised.ratio,
        corpus=run.corpus,
        preset=run.plan.preset,
        seed=run.spec.seed,
        parameters=codec.parameter_count,
        kbps=round(config.kbps, 3),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ended=ended,
    )
