"""Open the engines of a model for a generation, and translate its specification."""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.codec.files import read_codec
from daemon.errors import ReportedError
from daemon.generation.engines import Engines, Given, Wanted
from daemon.generation.gathering import gather_material
from daemon.generation.knob_facts import read_facts
from daemon.jobs.specs import GenerateSpec
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.runs.folder import read_run
from daemon.workers.model_parts import open_parts_of
from daemon.workers.second_model import open_second
from protocol.columns import gains_db
from protocol.strands import unpack_strand
from protocol.units import SAMPLE_RATE_HZ

USUAL_SHARE = 0.5
"""Share of a second model where none is given."""


def open_engines(
    spec: GenerateSpec, device: torch.device, *, say: Callable[[str], None], go_on: Callable[[float], bool]
) -> Engines | None:
    """Open a model's codec, material and prior, and those of the second model. What is missing is gathered first.

    Args:
        say: called with what a user should know. go_on: called with the share done of what takes long; False stops.

    Returns:
        None if it was stopped.

    Raises:
        CodecError, GenerationError: a model cannot be read, or its recordings are gone.
    """
    model_dir = Path(spec.model_dir)
    codec = Codec.load(model_dir, device)
    _gather(model_dir, device, say)
    parts = open_parts_of(model_dir, codec, say=say)
    if not spec.other_dir:
        return parts.engines()
    other_dir = Path(spec.other_dir)
    _gather(other_dir, device, say)
    second = open_second(other_dir, model_dir, codec, go_on=go_on)
    if second is None:
        return None
    engines = second.engines(parts, USUAL_SHARE if spec.options.mix is None else spec.options.mix)
    for note in [] if engines.pair is None else engines.pair.notes:
        say(note)
    return engines


def _gather(model_dir: Path, device: torch.device, say: Callable[[str], None]) -> None:
    """Gather what is missing of a model's material. Without its corpus, what is there must do."""
    run = read_run(model_dir)
    if run is None:
        return
    try:
        gather_material(model_dir, model_dir.parent.parent / "corpora" / run.corpus, device=device)
    except ReportedError as problem:
        say(f"the recordings cannot be read again: {problem.message}")


def notes_of(spec: GenerateSpec, engines: Engines, engine: str) -> list[str]:
    """What a user should know of all sounds of a generation: of the second model, and of knobs that fail here."""
    facts = read_facts(Path(spec.model_dir), engines.material.codec.codec_id)
    failing = [
        f"--{fact.name}: {fact.why}"
        for fact in facts
        if fact.engine == engine and not fact.works and getattr(spec.options, fact.name, None) is not None
    ]
    return [*([] if engines.pair is None else engines.pair.notes), *failing]


def open_judges(spec: GenerateSpec) -> list[Judge]:
    """The judges of novelty of a model and of the second one; none for a model without an index."""
    judges = list[Judge]()
    for folder in [spec.model_dir, *([spec.other_dir] if spec.other_dir else [])]:
        try:
            judges.append(Judge(NoveltyIndex.load(Path(folder), read_codec(Path(folder))[0].codec_id)))
        except NoveltyError:
            continue
    return judges


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
        repeat=options.repeat,
        fullness=options.fullness,
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
