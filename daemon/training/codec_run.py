"""Train a codec from a corpus folder to a model folder."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.corpus.records import load_corpus
from daemon.runs.errors import TrainingError, TrainingMemoryError, is_out_of_memory
from daemon.runs.folder import prepare_folder, write_run
from daemon.runs.loop import TrainingLoop
from daemon.runs.reports import Control, Report, TrainingResult
from daemon.runs.spec import TrainingSpec
from daemon.training.beginning import begin
from daemon.training.codec_learner import CodecLearner


def train(
    spec: TrainingSpec,
    corpus_dir: Path,
    run_dir: Path,
    *,
    device: torch.device | str = "cpu",
    report: Callable[[Report], None] = lambda _: None,
    control: Callable[[], Control] = lambda: Control.GO,
) -> TrainingResult:
    """Train a codec; `run_dir` becomes the model's folder.

    Args:
        report: called from this thread after every step and evaluation; must not block for long.
        control: called between steps. STOP saves a checkpoint, from which `resume` continues; KEEP ends the run
            after at least one step with a model of what it has learned.

    Raises:
        TrainingError: too little audio, the name is taken, nothing to resume, the disk is full, or
            the training does not converge.
        CorpusError: the corpus cannot be read, or no longer holds the files with which the run began.
    """
    corpus, chosen = load_corpus(corpus_dir), torch.device(device)
    run, notes = begin(spec, corpus, run_dir, is_gpu=chosen.type != "cpu")
    loop: TrainingLoop | None = None
    try:
        prepare_folder(run_dir)
        write_run(run_dir, run)
        loop = TrainingLoop(CodecLearner(run, corpus, run_dir, chosen), run, run_dir, report, control)
        return loop.run(notes)
    except TrainingError as error:
        _end(loop, error.message)
        raise
    except BaseException as error:
        if not is_out_of_memory(error):
            _end(loop, type(error).__name__)
            raise
        when = "before the first step" if loop is None else "between two steps"
        failure = TrainingMemoryError(f"Memory ran out {when}.", "Close other programs, then resume.")
        _end(loop, failure.message)
        raise failure from error


def _end(loop: TrainingLoop | None, message: str) -> None:
    if loop is not None:
        loop.end("failed", message)
