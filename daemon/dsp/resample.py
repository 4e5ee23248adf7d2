"""Sample-rate conversion, whole or in blocks, always the same samples.

The windowed-sinc polyphase filter of torchaudio does the work when the two rates share a large
divisor (44 100, 96 000, 22 050 … to 48 000). Its kernel table grows with `to/gcd x from/gcd`: a
44 101 Hz file would ask for 8 GB. Such rates go through `resample_direct`, which computes the same
filter tap by tap.

References: J. O. Smith, "Digital Audio Resampling", https://ccrma.stanford.edu/~jos/resample/.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from daemon.dsp.audio import Audio
from daemon.errors import AudioBackendError

try:
    import torchaudio.functional as _torchaudio  # pyright: ignore[reportMissingTypeStubs]
except (ImportError, OSError) as error:  # a CUDA-linked wheel beside a CPU-only torch raises OSError
    _torchaudio: Any = None
    _import_failure: BaseException | None = error
else:
    _import_failure = None


# 64 zero crossings and a 0.95 roll-off keep 20 kHz flat to 0.1 dB from 44.1 kHz; images below -80 dB.
ZERO_CROSSINGS = 64
ROLLOFF = 0.95
# Largest polyphase table (to/gcd x from/gcd) handed to torchaudio: 160 x 147 is the usual case.
LARGEST_TABLE = 4_000_000


def require_torchaudio() -> None:
    """Fail with a hint when torchaudio does not import.

    Raises:
        AudioBackendError: its extension needs a library this machine lacks, or it is not installed.
    """
    if _import_failure is not None:
        raise AudioBackendError(
            f"torchaudio cannot be imported ({_import_failure}).",
            "Run allele doctor: it names the command that installs it again (scripts/setup in a checkout).",
        )


def resample(audio: Audio, from_hz: int, to_hz: int) -> Audio:
    """Convert the rate of a whole signal.

    Shape: `(C, L)` to `(C, ceil(L * to_hz / from_hz))`.

    Raises:
        AudioBackendError: see `require_torchaudio`.
    """
    if from_hz == to_hz or audio.shape[-1] == 0:
        return audio
    divisor = math.gcd(from_hz, to_hz)
    if (from_hz // divisor) * (to_hz // divisor) > LARGEST_TABLE:
        return resample_direct(audio, from_hz, to_hz)
    require_torchaudio()
    # torchaudio rounds the length in float32, which loses a sample now and then: give it a little
    # more and cut to the exact count.
    padded = np.pad(audio, ((0, 0), (0, from_hz // divisor)))
    with torch.no_grad():
        converted = _torchaudio.resample(
            torch.from_numpy(padded),
            from_hz,
            to_hz,
            lowpass_filter_width=ZERO_CROSSINGS,
            rolloff=ROLLOFF,
        )
    return converted.numpy()[:, : -(-audio.shape[-1] * to_hz // from_hz)]


def resample_direct(audio: Audio, from_hz: int, to_hz: int) -> Audio:
    """Convert the rate tap by tap: slower, any pair of rates; also the reference for the tests.

    Shape: `(C, L)` to `(C, ceil(L * to_hz / from_hz))`.
    """
    length = audio.shape[-1]
    cutoff = min(from_hz, to_hz) * ROLLOFF / from_hz  # in units of the source's Nyquist
    reach = math.ceil(ZERO_CROSSINGS / cutoff)
    total = -(-length * to_hz // from_hz)
    padded = np.pad(audio, ((0, 0), (reach, reach + 1)))
    out = np.empty((audio.shape[0], total), np.float32)
    taps = np.arange(-reach, reach + 1)
    for start in range(0, total, 8192):
        n = np.arange(start, min(start + 8192, total), dtype=np.int64)
        whole, rest = np.divmod(n * from_hz, to_hz)
        offsets = (taps[None, :] - (rest / to_hz)[:, None]) * cutoff
        window = np.cos(offsets.clip(-ZERO_CROSSINGS, ZERO_CROSSINGS) * (np.pi / 2 / ZERO_CROSSINGS)) ** 2
        kernel = (np.sinc(offsets) * window * cutoff).astype(np.float32)
        around = padded[:, whole[:, None] + taps[None, :] + reach]
        out[:, start : start + n.size] = np.einsum("cnk,nk->cn", around, kernel)
    return out


def resample_blocks(blocks: Iterator[Audio], from_hz: int, to_hz: int) -> Iterator[Audio]:
    """Convert a stream of `(C, L)` blocks; the pieces joined equal `resample` of the whole.

    Every piece is cut at a source position that is a whole number of output samples, with the
    filter's reach of context on both sides, so no phase is ever rounded.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    divisor = math.gcd(from_hz, to_hz)
    step_in, step_out = from_hz // divisor, to_hz // divisor
    reach = math.ceil(ZERO_CROSSINGS * max(1.0, from_hz / to_hz) / ROLLOFF) + 2
    context = -(-reach // step_in) * step_in  # whole steps, so the left context maps to whole output samples
    held: Audio | None = None
    left = 0  # source samples of `held` that are context already emitted
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=-1)
        ready = (held.shape[-1] - left - context) // step_in * step_in
        if ready < max(step_in, from_hz // 2):
            continue
        piece = resample(held[:, : left + ready + context], from_hz, to_hz)
        start = left // step_in * step_out
        yield piece[:, start : start + ready // step_in * step_out]
        keep_from = max(0, left + ready - context)
        left = left + ready - keep_from
        held = held[:, keep_from:]
    if held is not None and held.shape[-1] > left:
        yield resample(held, from_hz, to_hz)[:, left // step_in * step_out :]
