"""Make a model of another model's codec and a new corpus, as the first part of training its prior.

The codec's files are copied as they are, so both models have one codec id and strands of either open in both. The new
corpus is split as for a training, and the codec is evaluated on it: the figures say how well it codes recordings that
it did not learn from. `run.json` is written first and `model.json` last, so what was interrupted is repeated whole.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import msgspec
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.codec.files import WEIGHTS_NAME
from daemon.codec.format import CONFIG_NAME, codec_place
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.runs.errors import TrainingError
from daemon.runs.folder import CODEC, MODEL_NAME, ModelCard, Run, prepare_folder, read_run, write_card, write_run
from daemon.runs.spec import Plan, Recipe, TrainingSpec
from daemon.training.evaluation import evaluate
from daemon.training.split import held_out_words, split_corpus
from protocol.atomic import write_bytes

FAR = 1.5
"""Held-out error, as a multiple of the error in the codec's own training, from which on the codec is called far off."""


def adopt(
    spec: TrainingSpec,
    corpus_dir: Path,
    run_dir: Path,
    *,
    device: torch.device | str = "cpu",
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Make `run_dir` a finished model, without a prior, of the codec of the model that `spec.codec_from` names.

    Raises:
        TrainingError: there is no such model, or there is too little audio.
        CodecError, CorpusError: its codec or the corpus cannot be read.
    """
    begun = read_run(run_dir)
    name = begun.spec.codec_from if begun is not None else spec.codec_from
    source = run_dir.parent / (name or "")
    given = _card_of(source)
    codec = Codec.load(source, device)
    if begun is None:
        run = _planned(spec, corpus_dir, codec, given.preset)
        say(f"the codec of {source.name} as it is: {codec.config.levels} levels × {codec.config.codebook_size} codes")
        say(held_out_words(run.plan.split))
    else:
        run = begun
    prepare_folder(run_dir)
    write_run(run_dir, replace(run, state="running"))
    (run_dir / CODEC).mkdir(exist_ok=True)
    for file in (WEIGHTS_NAME, CONFIG_NAME):
        write_bytes(run_dir / CODEC / file, (codec_place(source) / file).read_bytes())
    card = _measured(run, run_dir, corpus_dir, codec, given)
    write_run(run_dir, replace(run, state="finished"))
    write_card(run_dir, card)
    own = given.held_out.mel if given.held_out else given.train_mel
    if card.held_out and own and card.held_out.mel > FAR * own:
        say(
            f"these recordings are unlike those of {source.name}: the codec's error on them is "
            f"{card.held_out.mel:.2f}, on its own {own:.2f}; a codec of their own would sound better"
        )


def _card_of(source: Path) -> ModelCard:
    """The card of the model whose codec is taken."""
    try:
        return msgspec.json.decode((source / MODEL_NAME).read_bytes(), type=ModelCard)
    except FileNotFoundError:
        message = f"There is no finished model called {source.name} to take the codec from."
        raise TrainingError(message, "See allele model list.", can_resume=False) from None
    except (OSError, msgspec.DecodeError) as error:
        message = f"{source / MODEL_NAME}: it cannot be read ({error})."
        raise TrainingError(message, f"See allele model show {quote(source.name)}.") from error


def _planned(spec: TrainingSpec, corpus_dir: Path, codec: Codec, preset: str) -> Run[Plan]:
    split = split_corpus(load_corpus(corpus_dir), spec.seed)
    frames = sum(part.stop - part.start for part in split.train) // codec.config.hop_length
    plan = Plan(preset=preset, codec=codec.config, recipe=Recipe(), split=split, train_frames=frames)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return Run(state="running", corpus=corpus_dir.name, created=created, spec=spec, plan=plan)


def _measured(run: Run[Plan], run_dir: Path, corpus_dir: Path, codec: Codec, given: ModelCard) -> ModelCard:
    """The card of the new model: the codec's own figures, and its errors on the new corpus."""
    corpus, split = load_corpus(corpus_dir), run.plan.split
    held_out, train = (open_parts(corpus, parts, codec.config) for parts in (split.held_out, split.train))
    found = evaluate(codec, held_out, train, is_final=True)
    return replace(
        given,
        model=run_dir.name,
        held_out=found.held_out,
        held_out_kind=split.kind,
        held_out_reason=split.reason,
        utilisation=[round(level.utilisation, 4) for level in found.levels],
        train_mel=round(found.train_mel, 4),
        memorisation="",
        memorisation_ratio=None,
        corpus=run.corpus,
        seed=run.spec.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ended="",
        codec_from=run.spec.codec_from or "",
    )
