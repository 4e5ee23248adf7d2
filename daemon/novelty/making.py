"""Make the index of a model from its material and its recordings."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, Part
from daemon.dsp.audio import Audio
from daemon.generation.material import Material
from daemon.novelty.bands import BANDS, SILENCE_DB, band_levels
from daemon.novelty.calibration import Known, calibrate
from daemon.novelty.index import GAP, About, Indexed, NoveltyIndex
from daemon.novelty.verbatim import through
from protocol.units import SAMPLE_RATE_HZ

LONGEST_HELD_OUT_S = 60.0
"""Of a held-out recording, the seconds that are compared."""
_READING = 0.3
"""Share of the work until the recordings are read."""


def make_index(
    codec: Codec,
    material: Material,
    train: tuple[Sequence[Clip], Sequence[Part]],
    held_out: Sequence[Clip],
    *,
    seed: int = 0,
    go_on: Callable[[float], bool] = lambda _: True,
) -> NoveltyIndex | None:
    """Make an index with its thresholds; None if `go_on` (called with the share done) stops it.

    Args:
        train: the clips that the model learned from, with their parts.
        held_out: the clips that it did not learn from.
    """
    clips = {(part.sha256, part.start): clip for clip, part in zip(*train, strict=True)}
    takes: list[Indexed] = []
    known: list[tuple[Audio, Audio, str]] = []
    levels: dict[str, list[NDArray[np.float16]]] = {"recorded": [], "decoded": []}
    for number, take in enumerate(material.takes):
        recorded, decoded = clips[take.sha256, take.start].sound()[..., : take.samples], material.sound(take)
        first = takes[-1].first + takes[-1].frames + GAP if takes else 0
        pair = band_levels(recorded), band_levels(decoded)
        start_s = take.start / SAMPLE_RATE_HZ
        takes.append(Indexed(name=take.name, sha256=take.sha256, start_s=start_s, first=first, frames=len(pair[0])))
        known.append((recorded, decoded, take.sha256))
        for view, one in zip(levels, pair, strict=True):
            levels[view].append(_followed_by_silence(one))
        if not go_on(_READING * (number + 1) / len(material.takes)):
            return None
    about = About(codec_id=codec.codec_id, takes=takes, notes=_left_out(material, train[0]))
    index = NoveltyIndex(about, {view: np.concatenate(parts) for view, parts in levels.items()})
    inside = [Known(recorded, decoded, index.number_of(sha)) for recorded, decoded, sha in known]
    apart: list[Known] = []
    for clip in held_out:
        sound = clip.excerpt(round(LONGEST_HELD_OUT_S * SAMPLE_RATE_HZ))
        apart.append(Known(sound, through(codec, sound), -1))
    return calibrate(
        index, codec, inside, apart, seed=seed, go_on=lambda share: go_on(_READING + (1 - _READING) * share)
    )


def _followed_by_silence(levels: NDArray[np.float32]) -> NDArray[np.float16]:
    silence = np.full((GAP, BANDS), SILENCE_DB)
    return np.concatenate([levels, silence]).astype(np.float16)


def _left_out(material: Material, clips: Sequence[Clip]) -> list[str]:
    """A note if the index holds only part of the corpus."""
    samples = sum(clip.samples for clip in clips)
    share = sum(take.samples for take in material.takes) / max(1, samples)
    if share > 0.999:
        return []
    return [f"compared with {share:.0%} of the recordings' length: the corpus is larger than an index"]
