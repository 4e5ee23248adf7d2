"""Open what the engines of a model work with, and make them: for generating, and for checking the knobs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.atlas.errors import AtlasError
from daemon.atlas.files import ATLAS_NAME, read_atlas
from daemon.atlas.table import Atlas
from daemon.codec.codec import Codec
from daemon.generation.engines import Engines
from daemon.generation.event_bank import EventBank
from daemon.generation.event_gathering import events_of
from daemon.generation.knob_check import MOST_CPU_S, check_knobs
from daemon.generation.knob_facts import write_facts
from daemon.generation.material import Material
from daemon.generation.pairing import Pair
from daemon.prior.card import FOLDER, read_card
from daemon.prior.errors import PriorError
from daemon.prior.prior import Prior

GoOn = Callable[[float], bool]
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the engines of one model work with."""

    material: Material
    events: EventBank | None
    prior: Prior | None
    temperature: float
    """The calibrated one, from the prior's card."""
    atlas: Atlas | None = None

    def engines(self, pair: Pair | None = None) -> Engines:
        """Engines of these parts."""
        return Engines(self.material, self.prior, self.temperature, self.events, pair, self.atlas)


def open_parts_of(folder: Path, codec: Codec, *, say: Say = lambda _: None, go_on: GoOn = lambda _: True) -> Parts:
    """Open the material, the events, the prior and the atlas of a model. A prior that cannot be read is left out.

    Raises:
        GenerationError: the model has no material.
    """
    material, (prior, temperature) = Material.load(folder, codec), _prior(folder, codec, say)
    return Parts(
        material=material,
        events=events_of(folder, material, go_on),
        prior=prior,
        temperature=temperature,
        atlas=_atlas(folder, codec),
    )


def measure_knobs(folder: Path, codec: Codec, *, most_cpu_s: float = MOST_CPU_S, say: Say, go_on: GoOn) -> bool:
    """Find out which knobs hold on a model and store that in its folder; False if it was stopped.

    Args:
        most_cpu_s: time after which no further knob is tried.

    Raises:
        GenerationError: the model has no material.
    """
    facts = check_knobs(open_parts_of(folder, codec).engines(), most_cpu_s=most_cpu_s, go_on=go_on)
    if facts is None:
        return False
    write_facts(folder, codec.codec_id, facts)
    failed = ", ".join(f"{fact.name} ({fact.engine})" for fact in facts if not fact.works)
    say(f"knobs: {len(facts)} measured, " + (f"these do not hold here: {failed}" if failed else "all hold"))
    return True


def _prior(folder: Path, codec: Codec, say: Say) -> tuple[Prior | None, float]:
    """A model's prior, None if it has none that can be used, and the temperature to sample it at."""
    card = read_card(folder)
    if card is None:
        say(f"{folder.name} has no prior: its sounds are made of its recordings alone")
        return None, 1.0
    try:
        return Prior.load(folder / FOLDER, codec, "cpu"), card.temperature
    except PriorError as problem:
        say(f"{problem.message} {problem.hint}")
        return None, 1.0


def _atlas(folder: Path, codec: Codec) -> Atlas | None:
    """The atlas of a model; None if it is not measured or damaged."""
    if not (folder / ATLAS_NAME).exists():
        return None
    try:
        return read_atlas(folder, codec.codec_id, levels=codec.config.levels, codebook=codec.config.codebook_size)
    except AtlasError:
        return None
