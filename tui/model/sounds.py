"""Generated sounds as lines of text, for the lists of the Generate screen. Does no I/O."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from protocol.generation import ONCE, OPTIONS, RANKS
from protocol.messages.sounds import Sound
from tui.model.thumbnail import thumbnail

SHORT = {"brightness": "bri", "warmth": "war", "roughness": "rou", "tension": "ten", "attack": "att", "space": "spa"}
SHOWN_WIDE = ("brightness", "roughness", "attack")
WIDE = 78
"""Columns from which a sound's line shows its descriptors."""
VERDICTS = {"copy": "copy!", "close": "close", "new": "new"}


def rank_of(sound: Sound, knob: str) -> float | None:
    """Where a sound ranks among the recordings on a knob, -1 to 1; None if it was not measured."""
    rank = sound.descriptors.get(f"{knob}_rank")
    return None if rank is None else 2 * rank - 1


def did_words(name: str, newest: Sequence[Sound]) -> str:
    """What the newest sounds have on an option, as their mean: `+0.41`, `4.2/s`; "" if nothing is measured."""
    if not newest:
        return ""
    if name == "engine":
        return newest[0].engine
    if name == "density":
        return _mean("{:.1f}/s", [sound.descriptors.get("onsets") for sound in newest])
    if name in RANKS:
        return _mean("{:+.2f}", [rank_of(sound, name) for sound in newest])
    return ""


def _mean(form: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return form.format(sum(known) / len(known)) if known else ""


def sound_line(number: int, sound: Sound, columns: int) -> str:
    """A sound in so many columns: kept, number, picture, length, engine, novelty, and descriptors if they fit."""
    verdict = VERDICTS.get(sound.novelty.verdict, "") if sound.novelty else ""
    facts = f"{sound.seconds:>5.1f} s {sound.engine:<7} {verdict:<5}"
    if columns >= WIDE:
        facts += " " + " ".join(_short(knob, sound) for knob in SHOWN_WIDE)
    head = f"{'*' if sound.kept else ' '}{number:>3} "
    room = max(4, columns - len(head) - len(facts) - 1)
    peaks = np.asarray([peak / 100 for peak in sound.picture], np.float32)
    (picture,) = thumbnail(peaks, room, 1) or [""]
    return f"{head}{picture:<{min(room, max(len(picture), 1))}} {facts}"


def _short(knob: str, sound: Sound) -> str:
    rank = rank_of(sound, knob)
    return f"{SHORT[knob]} {'  ?  ' if rank is None else f'{rank:+.2f}'}"


def batch_line(sounds: Sequence[Sound]) -> str:
    """A heading of a batch: when it was made, and what was wanted."""
    first = sounds[0]
    when = datetime.fromisoformat(first.created).astimezone().strftime("%H:%M") if first.created else first.batch
    return " · ".join((f" {when}", *wanted_words(first.wanted, but="seconds")))


def wanted_words(wanted: dict[str, Any], but: str = "") -> list[str]:
    """The options that were not left at their defaults, but for one of them, in words."""
    mode = wanted.get("mode", "new")
    words = [] if mode == "new" else [f"{mode} {wanted.get('amount')}" if mode == "vary" else str(mode)]
    for option in OPTIONS:
        value = wanted.get(option.name)
        if value not in (None, option.default) and option.name not in (*ONCE, but):
            shown = "" if value is True else f" {value:g}" if isinstance(value, float) else f" {value}"
            words.append(f"{option.label}{shown}")
    return words


def sound_facts(sound: Sound) -> str:
    """The first line about a sound: its name (with the seed), engine, what it resembles, and what is quoted."""
    words = [f"{sound.name}: {sound.engine}"]
    if sound.tempo is not None:
        words.append(f"{sound.tempo:.5g} bpm")
    if sound.novelty is not None:
        nearest = sound.novelty.nearest.rsplit("/", 1)[-1]
        words.append(f"{sound.novelty.verdict}, nearest {nearest} at {sound.novelty.at_s:.1f} s")
    if sound.verbatim:
        words.append(f"{sound.verbatim:.0%} quoted unchanged")
    return ", ".join(words)


def sound_measures(sound: Sound) -> str:
    """The second line about a sound: its descriptors, as ranks among the recordings, and its notes."""
    onsets = sound.descriptors.get("onsets")
    words = [*(_short(knob, sound) for knob in RANKS), *([] if onsets is None else [f"{onsets:.1f}/s"])]
    return "; ".join(filter(None, ("  ".join(words), *sound.notes)))


def batches(sounds: Sequence[Sound]) -> list[list[Sound]]:
    """Group sounds that follow one another by their batch."""
    grouped: list[list[Sound]] = []
    for sound in sounds:
        if grouped and grouped[-1][0].batch == sound.batch:
            grouped[-1].append(sound)
        else:
            grouped.append([sound])
    return grouped
