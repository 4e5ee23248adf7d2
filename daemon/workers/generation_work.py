"""Open the engines of a model for a generation, and translate its specification."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.generation.engines import Engines, Given, Wanted
from daemon.generation.errors import GenerationError
from daemon.generation.event_gathering import events_of
from daemon.generation.gathering import gather_material
from daemon.generation.material import Material
from daemon.jobs.specs import GenerateSpec
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
    try:
        material = Material.load(model_dir, codec)
    except GenerationError:
        run = read_run(model_dir)
        if run is None:
            raise
        say("encoding the recordings, once for this model")
        gather_material(model_dir, model_dir.parent.parent / "corpora" / run.corpus, device=device)
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
