"""What an engine makes: codes with the level and the source of every frame, and the sound."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes
from daemon.dsp.audio import Audio
from daemon.dsp.limiter import CEILING, limit
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs

INVENTED = -1
"""Take of a frame that no recording holds."""
MOST_GAIN_DB = 30.0
MOST_LIMITED_DB = 6.0
FADE_SAMPLES = 480
"""Length of the fades at the ends of a sound that is not a loop, 10 ms."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One new sound, as codes and as audio."""

    codes: Codes
    """`(Q, T)`: the strand, which can be edited."""
    gains_db: NDArray[np.float32]
    """Gain of every frame after decoding, `(T,)`."""
    takes: NDArray[np.int64]
    """Index of the take of the material that every frame is quoted from, `(T,)`, or INVENTED."""
    samples: NDArray[np.int64]
    """First sample of every frame in its take's recording, `(T,)`; 0 where invented."""
    audio: Audio
    """The sound, exactly as long as requested."""
    engine: str
    kept: NDArray[np.bool_] | None = None
    """Frames that are as in the strand that was given, `(T,)`; None without one."""
    bpm: float | None = None
    """Tempo of the grid that the sound was placed on, in beats a minute; None for a sound without one."""
    notes: list[str] = field(default_factory=list)
    """What a user should know of this sound, in sentences."""

    @property
    def verbatim(self) -> float:
        """Share of the frames that are quoted from a recording unchanged."""
        return float((self.takes != INVENTED).mean()) if self.takes.size else 0.0


def finished(audio: Audio, samples: int, *, is_loop: bool) -> Audio:
    """Cut a sound to its length and limit it, as a decode is; its end fades unless it is a loop."""
    sound = np.array(limit(audio[..., :samples]).audio, np.float32)
    count = min(FADE_SAMPLES, samples // 2)
    if not is_loop and count:
        sound[..., -count:] *= np.linspace(1, 0, count, dtype=np.float32)
    return sound


def gain_to(audio: Audio, lufs: float) -> float:
    """Gain in dB that brings a sound to a loudness, of which the limiter may take MOST_LIMITED_DB; 0 for silence."""
    own = integrated_lufs(audio)
    peak = float(np.abs(audio).max(initial=0.0))
    if own <= SILENCE_LUFS or peak <= 0 or lufs <= SILENCE_LUFS:
        return 0.0
    room = 20 * float(np.log10(CEILING / peak)) + MOST_LIMITED_DB
    return round(float(np.clip(min(lufs - own, room), -MOST_GAIN_DB, MOST_GAIN_DB)), 2)


def decode_loop(codec: Codec, codes: Codes, gains_db: NDArray[np.float32]) -> Audio:
    """Decode a grid whose end is followed by its start, so that both ends sound as they do in a loop."""
    margin = min(codes.shape[1], max(codec.receptive_field_frames) + 2)
    hop = codec.config.hop_length
    around = np.concatenate([codes[:, -margin:], codes, codes[:, :margin]], 1)
    gains = np.concatenate([gains_db[-margin:], gains_db, gains_db[:margin]])
    return codec.decode(around, gain_db=gains)[..., margin * hop : (margin + codes.shape[1]) * hop]
