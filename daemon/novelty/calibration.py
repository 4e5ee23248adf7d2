"""The thresholds of an index: how near is a copy, and how near is close.

Two measurements decide, in each view and at each length of window. The *null* is the distances of sound that is no
copy: held-out recordings, or, where fewer than twenty are held out, every recording looked up in all the others. The
*verbatim* distances are those of crops of the recordings. A copy is nearer than the null's 1st percentile, but not
farther than twice the 99th of the crops: in a corpus of very different recordings, all that is new is far away. Where
the crops lie above the null's 1st percentile, because a codec's error is larger than what tells two hits apart, their
99th decides, but never more than the null's 5th, so that a copy is no common verdict on new sound. Close is the 5th
percentile of the null, and never less than copy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.dsp.audio import Audio
from daemon.novelty.index import VIEWS, NoveltyIndex, Thresholds, View
from daemon.novelty.judging import look_up
from daemon.novelty.verbatim import verbatim_crops
from daemon.novelty.windows import SCALES, Cut, Scale, cut_windows
from protocol.units import SAMPLE_RATE_HZ

CROPS = 48
MOST_WINDOWS = 600
"""Windows of the null at one length, drawn evenly from its sounds."""
COPY_PERCENTILE, CLOSE_PERCENTILE = 1.0, 5.0
VERBATIM_PERCENTILE, MARGIN = 99.0, 2.0
FEWEST_HELD_OUT = 20
"""Held-out recordings below which one that is nearly equal to a learned one would decide all."""
FEWEST_RECORDINGS = 5
"""Recordings below which a null is not trusted."""
UNKNOWN_DB = 2.0
"""Threshold where nothing could be measured, as with a single recording of half a second."""


@dataclass(frozen=True)
class Known:
    """A sound that is no copy of any recording but its own."""

    recorded: Audio
    decoded: Audio
    own: int
    """The number of its recording in the index, -1 if it is held out."""


def calibrate(
    index: NoveltyIndex,
    codec: Codec,
    takes: Sequence[Known],
    held_out: Sequence[Known],
    *,
    seed: int = 0,
    go_on: Callable[[float], bool] = lambda _: True,
) -> NoveltyIndex | None:
    """Find the thresholds of an index; None if `go_on` (called with the share done) stops it.

    Args:
        takes: the sounds in the index.
        held_out: sounds that are not in it, one for each held-out recording.
    """
    is_apart = len(held_out) >= FEWEST_HELD_OUT
    null = list(held_out) if is_apart else [*takes, *held_out]
    if not is_apart and index.recordings < 2:
        null = list(held_out)
    thresholds: dict[str, Thresholds] = {}
    for done, scale in enumerate(SCALES.values()):
        verbatim = _verbatim(index, codec, [take.recorded for take in takes], scale, seed)
        if not go_on((done + 0.5) / len(SCALES)):
            return None
        distances = _null(index, null, scale, seed)
        for view in VIEWS:
            thresholds[f"{view} {scale.name}"] = thresholds_of(verbatim[view], distances[view])
        if not go_on((done + 1) / len(SCALES)):
            return None
    about = replace(
        index.about,
        thresholds=thresholds,
        basis=_basis(is_apart, len(null), index.recordings),
        notes=[*index.about.notes, *_doubts(index.recordings)],
    )
    return NoveltyIndex(about, index.levels)


def thresholds_of(verbatim: NDArray[np.float32], null: NDArray[np.float32]) -> Thresholds:
    """The thresholds by the distances of crops and of the null; either may be empty."""
    crops_db = float(np.percentile(verbatim, VERBATIM_PERCENTILE)) if verbatim.size else 0.0
    if not null.size:
        copy_db = crops_db or UNKNOWN_DB
        close_db = 1.5 * copy_db
    else:
        lowest, close_db = np.percentile(null, [COPY_PERCENTILE, CLOSE_PERCENTILE]).tolist()
        copy_db = min(crops_db, close_db) if crops_db > lowest else min(lowest, MARGIN * crops_db or lowest)
    return Thresholds(
        copy_db=round(copy_db, 3),
        close_db=round(close_db, 3),
        verbatim_db=round(crops_db, 3),
        null=[round(value, 3) for value in np.percentile(null, np.arange(101)).tolist()] if null.size else [],
        windows=int(null.size),
    )


def _verbatim(
    index: NoveltyIndex, codec: Codec, sounds: list[Audio], scale: Scale, seed: int
) -> dict[View, NDArray[np.float32]]:
    """Distances of crops of the recordings, in each view."""
    random = np.random.default_rng([seed, scale.steps])
    cuts: dict[View, list[tuple[Cut, int]]] = {view: [] for view in VIEWS}
    for crop in verbatim_crops(codec, sounds, scale, CROPS, random):
        cuts["recorded"].append((cut_windows(crop.recorded, scale), -1))
        cuts["decoded"].append((cut_windows(crop.decoded, scale), -1))
    return {view: _distances(index, view, scale, cuts[view]) for view in VIEWS}


def _null(index: NoveltyIndex, sounds: Sequence[Known], scale: Scale, seed: int) -> dict[View, NDArray[np.float32]]:
    """Distances of sounds to all recordings but their own, in each view."""
    least = scale.seconds * SAMPLE_RATE_HZ
    usable = [sound for sound in sounds if sound.recorded.shape[-1] >= least] or list(sounds)
    order = np.random.default_rng([seed, 0x2A]).permutation(len(usable))[:MOST_WINDOWS]
    each = max(1, MOST_WINDOWS // max(1, len(order)))
    cuts: dict[View, list[tuple[Cut, int]]] = {view: [] for view in VIEWS}
    for number in order.tolist():
        sound = usable[number]
        cuts["recorded"].append((cut_windows(sound.recorded, scale, each), sound.own))
        cuts["decoded"].append((cut_windows(sound.decoded, scale, each), sound.own))
    return {view: _distances(index, view, scale, cuts[view]) for view in VIEWS}


def _distances(index: NoveltyIndex, view: View, scale: Scale, cuts: list[tuple[Cut, int]]) -> NDArray[np.float32]:
    """Distances of the audible windows of cuts, each with the number of the recording to leave out, in one search."""
    if not cuts:
        return np.empty(0, np.float32)
    own = np.concatenate([np.full(len(cut.at_s), number) for cut, number in cuts])
    audible = np.concatenate([cut.audible for cut, _ in cuts])
    windows = np.concatenate([cut.windows for cut, _ in cuts], axis=1)
    distances = look_up(index, view, scale, windows[:, audible], own[audible]).distances_db
    return distances[np.isfinite(distances)]


def _basis(is_apart: bool, sounds: int, recordings: int) -> str:
    if is_apart:
        return f"{sounds} held-out recordings, compared with {recordings} learned ones"
    return f"each of {recordings} recordings, compared with all the others"


def _doubts(recordings: int) -> list[str]:
    if recordings >= FEWEST_RECORDINGS:
        return []
    count = "one recording" if recordings == 1 else f"{recordings} recordings"
    return [f"the verdict is rough: the model learned from {count}, too few to know how alike new sound is"]
