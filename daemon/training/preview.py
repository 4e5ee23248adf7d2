"""What one can hear of a run while it goes on: one held-out clip, as recorded once and decoded at every evaluation.

The clip is the same as long as the run lives, resumed or not: it depends on the held-out audio alone. It is the few
seconds with the most sound, so that a recording that fades in is not judged by its silence.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.render.wav import write_wav
from daemon.training.crops import Clip
from daemon.training.evaluation import SAMPLE_RATE, round_trip
from daemon.training.run_folder import PREVIEW_SOURCE, PREVIEWS

PREVIEW_S = 4.0
FINAL = f"{PREVIEWS}/final.wav"
MOST_CLIPS = 8  # looked at for the one with the most sound,
MOST_CLIP_S = 60.0  # each no further than this: choosing must not read a whole corpus
HOP_S = 1.0


class Previews:
    """Writes the WAV files of a run: 16 bit, in the codec's channels, at most PREVIEW_S."""

    def __init__(self, run_dir: Path, held_out: list[Clip]) -> None:
        self._dir = run_dir
        self._source = most_sounding(held_out)
        if not (run_dir / PREVIEW_SOURCE).exists():
            write_wav(run_dir / PREVIEW_SOURCE, self._source, bits=16)

    def write(self, codec: Codec, step: int | None) -> str:
        """Decode the clip after so many steps (None: with the kept weights); the file within the run folder."""
        name = FINAL if step is None else f"{PREVIEWS}/step-{step:08d}.wav"
        write_wav(self._dir / name, round_trip(codec, self._source), bits=16)
        return name


def most_sounding(clips: list[Clip]) -> NDArray[np.float32]:
    """The PREVIEW_S with the most energy, (L,) or (2, L), of at most MOST_CLIPS clips; shorter when all are."""
    length, hop = int(PREVIEW_S * SAMPLE_RATE), int(HOP_S * SAMPLE_RATE)
    best, loudest = clips[0].sound(0, min(clips[0].samples, length)), -1.0
    for clip in clips[:: max(1, -(-len(clips) // MOST_CLIPS))]:
        audio = clip.sound(0, min(clip.samples, int(MOST_CLIP_S * SAMPLE_RATE)))
        for start in range(0, max(1, audio.shape[-1] - length + 1), hop):
            energy = float(np.square(audio[..., start : start + length], dtype=np.float64).sum())
            if energy > loudest:
                best, loudest = audio[..., start : start + length], energy
    return np.array(best)
