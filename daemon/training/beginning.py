"""Begin a run: make the plan of a new one, or load the one to resume."""

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from daemon.corpus.records import Corpus
from daemon.runs.clock import DEFAULT_BUDGET_S
from daemon.runs.errors import TrainingError
from daemon.runs.folder import MODEL_NAME, Run, read_run
from daemon.runs.spec import Plan, TrainingSpec
from daemon.training.sizing import make_plan
from daemon.training.split import held_out_words, split_corpus


def begin(spec: TrainingSpec, corpus: Corpus, run_dir: Path, *, is_gpu: bool) -> tuple[Run[Plan], list[str]]:
    """Plan a new run or load the one to resume; returns it with messages for the log.

    Raises:
        TrainingError: the name is taken, there is no run to resume, or there is too little audio.
    """
    earlier = read_run(run_dir)
    if (run_dir / MODEL_NAME).exists():
        message = f"{run_dir.name} is finished: a model keeps its codec."
        raise TrainingError(message, "Choose another name.", can_resume=False)
    if earlier is not None and not spec.resume:
        raise TrainingError(f"{run_dir.name} exists already.", "Resume it, or choose another name.", can_resume=False)
    if earlier is None and spec.resume:
        raise TrainingError(f"{run_dir.name} has no run to resume.", "Start it without resume.")
    if earlier is not None:
        resumed = earlier.spec
        if spec.budget_s is not None or spec.steps is not None:  # more (or less) time than requested at first
            resumed = replace(resumed, budget_s=spec.budget_s, steps=spec.steps)
        return replace(earlier, spec=resumed, state="running", message=""), _ignored(spec, earlier.spec)
    if spec.budget_s is None and spec.steps is None:
        spec = replace(spec, budget_s=DEFAULT_BUDGET_S)  # the plan depends on how much time there is
    split = split_corpus(corpus, spec.seed)
    plan, words = make_plan(spec, split, is_gpu=is_gpu, stereo_share=corpus.stereo_share())
    if plan.codec.codebook_size > plan.train_frames:
        raise TrainingError(
            f"{plan.codec.codebook_size} codes a level cannot be filled by {plan.train_frames} training frames.",
            "Choose a smaller --codebook, or none: it is then sized to the corpus.",
        )
    created = datetime.now(UTC).isoformat(timespec="seconds")
    words.append(held_out_words(split))
    return Run(state="running", corpus=corpus.folder.name, created=created, spec=spec, plan=plan), words


def _ignored(spec: TrainingSpec, earlier: TrainingSpec) -> list[str]:
    """A message about options of a resumed run that cannot change any more; empty if there are none."""
    words = {"preset": "size", "adversarial": "adversary"}
    ignored = [
        words.get(name, name)
        for name in TrainingSpec.__struct_fields__
        if name not in ("budget_s", "steps", "resume")  # what a resumed run takes up
        and getattr(spec, name) not in (getattr(TrainingSpec(), name), getattr(earlier, name))
    ]
    return [f"{', '.join(ignored)}: fixed when this run began, so the new value is ignored"] if ignored else []
