"""Reads a run's preview as PCM, at the loudness of the source that it is compared with. Only workers import it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from daemon.dsp.limiter import limit
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from protocol.errors import AlleleError

LARGEST_GAIN_DB = 12.0  # a larger difference means that the codec has not learnt yet; amplifying it would only be loud


class Matched(NamedTuple):
    """A clip `audio`, (L,) or (2, L) at 48 kHz, and the gain that was applied to it."""

    audio: npt.NDArray[np.float32]
    gain_db: float


def read_matched(path: Path, source: Path) -> Matched:
    """Read a preview and match its loudness to its source. Samples that would exceed full scale are limited.

    Raises:
        AlleleError: E_NOT_FOUND or E_IO. It names the file.
    """
    audio = _read(path)
    if path == source:
        return Matched(audio, 0.0)
    wanted, now = integrated_lufs(_read(source)), integrated_lufs(audio)
    if min(wanted, now) <= SILENCE_LUFS:
        return Matched(audio, 0.0)
    gain_db = round(max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, wanted - now)), 2)
    return Matched(limit(audio * np.float32(10 ** (gain_db / 20))).audio, gain_db)


def _read(path: Path) -> npt.NDArray[np.float32]:
    try:
        audio, _ = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as problem:
        if not path.exists():
            hint = "the run wrote no preview at this step, or it was removed"
            raise AlleleError("E_NOT_FOUND", f"{path}: there is no such preview", hint=hint) from None
        hint = "check the disk and try again"
        raise AlleleError("E_IO", f"{path}: it cannot be read: {problem}", hint=hint) from None
    pair = np.asarray(audio, np.float32).T
    return np.ascontiguousarray(pair if len(pair) == 2 else pair.mean(axis=0, dtype=np.float32))
