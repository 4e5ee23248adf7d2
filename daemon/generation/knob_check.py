"""Find out which knobs hold on a model: make a few sounds with each at several values, and measure them.

A knob works if what it is named after follows it. That it takes something else with it is reported and does not make it
fail, because on most recordings bright is also rough. A knob that does the same as another, only reversed, is not a
knob of its own. Few sounds are made, so a figure is rough; scripts/bench/bench_controls.py measures thoroughly.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.generation.engines import Engines
from daemon.generation.errors import GenerationError
from daemon.generation.knob_facts import KnobFact
from daemon.generation.knobs import nearest, parts_of, scores
from daemon.generation.wanted import Wanted
from daemon.prior.conditions import CONDITIONS, describe_frames, ranks
from protocol.units import SAMPLE_RATE_HZ

VALUES = (-1.0, -0.5, 0.0, 0.5, 1.0)
LEAST_EFFECT = 0.7
"""Rank correlation from which on a knob counts as followed."""
SAME = 0.85
"""Rank correlation with another descriptor from which on a knob is no other than that one."""
MENTIONED = 0.5
"""Rank correlation from which on it is mentioned what a knob takes with it."""
MOST_CPU_S = 15.0
OTHERS = ("brightness", "roughness", "attack")
"""Descriptors that a knob should leave alone."""
_SECONDS = {"neural": 1.0, "events": 2.0, "collage": 2.0}
_SEED = 0xC4EC
_ORDER = (
    *((name, engine) for name in OTHERS for engine in ("events", "neural")),
    ("density", "events"),
    *((name, "collage") for name in OTHERS),
    *((name, engine) for name in ("warmth", "tension", "space") for engine in ("events", "neural")),
)
"""Knobs and engines in the order in which they are measured while there is time."""


def check_knobs(
    engines: Engines, *, most_cpu_s: float = MOST_CPU_S, go_on: Callable[[float], bool] = lambda _: True
) -> list[KnobFact] | None:
    """Measure as many knobs as the time allows; None if `go_on`, called with the share done, stops it."""
    began_s = time.process_time()
    facts: list[KnobFact] = []
    for name, engine in _ORDER:
        spent = (time.process_time() - began_s) / most_cpu_s
        if spent >= 1:
            break
        if not go_on(spent):
            return None
        try:
            fact = check_knob(engines, name, engine)
        except GenerationError:  # this model has not that engine
            continue
        facts.append(fact)
    return facts


def check_knob(engines: Engines, name: str, engine: str) -> KnobFact:
    """Measure one knob in one engine.

    Raises:
        GenerationError: the model does not have the engine.
    """
    described = [_sound(engines, name, engine, value, place) for place, value in enumerate(VALUES)]
    return fact_of(name, engine, VALUES, np.stack(described), np.sort(engines.material.described, 0))


def fact_of(
    name: str, engine: str, values: Sequence[float], described: NDArray[np.float32], known: NDArray[np.float32]
) -> KnobFact:
    """The fact about a knob from what sounds measure, `(N, C)`, that were made with it at `values`.

    `known`: what the material measures, each column sorted.
    """
    ranked = ranks(described, known)
    own = described[:, CONDITIONS.index("onsets")] if name == "density" else scores(ranked, name)
    effect = rank_correlation(values, own)
    parts = () if name == "density" else parts_of({name: 1.0})
    crossed = {
        other: rank_correlation(values, described[:, CONDITIONS.index(other)]) for other in OTHERS if other not in parts
    }
    worst = max(crossed, key=lambda other: abs(crossed[other]), default="")
    cross = crossed.get(worst, 0.0)
    is_alias = name == "warmth" and abs(crossed["brightness"]) >= SAME
    works = effect >= LEAST_EFFECT and not is_alias
    return KnobFact(
        name=name,
        engine=engine,
        effect=round(effect, 2),
        cross=round(abs(cross), 2),
        works=works,
        why=_why(name, effect, crossed, worst, is_alias=is_alias),
    )


def rank_correlation(first: Sequence[float], second: Sequence[float] | NDArray[np.floating]) -> float:
    """Spearman's rank correlation, with the mean rank for ties; 0 if one does not vary."""
    one, other = (_mean_ranks(np.asarray(values, np.float64)) for values in (first, second))
    if not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (values[None] < values[:, None]).sum(1)
    return below + (values[None] == values[:, None]).sum(1) / 2


def _sound(engines: Engines, name: str, engine: str, value: float, place: int) -> NDArray[np.float32]:
    """What the sound measures that a knob at a value gives, as it would be kept: the nearest of its candidates."""
    samples = round(_SECONDS[engine] * SAMPLE_RATE_HZ)
    if name == "density":
        wanted = Wanted(samples=samples, engine=engine, density=(value + 1) / 2)
    else:
        wanted = Wanted(samples=samples, engine=engine, ranks={name: value})
    engines.choose(wanted, None)
    sounds = [output.audio for output in engines.candidates(engine, wanted, _SEED + place)]
    kept = sounds[nearest(sounds, engines.material, wanted.ranks) if len(sounds) > 1 else 0]
    return describe_frames(kept, engines.material.codec.config.hop_length).mean(0)


def _why(name: str, effect: float, crossed: dict[str, float], worst: str, *, is_alias: bool) -> str:
    """A sentence about a knob; empty for one that does what it says and nothing else."""
    if effect < LEAST_EFFECT:
        return f"{name} follows the knob at {effect:.1f} only on these recordings (1 is exactly)"
    if is_alias:
        return "warmth is brightness reversed on these recordings"
    cross = crossed.get(worst, 0.0)
    if abs(cross) >= MENTIONED:
        return f"{name} takes {worst} with it: {'more' if cross > 0 else 'less'} of it, at {abs(cross):.1f}"
    return ""
