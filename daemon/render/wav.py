"""Write WAV files in pieces, because libsndfile crashes on long single writes of some formats."""

import errno
import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.dsp.dither import Place, to_pcm
from protocol.atomic import write_through
from protocol.units import SAMPLE_RATE_HZ

_PIECE_S = 1.0


def write_wav(
    path: Path,
    audio: NDArray[np.float32],
    sample_rate: int = SAMPLE_RATE_HZ,
    bits: int = 24,
    *,
    place: Place | None = None,
    replace: bool = True,
) -> None:
    """Write `(L,)` or `(C, L)` float32 as a dithered PCM WAV of 16 or 24 bits, atomically.

    Samples beyond full scale are clipped. With `place`, `audio` is a part of a sound, written with the dither that it
    has in a file of the whole.

    Raises:
        FileExistsError: with replace=False, a file of that name exists when the write ends.
        OSError: the file cannot be written; the error names it. ENOSPC on a full disk, which libsndfile reports only
            as "System error".
    """
    if bits not in (16, 24):
        raise ValueError(f"bits must be 16 or 24, not {bits}")
    frames = np.atleast_2d(audio).T
    pcm = to_pcm(frames, bits, place=place) << (32 - bits)  # soundfile takes int32 whose top bits are kept
    piece = max(1, int(_PIECE_S * sample_rate))

    def write(temp: Path) -> None:
        with soundfile.SoundFile(temp, "w", sample_rate, pcm.shape[1], subtype=f"PCM_{bits}", format="WAV") as file:
            for start in range(0, len(pcm), piece):
                file.write(np.ascontiguousarray(pcm[start : start + piece]))

    def write_or_say_why(temp: Path) -> None:
        try:
            write(temp)
        except (soundfile.SoundFileError, AssertionError):  # soundfile asserts if fewer samples were written
            raise _system_error(path, pcm.size * bits // 8) from None

    write_through(path, write_or_say_why, replace=replace)


def _system_error(path: Path, size: int) -> OSError:
    """The cause of libsndfile's unspecific "System error": ENOSPC if `size` bytes do not fit on the disk, else EIO."""
    disk = os.statvfs(path.parent)
    number = errno.ENOSPC if disk.f_bavail * disk.f_frsize < size else errno.EIO
    return OSError(number, os.strerror(number), str(path))
