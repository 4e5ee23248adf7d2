"""Open the engines of a model for a generation, and translate its specification."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.errors import ReportedError
from daemon.generation.engines import Engines, Given, Wanted
from daemon.generation.event_gathering import events_of
from daemon.generation.gathering import gather_material
from daemon.generation.material import Material
from daemon.jobs.specs import GenerateSpec
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.prior.card import FOLDER, read_card
from daemon.prior.errors import PriorError
from daemon.prior.prior import Prior
from daemon.runs.folder import read_run
from protocol.columns import gains_db
from protocol.strands import unpack_strand
from protocol.units import SAMPLE_RATE_HZ


def open_engines(spec: GenerateSpec, device: torch.device, *, say: Callable[[str], None]) -> Engines:
    """Open a model's codec, material and prior. Material that is missing is gathered first.

    Raises:
        CodecError, GenerationError: the model cannot be read, or its recordings are gone.
    """
    model_dir = Path(spec.model_dir)
    codec = Codec.load(model_dir, device)
    _gather(model_dir, device, say)
    material = Material.load(model_dir, codec)
    events = events_of(model_dir, material)
    card = read_card(model_dir)
    if card is None:
        say("this model has no prior: its sounds are made of the recordings alone")
        return Engines(material, None, events=events)
    try:
        return Engines(material, Prior.load(model_dir / FOLDER, codec, "cpu"), card.temperature, events)
    except PriorError as problem:
        say(f"{problem.message} {problem.hint}")
        return Engines(material, None, events=events)


def _gather(model_dir: Path, device: torch.device, say: Callable[[str], None]) -> None:
    """Gather what is missing of a model's material. Without its corpus, what is there must do."""
    run = read_run(model_dir)
    if run is None:
        return
    try:
        gather_material(model_dir, model_dir.parent.parent / "corpora" / run.corpus, device=device)
    except ReportedError as problem:
        say(f"the recordings cannot be read again: {problem.message}")


def open_judge(spec: GenerateSpec, codec_id: str) -> Judge | None:
    """The judge of novelty of a model; None if it has no index."""
    try:
        return Judge(NoveltyIndex.load(Path(spec.model_dir), codec_id))
    except NoveltyError:
        return None


def wanted_of(spec: GenerateSpec) -> tuple[Wanted, Given | None]:
    """What a specification wants, and the strand that it gives."""
    options = spec.options
    wanted = Wanted(
        samples=round(options.seconds * SAMPLE_RATE_HZ),
        engine=options.engine,
        creativity=options.creativity,
        focus=options.focus,
        diversity=options.diversity,
        density=options.density,
        tempo=options.tempo,
        ranks=options.ranks,
        loop=options.loop,
    )
    if spec.mode == "new":
        return wanted, None
    strand = unpack_strand(Path(spec.given).read_bytes())
    return wanted, Given(
        mode=spec.mode,
        codes=strand.codes,
        gains_db=gains_db(strand.columns),
        samples=strand.meta.samples,
        amount=spec.amount,
        frames=spec.frames,
    )
