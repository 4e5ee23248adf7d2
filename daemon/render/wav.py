"""Write sounds to files, in pieces: libsndfile crashes on long single writes of some formats."""

import errno
import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.dsp.dither import to_pcm
from daemon.files.atomic import write_through
from protocol.units import SAMPLE_RATE_HZ

_PIECE_S = 1.0


def write_wav(
    path: Path, audio: NDArray[np.float32], sample_rate: int = SAMPLE_RATE_HZ, bits: int = 24, *, replace: bool = True
) -> None:
    """Write `(L,)` or `(C, L)` float32 as a dithered PCM WAV of 16 or 24 bits, atomically.

    Samples beyond full scale are clipped.

    Raises:
        FileExistsError: with replace=False, when there is a file of that name by then.
        OSError: naming the file; ENOSPC on a full disk, of which libsndfile says only "System error".
    """
    if bits not in (16, 24):
        raise ValueError(f"16 or 24 bits, not {bits}")
    frames = np.atleast_2d(audio).T
    pcm = to_pcm(frames, bits) << (32 - bits)  # soundfile takes int32 whose top bits are kept
    piece = max(1, int(_PIECE_S * sample_rate))

    def write(temp: Path) -> None:
        with soundfile.SoundFile(temp, "w", sample_rate, frames.shape[1], subtype=f"PCM_{bits}", format="WAV") as file:
            for start in range(0, len(pcm), piece):
                file.write(np.ascontiguousarray(pcm[start : start + piece]))

    def write_or_say_why(temp: Path) -> None:
        try:
            write(temp)
        except (soundfile.SoundFileError, AssertionError):  # the latter where fewer samples were written
            raise _system_error(path, pcm.size * bits // 8) from None

    write_through(path, write_or_say_why, replace=replace)


def _system_error(path: Path, size: int) -> OSError:
    """What libsndfile calls a system error, which it does not name: a full disk, if that much does not fit."""
    disk = os.statvfs(path.parent)
    number = errno.ENOSPC if disk.f_bavail * disk.f_frsize < size else errno.EIO
    return OSError(number, os.strerror(number), str(path))
