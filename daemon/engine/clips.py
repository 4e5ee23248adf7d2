"""One audio file as a clip at 48 kHz, in one channel or two, and what to tell the person about it. In a worker only.

What can go wrong: the file is no audio or would not fit into memory, which is one line that names the file and the fix.
Of a file that is cut short the readable part is kept, with a note.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from daemon.corpus.measures import offset_to_leave_out
from daemon.corpus.reading import open_decoding
from daemon.corpus.remarks import Remark, remarks_on
from daemon.corpus.streams import UnreadableFileError
from daemon.dsp.resample import require_torchaudio, resample_blocks
from protocol.errors import AlleleError
from protocol.units import SAMPLE_RATE_HZ

LONGEST_CLIP_S = 1800.0  # a strand of half an hour: 340 MB of samples while it is encoded
SLACK_S = 0.1  # resampling rounds up, and sums of seconds are not exact


@dataclass(frozen=True, kw_only=True)
class Clip:
    """`audio` (L,) float32 at 48 kHz, the mean of its channels; or (2, L), left and right. channels: the file's."""

    audio: npt.NDArray[np.float32]
    sha256: str
    sample_rate: int
    channels: int
    notes: list[str]


def read_clip(path: Path, channels: int = 1) -> Clip:
    """Read a file whole.

    Args:
        channels: what the codec takes; a file in two channels is averaged for 1 and kept for 2, others are averaged.

    Raises:
        AlleleError: E_NOT_FOUND, E_BAD_AUDIO or E_TOO_SHORT, naming the file and the mend.
    """
    require_torchaudio()
    if not path.exists():
        raise AlleleError("E_NOT_FOUND", f"{path}: there is no such file", hint="check the spelling")
    if not path.is_file():
        raise AlleleError("E_BAD_AUDIO", f"{path}: this is not a file", hint="name an audio file")
    try:
        return _read(path, channels)
    except UnreadableFileError as reason:
        raise AlleleError("E_BAD_AUDIO", f"{path}: {_clause(reason.message)}", hint=_clause(reason.hint)) from None


def _read(path: Path, wanted: int) -> Clip:
    decoding, blocks = open_decoding(path)
    rate, channels = decoding.sample_rate_hz, decoding.channels
    pieces: list[npt.NDArray[np.float32]] = []
    seconds = 0.0
    for block in resample_blocks(blocks, rate, SAMPLE_RATE_HZ):
        if not np.isfinite(block).all():
            raise AlleleError(
                "E_BAD_AUDIO", f"{path}: it holds values that are not numbers (NaN or infinity)", hint="export it again"
            )
        is_pair = wanted == 2 and channels == 2
        pieces.append(np.ascontiguousarray(block) if is_pair else block.mean(axis=0, dtype=np.float32))
        seconds += block.shape[1] / SAMPLE_RATE_HZ
        if seconds > LONGEST_CLIP_S + SLACK_S:
            raise AlleleError(
                "E_BAD_AUDIO", f"{path}: it is longer than {LONGEST_CLIP_S / 60:.0f} minutes", hint="cut it into parts"
            )
    audio = np.concatenate(pieces, axis=-1) if pieces else np.zeros(0, np.float32)
    if not audio.size:
        if decoding.is_partial:
            raise AlleleError("E_BAD_AUDIO", f"{path}: nothing in it could be decoded", hint="export it again")
        raise AlleleError("E_TOO_SHORT", f"{path}: it holds no samples", hint="export it again")
    notes = [_note(remark) for remark in remarks_on(decoding)]
    notes += [_averaged(channels, wanted)] if channels > audio.ndim else []
    if rate != SAMPLE_RATE_HZ:
        notes.append(f"converted from {rate} Hz to {SAMPLE_RATE_HZ} Hz")
    audio, offset = _without_offset(audio)
    if offset:
        notes.append(f"a DC offset of {offset:+.2f} was left out")
    return Clip(audio=audio, sha256=_digest(path), sample_rate=rate, channels=channels, notes=notes)


def _note(remark: Remark) -> str:
    return "; ".join(_clause(sentence) for sentence in (remark.message, remark.hint) if sentence)


def _averaged(channels: int, wanted: int) -> str:
    if wanted == 1:
        return f"{channels} channels were averaged to one: this model is mono"
    return f"{channels} channels were averaged to one, which both loudspeakers play: a model has two at most"


def _without_offset(audio: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float]:
    """The clip without DC, and how much there was where it is worth naming; of two channels, mid and side apart."""
    offset = offset_to_leave_out(float(audio.mean(dtype=np.float64)))
    if audio.ndim == 2:
        aside = offset_to_leave_out(float((audio[0] - audio[1]).mean(dtype=np.float64)) / 2)
        if offset or aside:
            audio -= np.array([[offset + aside], [offset - aside]], np.float32)
        return audio, offset or aside
    if offset:
        audio -= np.float32(offset)
    return audio, offset


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clause(sentence: str) -> str:
    """A sentence as part of a line: no capital, no full stop."""
    trimmed = sentence.strip().rstrip(".")
    return trimmed[:1].lower() + trimmed[1:]
