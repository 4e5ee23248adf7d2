"""What one can hear of a run while it goes on: held-out sound, as recorded once and decoded at every evaluation.

It is the same as long as the run lives, resumed or not: it depends on the held-out audio alone. It is the few seconds
with the most sound, so that a recording that fades in is not judged by its silence; where all that is held out is short
pieces, several of them one after the other, as a blink of sound tells nobody anything.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip
from daemon.render.wav import write_wav
from daemon.runs.folder import PREVIEW_SOURCE, PREVIEWS
from daemon.training.evaluation import round_trip
from protocol.units import SAMPLE_RATE_HZ

PREVIEW_S = 4.0
ENOUGH_S = 3.0  # pieces are joined until there is this much,
SILENCE_S = 0.25  # with this much between them
FINAL = f"{PREVIEWS}/final.wav"
MOST_CLIPS = 8  # looked at for the one with the most sound,
MOST_CLIP_S = 60.0  # each no further than this: choosing must not read a whole corpus
HOP_S = 1.0
HEARD_DB = -60.0  # a piece to be added that is softer than this would only be a longer silence


class Previews:
    """Writes the WAV files of a run: 16 bit, in the codec's channels, at most PREVIEW_S."""

    def __init__(self, run_dir: Path, held_out: list[Clip]) -> None:
        self._dir = run_dir
        self._pieces = preview_pieces(held_out)
        # Written anew when a run is resumed: the same samples, unless another version of Allele chose others.
        write_wav(run_dir / PREVIEW_SOURCE, joined(self._pieces), bits=16)

    def write(self, codec: Codec, step: int | None) -> str:
        """Decode the pieces after so many steps (None: with the kept weights); the file within the run folder.

        Each goes through the codec by itself, at its own loudness, as its recording would.
        """
        name = FINAL if step is None else f"{PREVIEWS}/step-{step:08d}.wav"
        write_wav(self._dir / name, joined([round_trip(codec, piece) for piece in self._pieces]), bits=16)
        return name


def preview_pieces(clips: list[Clip]) -> list[NDArray[np.float32]]:
    """What is listened to, each `(L,)` or `(2, L)`: joined, at most PREVIEW_S, and ENOUGH_S or more if there is."""
    pieces: list[NDArray[np.float32]] = []
    silence, room = int(SILENCE_S * SAMPLE_RATE_HZ), int(PREVIEW_S * SAMPLE_RATE_HZ)
    for piece in _by_sound(clips):
        if pieces and (room <= silence or not _is_heard(piece)):
            continue
        piece = piece[..., : room - silence if pieces else room]
        room -= piece.shape[-1] + (silence if pieces else 0)
        pieces.append(np.array(piece))
        if room <= int((PREVIEW_S - ENOUGH_S) * SAMPLE_RATE_HZ):
            break
    return pieces


def joined(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One after the other with SILENCE_S between them: `(L,)` or `(2, L)`."""
    silence = np.zeros((*pieces[0].shape[:-1], int(SILENCE_S * SAMPLE_RATE_HZ)), np.float32)
    return np.concatenate([part for piece in pieces for part in (silence, piece)][1:], axis=-1)


def _by_sound(clips: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """The loudest PREVIEW_S of each clip: of MOST_CLIPS the one with the most energy first, then the other clips."""
    stride = max(1, -(-len(clips) // MOST_CLIPS))
    yield from sorted(map(_most_sounding, clips[::stride]), key=_energy, reverse=True)
    for index, clip in enumerate(clips):
        if index % stride:
            yield _most_sounding(clip)


def _most_sounding(clip: Clip) -> NDArray[np.float32]:
    """The PREVIEW_S of a clip with the most energy, or all of it when it is shorter."""
    length, hop = int(PREVIEW_S * SAMPLE_RATE_HZ), int(HOP_S * SAMPLE_RATE_HZ)
    audio = clip.sound(0, min(clip.samples, int(MOST_CLIP_S * SAMPLE_RATE_HZ)))
    starts = range(0, max(1, audio.shape[-1] - length + 1), hop)
    return np.array(max((audio[..., start : start + length] for start in starts), key=_energy))


def _energy(audio: NDArray[np.float32]) -> float:
    return float(np.square(audio, dtype=np.float64).sum())


def _is_heard(audio: NDArray[np.float32]) -> bool:
    return _energy(audio) / max(1, audio.size) > 10 ** (HEARD_DB / 10)
