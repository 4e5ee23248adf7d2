"""Checks whether a codec reproduces a sound as well as the recordings that were held out of its training.

A codec trained on a small corpus reproduces sounds that resemble the corpus, and may change others, such as a single
sine. A user who hears the change could attribute it to an edit, so a note reports it when the sound is encoded.

Data flow: the clip is decoded from its codes, as a whole or in five excerpts spread over it (13 s in all).
`daemon.dsp.measure.mel_distance` of both is compared with the held-out error on the model's card.

Measured once, with codec format 4 and a model trained for 90 s on the demo corpus: the 103 recordings of kinds in its
corpus have .6 to 1.6 times its held-out error, except a dense train of clicks (2.2), a short high tone (2.3) and a tick
of 30 ms (3.9). Synthetic saws, sines, clicks and sweeps have 2.5 to 4.4 times that error.
"""

from pathlib import Path

import msgspec
import numpy as np

from daemon.codec.codec import Codec, Encoded
from daemon.codec.signals import fitting
from daemon.dsp.audio import Audio
from daemon.dsp.measure import mel_distance
from daemon.runs.folder import MODEL_NAME

UNLIKE_RATIO = 1.8
UNLIKE_MEL = 0.4
"""A smaller distance is always acceptable, even if the model's held-out error is much smaller."""
_STRETCHES, _STRETCH_FRAMES = 5, 128


class _HeldOut(msgspec.Struct, frozen=True):
    mel: float


class _Card(msgspec.Struct, frozen=True):
    """The part of `model.json` that is needed here."""

    held_out: _HeldOut


def unlikeness(model: Path, codec: Codec, audio: Audio, encoded: Encoded) -> list[str]:
    """A note if a clip, `(L,)` or `(2, L)`, is reproduced worse than held-out recordings; otherwise an empty list.

    Without a readable model card there is no comparison.
    """
    try:
        usual = msgspec.json.decode((model / MODEL_NAME).read_bytes(), type=_Card).held_out.mel
    except (OSError, msgspec.DecodeError):
        return []
    distance = _distance(codec, audio, encoded)
    if distance < max(UNLIKE_MEL, UNLIKE_RATIO * usual):
        return []
    return [
        f"unlike the recordings that {model.name} was trained on: decoded, it differs by {distance:.2f} (log-mel) from "
        f"its source, and held-out recordings by {usual:.2f}; train with similar sounds for a closer result"
    ]


def _distance(codec: Codec, audio: Audio, encoded: Encoded) -> float:
    hop, total = codec.config.hop_length, encoded.codes.shape[1]
    places = _places(total)
    audio = fitting(audio, codec.config.channels)
    source = np.concatenate([audio[..., lo * hop : hi * hop] for lo, hi in places], -1)
    made = [codec.decode_range(encoded.codes, lo, hi, gain_db=encoded.gain_db) for lo, hi in places]
    return mel_distance(source, np.concatenate(made, -1)[..., : source.shape[-1]])


def _places(total: int) -> list[tuple[int, int]]:
    """The ranges of frames of a clip that are compared."""
    if total <= _STRETCHES * _STRETCH_FRAMES:
        return [(0, total)]
    starts = np.linspace(0, total - _STRETCH_FRAMES, _STRETCHES).astype(int).tolist()
    return [(lo, lo + _STRETCH_FRAMES) for lo in starts]
