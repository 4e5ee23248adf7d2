"""Conditions of a prior: how the sound around a frame ranks among all sounds of the training.

A rank does not depend on the unit of a descriptor, and 0.9 means the same for every knob: brighter than nine tenths of
the recordings. Descriptors are measured on windows of one second, every `HOP_FRAMES` frames, as a listener judges a
stretch of sound and not a frame of 21 ms.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.atlas.descriptors import DESCRIPTORS, describe
from daemon.dsp.audio import Audio
from daemon.dsp.mixdown import mean_of
from daemon.dsp.onsets import find_onsets
from protocol.units import SAMPLE_RATE_HZ

CONDITIONS = ("loudness", "brightness", "noisiness", "roughness", "warmth", "attack", "onsets")
"""Order of the last axis of every table of conditions."""
HOP_FRAMES = 8
_DESCRIBED = [DESCRIPTORS.index(name) for name in CONDITIONS if name in DESCRIPTORS]
_BATCH = 16
_PIECE = 60 * SAMPLE_RATE_HZ

Real = NDArray[np.float32]


def describe_frames(audio: Audio, hop_length: int) -> Real:
    """Descriptors and onsets a second of a sound `(L,)` or `(2, L)` at 48 kHz around each of its frames: `(T, C)`."""
    mono = audio if audio.ndim == 1 else mean_of(audio, (0, 1))
    frames = -(-mono.shape[-1] // hop_length)
    half = SAMPLE_RATE_HZ // 2
    padded = np.pad(mono, half)
    centres = np.arange(0, frames, HOP_FRAMES)
    rows: list[Real] = []
    for lo in range(0, len(centres), _BATCH):
        starts = centres[lo : lo + _BATCH] * hop_length
        windows = np.stack([_filled(padded[start : start + 2 * half], 2 * half) for start in starts])
        rows.append(describe(torch.from_numpy(windows)).numpy()[:, _DESCRIBED])
    onsets = _onsets(mono)
    at = centres * hop_length
    counts = np.searchsorted(onsets, at + half) - np.searchsorted(onsets, at - half)
    made = np.concatenate([np.concatenate(rows), counts[:, None]], 1, dtype=np.float32)
    return np.repeat(made, HOP_FRAMES, 0)[:frames]


def _onsets(mono: Audio) -> NDArray[np.float64]:
    """Samples of the onsets of a sound, found in pieces, since finding them takes a hundred times a sound's memory."""
    pieces = [mono[..., first : first + _PIECE] for first in range(0, max(1, len(mono)), _PIECE)]
    found = [find_onsets(piece, SAMPLE_RATE_HZ) * SAMPLE_RATE_HZ + _PIECE * at for at, piece in enumerate(pieces)]
    return np.concatenate(found)


def ranks(values: Real, known: Real) -> Real:
    """Ranks from 0 to 1 of values `(T, C)` among the sorted values of the training, `(N, C)`."""
    places = [np.searchsorted(known[:, index], values[:, index]) for index in range(known.shape[1])]
    return (np.stack(places, -1) / max(1, len(known))).astype(np.float32)


def _filled(window: Audio, length: int) -> Audio:
    return np.pad(window, (0, length - len(window))).astype(np.float32)
