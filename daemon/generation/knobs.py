"""Knobs: how a sound should rank among the recordings, and how near a sound comes.

A knob from -1 to 1 wants a rank from 0 to 1: 0.5 asks for brighter than three quarters of the recordings. A rank is
measured on the decoded sound. Tension and space are made of other ranks; warmth is brightness reversed on most
material, and is shown as such.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.audio import Audio
from daemon.generation.material import Material
from daemon.prior.conditions import CONDITIONS, describe_frames, ranks

CANDIDATES = 4
"""Sounds made for each that is kept, when a knob is set."""
_PARTS: dict[str, dict[str, float]] = {
    "brightness": {"brightness": 1},
    "warmth": {"warmth": 1},
    "roughness": {"roughness": 1},
    "attack": {"attack": 1},
    "tension": {"roughness": 1, "noisiness": 1, "brightness": 1},
    "space": {"onsets": -1, "attack": -1},
}
"""What a knob is made of: positive parts count by their rank, negative ones by one minus it."""
_MOST_APART = 1.0
"""How far apart two knobs may want one descriptor, of a range of 2."""


def scores(ranked: NDArray[np.float32], knob: str) -> NDArray[np.float32]:
    """Rank of sounds on a knob, 0 to 1, from their ranks `(N, C)`."""
    parts = _PARTS[knob]
    columns = [
        ranked[:, CONDITIONS.index(name)] if sign > 0 else 1 - ranked[:, CONDITIONS.index(name)]
        for name, sign in parts.items()
    ]
    return np.mean(columns, axis=0)


def distances(ranked: NDArray[np.float32], wanted: Mapping[str, float]) -> NDArray[np.float32]:
    """How far sounds of ranks `(N, C)` are from knobs, mean absolute difference of rank, `(N,)`."""
    if not wanted:
        return np.zeros(len(ranked), np.float32)
    return np.mean([np.abs(scores(ranked, knob) - (value + 1) / 2) for knob, value in wanted.items()], axis=0)


def contradiction(wanted: Mapping[str, float]) -> str:
    """Say which two knobs want opposite ranks of one descriptor; empty if none do."""
    for first, one in wanted.items():
        for second, other in wanted.items():
            shared = _PARTS[first].keys() & _PARTS[second].keys()
            apart = max((abs(_PARTS[first][name] * one - _PARTS[second][name] * other) for name in shared), default=0)
            if apart > _MOST_APART:
                return f"--{first} {one:g} and --{second} {other:g} contradict one another."
    return ""


def parts_of(wanted: Mapping[str, float]) -> dict[str, float]:
    """What knobs want of each descriptor, -1 to 1; the mean where several want something of one."""
    named = dict.fromkeys(name for knob in wanted for name in _PARTS[knob])
    return {
        name: float(np.mean([_PARTS[knob][name] * value for knob, value in wanted.items() if name in _PARTS[knob]]))
        for name in named
    }


def conditions_of(wanted: Mapping[str, float]) -> NDArray[np.float64] | None:
    """Conditions for the prior: wanted ranks, the others at their median; None if no knob is set."""
    if not wanted:
        return None
    made = np.full(len(CONDITIONS), 0.5)
    for name, value in parts_of(wanted).items():
        made[CONDITIONS.index(name)] = 0.5 + value / 2
    made[CONDITIONS.index("loudness")] = np.nan  # matched by a gain afterwards
    return made


def measured(audio: Audio, material: Material) -> dict[str, float]:
    """Descriptors of a sound, means over its seconds, and its ranks among the recordings, by name."""
    described = describe_frames(audio, material.codec.config.hop_length)
    ranked = ranks(described.mean(0, keepdims=True), np.sort(material.described, 0))
    values = {name: round(float(value), 3) for name, value in zip(CONDITIONS, described.mean(0), strict=True)}
    return values | {f"{knob}_rank": round(float(scores(ranked, knob)[0]), 3) for knob in _PARTS}


def nearest(sounds: list[Audio], material: Material, wanted: Mapping[str, float]) -> int:
    """Index of the sound that comes nearest to the knobs."""
    hop, known = material.codec.config.hop_length, np.sort(material.described, 0)
    means = np.stack([describe_frames(sound, hop).mean(0) for sound in sounds])
    return int(distances(ranks(means, known), wanted).argmin())
