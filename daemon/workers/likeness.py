"""Whether a sound comes back from a codec as recordings unheard in training did, and the words for when it does not.

A codec of a small corpus carries what resembles the corpus; of a lone sine it may make something else. That is heard
soon enough, but not that it is the model's and not the edit's doing, so it is said when a sound is encoded.
Data flow: the clip and its codes, a decode of all of it or of five stretches spread over it (13 s in all),
`daemon.dsp.measure.mel_distance` between both, against the held-out figure of the model's card.

Measured once, with codec format 4 and a model trained for 90 s on the demo corpus: the 103 recordings of the kinds it
was made for lie at .6 to 1.6 times its held-out figure, but for one dense train of clicks (2.2), a short high tone
(2.3) and a tick of 30 ms (3.9); synthetic saws, sines, clicks and sweeps at 2.5 to 4.4.
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
"""Nearer than this is near enough, however well a model does on its own kind."""
_STRETCHES, _STRETCH_FRAMES = 5, 128


class _HeldOut(msgspec.Struct, frozen=True):
    mel: float


class _Card(msgspec.Struct, frozen=True):
    """What of `model.json` counts here."""

    held_out: _HeldOut


def unlikeness(model: Path, codec: Codec, audio: Audio, encoded: Encoded) -> list[str]:
    """A sentence for a clip, `(L,)` or `(2, L)`, that does not come back as held-out recordings do; else nothing.

    A model whose card cannot be read is not compared with.
    """
    try:
        usual = msgspec.json.decode((model / MODEL_NAME).read_bytes(), type=_Card).held_out.mel
    except (OSError, msgspec.DecodeError):
        return []
    distance = _distance(codec, audio, encoded)
    if distance < max(UNLIKE_MEL, UNLIKE_RATIO * usual):
        return []
    return [
        f"unlike what {model.name} learned from: it comes back {distance:.2f} from its source (log-mel), where "
        f"recordings new to the model came back {usual:.2f}; train with sounds like it for a closer one"
    ]


def _distance(codec: Codec, audio: Audio, encoded: Encoded) -> float:
    hop, total = codec.config.hop_length, encoded.codes.shape[1]
    places = _places(total)
    audio = fitting(audio, codec.config.channels)
    source = np.concatenate([audio[..., lo * hop : hi * hop] for lo, hi in places], -1)
    made = [codec.decode_range(encoded.codes, lo, hi, gain_db=encoded.gain_db) for lo, hi in places]
    return mel_distance(source, np.concatenate(made, -1)[..., : source.shape[-1]])


def _places(total: int) -> list[tuple[int, int]]:
    """The frames of a clip that are compared."""
    if total <= _STRETCHES * _STRETCH_FRAMES:
        return [(0, total)]
    starts = np.linspace(0, total - _STRETCH_FRAMES, _STRETCHES).astype(int).tolist()
    return [(lo, lo + _STRETCH_FRAMES) for lo in starts]
