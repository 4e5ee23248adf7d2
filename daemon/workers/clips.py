"""Reads an audio file as a clip at 48 kHz, in one or two channels, with notes for the user. Only workers import it.

What can go wrong: the file is not audio, or does not fit into memory. The error names the file and what to do. If only
a part can be read, that part is used and a note reports it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from daemon.corpus.averaging import averaging_remarks, cancelled, silence_remark
from daemon.corpus.levels import Looked, look_at
from daemon.corpus.reading import Decoding
from daemon.corpus.remarks import Remark, remarks_on
from daemon.corpus.streams import UnreadableFileError
from daemon.dsp.mixdown import mean_of
from daemon.dsp.resample import require_torchaudio
from protocol.errors import AlleleError
from protocol.units import SAMPLE_RATE_HZ

LONGEST_CLIP_S = 1800.0  # a strand of half an hour: 340 MB of samples while it is encoded
SLACK_S = 0.1  # a tolerance, because resampling rounds up and sums of seconds are not exact


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A clip. audio: (L,) float32 at 48 kHz, the mean of its channels; or (2, L). channels: those of the file."""

    audio: npt.NDArray[np.float32]
    sha256: str
    sample_rate: int
    channels: int
    notes: list[str]


def read_clip(path: Path, channels: int = 1) -> Clip:
    """Read a whole audio file.

    Args:
        channels: the number of channels of the codec. A file in stereo is kept for 2; all others are averaged.

    Raises:
        AlleleError: E_NOT_FOUND, E_BAD_AUDIO or E_TOO_SHORT. It names the file and what to do.
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
    looked = look_at(path, _watch)
    decoding, is_pair = looked.decoding, wanted == 2 and looked.channels == 2
    if not decoding.frames:
        why = "nothing in it could be decoded" if decoding.is_partial else "it contains no samples"
        raise AlleleError("E_TOO_SHORT", f"{path}: {why}", hint="export it again")
    why_not = cancelled(looked.mixdown)
    if why_not is not None:
        raise UnreadableFileError(why_not.message, why_not.hint)
    pieces = [np.ascontiguousarray(block) if is_pair else mean_of(block, looked.heard) for block in looked.blocks()]
    return Clip(
        audio=np.concatenate(pieces, axis=-1),
        sha256=_digest(path),
        sample_rate=decoding.sample_rate_hz,
        channels=decoding.channels,
        notes=_notes(looked, wanted),
    )


def _watch(decoding: Decoding, block: npt.NDArray[np.float32]) -> None:
    """Reject values that are not numbers, and a file that is too long before it fills the memory."""
    if not np.isfinite(block).all():
        raise AlleleError(
            "E_BAD_AUDIO",
            f"{decoding.path}: it contains values that are not numbers (NaN or infinity)",
            hint="export it again",
        )
    if decoding.frames > (LONGEST_CLIP_S + SLACK_S) * decoding.sample_rate_hz:
        longest = f"it is longer than {LONGEST_CLIP_S / 60:.0f} minutes"
        raise AlleleError("E_BAD_AUDIO", f"{decoding.path}: {longest}", hint="cut it into parts")


def _notes(looked: Looked, wanted: int) -> list[str]:
    """The notes for the user about a clip that a model with `wanted` channels encodes."""
    rate, mixdown = looked.decoding.sample_rate_hz, looked.mixdown
    is_pair = wanted == 2 and looked.channels == 2
    notes = [_note(remark) for remark in remarks_on(looked.decoding)]
    notes += [silence_remark(mixdown, is_stereo=is_pair)] if mixdown.silent else []
    if not is_pair and len(mixdown.heard) > 1:
        notes.append(_averaged(len(mixdown.heard), wanted))
    notes += [_note(remark) for remark in averaging_remarks(mixdown, is_stereo=wanted == 2)]
    if rate != SAMPLE_RATE_HZ:
        notes.append(f"converted from {rate} Hz to {SAMPLE_RATE_HZ} Hz")
    if looked.dc_offset:
        notes.append(f"a DC offset of {looked.dc_offset:+.2f} was removed")
    return notes


def _note(remark: Remark) -> str:
    return "; ".join(_clause(sentence) for sentence in (remark.message, remark.hint) if sentence)


def _averaged(channels: int, wanted: int) -> str:
    if wanted == 1:
        return f"{channels} channels were averaged to one: this model is mono"
    return f"{channels} channels were averaged to one, which both loudspeakers play: a model has two at most"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clause(sentence: str) -> str:
    """A sentence without its capital letter and full stop, to be part of a line."""
    trimmed = sentence.strip().rstrip(".")
    return trimmed[:1].lower() + trimmed[1:]
