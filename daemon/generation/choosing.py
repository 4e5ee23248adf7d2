"""Choose the engine for a request, or say in one line why there is none."""

from dataclasses import dataclass
from shlex import quote

from daemon.generation.errors import GenerationError
from daemon.generation.event_bank import EventBank
from daemon.generation.events import LEAST_EVENTS
from daemon.generation.knobs import contradiction
from daemon.generation.pairing import Pair
from daemon.generation.wanted import Given, Wanted
from protocol.engines import FOREIGN

SHORTEST_MATERIAL_S = 30.0
"""Material below which `auto` quotes the recordings: a prior of so little makes noise."""


RHYTHM = ("density", "tempo", "repeat", "fullness")
"""Knobs that only make sense for a sound with onsets."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What the engines of a model, or of two, have to work with."""

    seconds: float
    """Duration of the material."""
    is_hits: bool
    """Whether the recordings are single hits."""
    has_prior: bool
    bank: EventBank | None
    pair: Pair | None


def choose(means: Means, wanted: Wanted, given: Given | None) -> str:
    """Name of the engine for a request.

    Raises:
        GenerationError: the engine cannot do what is wanted.
    """
    chosen = _fitting(means, wanted, given) if wanted.engine == "auto" else wanted.engine
    if given is not None and chosen != "neural":
        raise GenerationError(f"The {chosen} engine cannot {given.mode} a strand.", "Leave out --engine.")
    if chosen == "neural" and not means.has_prior:
        hint = "Train one with allele train CORPUS --name MODEL --resume, or use --engine collage."
        raise GenerationError("This model has no prior.", hint)
    if chosen == "events" and means.bank is None:
        raise GenerationError("The events of this model are not known.", "Leave out --engine.")
    if given is not None and given.mode != "continue" and wanted.ranks:
        named = ", ".join(f"--{name}" for name in wanted.ranks)
        raise GenerationError(f"{named}: what is drawn again follows the strand around it.", f"Leave out {named}.")
    for knob in FOREIGN[chosen]:
        if getattr(wanted, knob) is not None:
            raise GenerationError(f"The {chosen} engine has no {knob}.", f"Leave out --{knob}, or choose another.")
    if means.pair is not None:
        _check_pair(means.pair, chosen)
    if problem := contradiction(wanted.ranks):
        raise GenerationError(problem, "Leave one of them out.")
    return chosen


def _check_pair(pair: Pair, chosen: str) -> None:
    """Check that an engine can take up the second model.

    Raises:
        GenerationError: it turns away from it, or needs a prior that the second model has not.
    """
    if chosen == "neural" and not pair.has_prior:
        hint = f"Train one: allele train CORPUS --name {quote(pair.name)} --resume, or use --engine events or collage."
        raise GenerationError(f"{pair.name} has no prior.", hint)
    if chosen != "neural" and pair.share < 0:
        raise GenerationError(
            f"The {chosen} engine cannot turn away from a model.", "Give --mix 0 to 1, or --engine neural."
        )


def _fitting(means: Means, wanted: Wanted, given: Given | None) -> str:
    """The engine that suits a request and the material."""
    if given is not None or wanted.focus is not None or wanted.diversity is not None:
        return "neural"
    if means.pair is not None and wanted.density is None:
        return "neural"
    has_rhythm = means.bank is not None and len(means.bank.events) >= LEAST_EVENTS
    is_rhythm_wanted = any(getattr(wanted, name) is not None for name in RHYTHM)
    if means.bank is not None and (has_rhythm or means.bank.drones):
        is_enough = means.seconds >= SHORTEST_MATERIAL_S or (has_rhythm and means.is_hits)
        return "events" if is_rhythm_wanted or is_enough else "collage"
    return "collage"
