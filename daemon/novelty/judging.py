"""Judge the novelty of a sound by the index of a model.

The sound is cut into windows of a second, a quarter of a second apart; of a quarter of a second if it is shorter than
one. Each window is looked up in both views, and reads as the view says in which it is nearer for its threshold. The
sound is a copy when half of its windows are, and close when half of them are copies or close, or a tenth are copies.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.audio import Audio
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import VIEWS, NoveltyIndex, Thresholds, View
from daemon.novelty.verdict import Moment, Novelty, Verdict
from daemon.novelty.windows import LONG, SHORT, Cut, Scale, cut_windows
from protocol.units import SAMPLE_RATE_HZ

COPY_SHARE = 0.5
TOUCHED_SHARE = 0.1
VERY_SHORT_S = 0.1
_RANKS: dict[Verdict, int] = {"copy": 0, "close": 1, "new": 2, "silent": 3}


@dataclass(frozen=True)
class Found:
    """The nearest windows of a sound's windows in one view."""

    distances_db: NDArray[np.float32]
    frames: NDArray[np.int64]


class Judge:
    """Judges sounds by one index."""

    def __init__(self, index: NoveltyIndex) -> None:
        self._index = index

    def judge(self, audio: Audio, *, windows: Literal["auto", "long", "short"] = "auto") -> Novelty:
        """Judge a sound at 48 kHz, `(L,)` or `(2, L)`.

        Args:
            windows: their length; "auto" takes long ones unless the sound is shorter than a second.

        Raises:
            NoveltyError: the sound has no samples.
        """
        seconds = audio.shape[-1] / SAMPLE_RATE_HZ
        if not seconds:
            raise NoveltyError("The sound is empty: 0 s have no novelty.", "Name a sound.")
        is_long = seconds >= LONG.seconds if windows == "auto" else windows == "long"
        scale = LONG if is_long else SHORT
        cut = cut_windows(audio, scale)
        notes = [*self._index.about.notes]
        if scale is SHORT:
            notes.append("shorter than a second: compared by a quarter of a second, at which more sounds are alike")
        if seconds < VERY_SHORT_S:
            notes.append("shorter than a tenth of a second: there is little to compare")
        if not cut.audible.any():
            return _silence(seconds)
        moments, scores = self._moments(cut, scale, seconds)
        return _summed(moments, scores, seconds, notes)

    def _moments(self, cut: Cut, scale: Scale, seconds: float) -> tuple[list[Moment], list[tuple[float, float]]]:
        """Every window's verdict, with the distance over the threshold and the percentile of those that are heard."""
        views: dict[View, Found] = {view: look_up(self._index, view, scale, cut.windows) for view in VIEWS}
        moments: list[Moment] = []
        scores: list[tuple[float, float]] = []
        for number, is_heard in enumerate(cut.audible.tolist()):
            at_s = round(float(cut.at_s[number]), 2)
            length_s = round(min(scale.seconds, seconds), 2)
            if not is_heard:
                moments.append(_silent_moment(at_s, length_s))
                continue
            view = min(VIEWS, key=lambda v: views[v].distances_db[number] / self._thresholds(v, scale).copy_db)
            found, thresholds = views[view], self._thresholds(view, scale)
            distance = float(found.distances_db[number])
            name, nearest_at_s = self._index.place(int(found.frames[number]))
            moments.append(
                Moment(
                    at_s=at_s,
                    seconds=length_s,
                    verdict=_verdict(distance, thresholds),
                    nearest=name,
                    nearest_at_s=nearest_at_s,
                    distance_db=round(distance, 2),
                )
            )
            scores.append((distance / thresholds.copy_db, thresholds.percentile(distance)))
        return moments, scores

    def _thresholds(self, view: View, scale: Scale) -> Thresholds:
        return self._index.about.thresholds[f"{view} {scale.name}"]


def look_up(
    index: NoveltyIndex, view: View, scale: Scale, windows: NDArray[np.float32], own: NDArray[np.int64] | None = None
) -> Found:
    """Find the nearest window for each of `(O, N, D)`, at whichever offset it is nearest. `own` is as in `nearest`."""
    offsets, count, size = windows.shape
    left_out = None if own is None else np.tile(own, offsets)
    distances, frames = index.nearest(view, scale, windows.reshape(-1, size), left_out)
    distances, frames = distances.reshape(offsets, count), frames.reshape(offsets, count)
    best = distances.argmin(0)
    every = np.arange(count)
    return Found(distances[best, every], frames[best, every])


def _verdict(distance_db: float, thresholds: Thresholds) -> Verdict:
    if distance_db <= thresholds.copy_db:
        return "copy"
    return "close" if distance_db <= thresholds.close_db else "new"


def _silent_moment(at_s: float, seconds: float) -> Moment:
    return Moment(at_s=at_s, seconds=seconds, verdict="silent", nearest="", nearest_at_s=0.0, distance_db=0.0)


def _silence(seconds: float) -> Novelty:
    return Novelty(
        verdict="silent",
        nearest="",
        at_s=0.0,
        overlap=0.0,
        resembling=0.0,
        distance_db=0.0,
        percentile=0.0,
        seconds=round(seconds, 3),
        notes=["nothing can be heard in it, so it resembles nothing"],
    )


def _summed(moments: list[Moment], scores: list[tuple[float, float]], seconds: float, notes: list[str]) -> Novelty:
    """The verdict on the whole sound, from its windows."""
    heard = [moment for moment in moments if moment.verdict != "silent"]
    counts = Counter(moment.verdict for moment in heard)
    overlap = counts["copy"] / len(heard)
    resembling = (counts["copy"] + counts["close"]) / len(heard)
    if overlap >= COPY_SHARE:
        verdict: Verdict = "copy"
    else:
        verdict = "close" if resembling >= COPY_SHARE or overlap >= TOUCHED_SHARE else "new"
    at_best = min(_RANKS[moment.verdict] for moment in heard)
    candidates = [n for n, moment in enumerate(heard) if _RANKS[moment.verdict] == at_best]
    votes = Counter(heard[n].nearest for n in candidates)
    ((_, most),) = votes.most_common(1)
    leading = [n for n in candidates if votes[heard[n].nearest] == most]
    is_copied = heard[leading[0]].verdict == "copy"  # then where the copy begins is of interest, else the likest place
    best = leading[0] if is_copied else min(leading, key=lambda n: scores[n])
    return Novelty(
        verdict=verdict,
        nearest=heard[best].nearest,
        at_s=heard[best].nearest_at_s,
        overlap=round(overlap, 3),
        resembling=round(resembling, 3),
        distance_db=round(float(np.median([moment.distance_db for moment in heard])), 2),
        percentile=round(float(np.median([percentile for _, percentile in scores])), 1),
        seconds=round(seconds, 3),
        moments=moments,
        notes=notes,
    )
