"""Judges the novelty of files and of codes, in the engine's worker for files."""

from pathlib import Path
from typing import Any

import msgspec

from daemon.codec.codec import Codec
from daemon.dsp.audio import Audio
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.workers.clips import read_clip
from protocol.arrays import Array

_NOT_ABOUT_NOVELTY = ("averaged to one",)


def novelty_of_file(model: Path, codec: Codec, path: Path) -> dict[str, Any]:
    """Judge an audio file by a model's index. The fields are those of `NoveltyVerdict` without its model.

    Raises:
        AlleleError: the file cannot be read, as for `read_clip`.
        NoveltyError: the model has no index.
    """
    index = NoveltyIndex.load(model, codec.codec_id)
    clip = read_clip(path, codec.config.channels)
    notes = [note for note in clip.notes if not any(words in note for words in _NOT_ABOUT_NOVELTY)]
    return _judged(index, clip.audio, notes)


def novelty_of_codes(model: Path, codec: Codec, codes: Array, gains_db: Array, samples: int) -> dict[str, Any]:
    """Judge codes, decoded first, by a model's index; the fields are as for a file.

    Raises:
        NoveltyError: the model has no index, or there are no codes.
    """
    index = NoveltyIndex.load(model, codec.codec_id)
    return _judged(index, codec.decode(codes, samples=samples, gain_db=gains_db), [])


def _judged(index: NoveltyIndex, sound: Audio, notes: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(Judge(index).judge(sound))
    for moment in fields["moments"]:  # 1200 whole paths might not fit into a message
        moment["nearest"] = Path(moment["nearest"]).name
    return {**fields, "notes": [*notes, *fields["notes"]]}
