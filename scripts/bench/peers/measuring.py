"""The figures of a round trip, the same for every model."""

import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from daemon.dsp.measure import mel_distance, si_sdr_db, spurious_above_db, stft_distance
from peers.records import Figures, Speeds
from protocol.units import SAMPLE_RATE_HZ

Sound = NDArray[np.float32]
LONGEST_S = 15.0
"""Of a held-out file; what is beyond is not listened to."""
PERCEPTUAL_S = 6.0
"""Of a held-out file that ViSQOL and Zimtohrli hear: ViSQOL takes about as long as the sound lasts."""
PERCEPTUAL_FILES = 6
MOST_SHIFT = 1024
FINE = 16
LOUDNESS_LEFT_DB = 1.0
LOUDNESS_MOST_DB = 6.0


def figures(pairs: list[tuple[Sound, Sound]], kbps: float, *, is_heard: bool = True) -> Figures:
    """Means over (source, decoded) pairs.

    Args:
        is_heard: also ViSQOL and Zimtohrli, where they are installed.
    """
    return Figures(
        mel=_mean([mel_distance(a, b) for a, b in pairs]),
        stft=_mean([stft_distance(a, b) for a, b in pairs]),
        sisdr_db=_mean([si_sdr_db(a, b) for a, b in pairs]),
        aligned_sisdr_db=_mean([si_sdr_db(a, aligned(a, b)) for a, b in pairs]),
        above_20_khz_db=max(spurious_above_db(a, b) for a, b in pairs),
        kbps=kbps,
        visqol=_visqol(pairs) if is_heard else None,
        zimtohrli=_zimtohrli(pairs) if is_heard else None,
    )


def aligned(source: Sound, decoded: Sound) -> Sound:
    """`decoded` moved by up to `MOST_SHIFT` samples, in steps of 1 / `FINE`, to where it fits the source best.

    By whichever sign: turned upside down it sounds the same, and SI-SDR does not mind.
    """
    size = 1 << (source.size + MOST_SHIFT).bit_length()
    a, b = np.fft.rfft(source, size), np.fft.rfft(decoded, size)
    product = a * b.conj()
    correlation = np.abs(np.fft.irfft(product, size))
    near = np.concatenate([correlation[-MOST_SHIFT:], correlation[: MOST_SHIFT + 1]])
    whole = int(near.argmax()) - MOST_SHIFT
    turns = 2j * np.pi * np.arange(b.size) / size
    product *= np.exp(turns * whole)
    parts = np.arange(-FINE, FINE + 1) / FINE
    finer = [abs(float((product * np.exp(turns * part)).real.sum())) for part in parts]
    shift = whole + parts[int(np.argmax(finer))]
    return np.fft.irfft(b * np.exp(-turns * shift), size)[: decoded.size].astype(np.float32)


def level_gain(source: Sound, decoded: Sound) -> float:
    """The factor that gives a decode its source's BS.1770 loudness back, to within a decibel and by 6 dB at most.

    It is what Allele's `Codec.encode` writes beside the codes, so every peer is given it too.
    """
    wanted, got = integrated_lufs(source), integrated_lufs(decoded)
    if min(wanted, got) <= SILENCE_LUFS:
        return 1.0
    missing_db = wanted - got
    audible_db = np.sign(missing_db) * max(0.0, abs(missing_db) - LOUDNESS_LEFT_DB)
    return float(10 ** (np.clip(audible_db, -LOUDNESS_MOST_DB, LOUDNESS_MOST_DB) / 20))


def speeds(
    encode: Callable[[Sound], Any], decode: Callable[[Any], Any], held_out: list[Sound], seconds: float, repeats: int
) -> Speeds:
    """Best of `repeats` on `seconds` of held-out audio, after a warm-up on one of them."""
    sound = np.resize(np.concatenate(held_out), int(seconds * SAMPLE_RATE_HZ))
    decode(encode(sound[:SAMPLE_RATE_HZ]))
    encode_s, decode_s = float("inf"), float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        codes = encode(sound)
        between = time.perf_counter()
        decode(codes)
        encode_s = min(encode_s, between - began)
        decode_s = min(decode_s, time.perf_counter() - between)
    return Speeds(encode=seconds / encode_s, decode=seconds / decode_s, both=seconds / (encode_s + decode_s))


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


def _heard(pairs: list[tuple[Sound, Sound]]) -> list[tuple[Sound, Sound]]:
    """Excerpts for the slow measures; ViSQOL looks at patches of 45 frames, which is a second."""
    end = int(PERCEPTUAL_S * SAMPLE_RATE_HZ)
    fit = [(a[:end], b[:end]) for a, b in pairs if a.size >= SAMPLE_RATE_HZ]
    return fit[:PERCEPTUAL_FILES]


def _visqol(pairs: list[tuple[Sound, Sound]]) -> float | None:
    if importlib.util.find_spec("visqol") is None:
        return None
    from visqol import VisqolApi

    judge = VisqolApi()
    judge.create(mode="audio")
    scores: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for a, b in _heard(pairs):
            scores.append(
                float(judge.measure_from_arrays(a.astype(np.float64), b.astype(np.float64), SAMPLE_RATE_HZ).moslqo)
            )
    return _mean(scores) if scores else None


def _zimtohrli(pairs: list[tuple[Sound, Sound]]) -> float | None:
    if importlib.util.find_spec("zimtohrli") is None:
        return None
    from zimtohrli import Pyohrli

    judge = Pyohrli()
    scores = [float(judge.distance(a.clip(-1, 1), b.clip(-1, 1))) for a, b in _heard(pairs)]
    return _mean(scores) if scores else None
