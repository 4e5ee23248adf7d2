"""Audio previews of a run: held-out sound, written once as recorded and decoded at every evaluation.

The preview depends only on the held-out audio, so it stays the same for the whole run, also after a resume. It consists
of the few seconds with the most sound, because a recording may begin with silence. If the held-out pieces are short,
several follow one another, because a fraction of a second is too short to judge.
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
ENOUGH_S = 3.0  # pieces are joined until they are this long
SILENCE_S = 0.25  # silence between pieces
FINAL = f"{PREVIEWS}/final.wav"
MOST_CLIPS = 8  # clips searched for the most sound
MOST_CLIP_S = 60.0  # searched length of each, so that choosing never reads a whole corpus
HOP_S = 1.0
AUDIBLE_DB = -60.0  # quieter pieces are not added


class Previews:
    """Writer of a run's preview files: 16-bit WAV in the codec's channels, at most PREVIEW_S long."""

    def __init__(self, run_dir: Path, held_out: list[Clip]) -> None:
        self._dir = run_dir
        self._pieces = preview_pieces(held_out)
        # Written again on resume: the same samples, unless another version of Allele chose others.
        write_wav(run_dir / PREVIEW_SOURCE, joined(self._pieces), bits=16)

    def write(self, codec: Codec, step: int | None) -> str:
        """Write the preview after `step` steps (None: with the final weights); returns its path in the run folder.

        Each piece is encoded by itself, at its own loudness, as its recording would be.
        """
        name = FINAL if step is None else f"{PREVIEWS}/step-{step:08d}.wav"
        write_wav(self._dir / name, joined([round_trip(codec, piece) for piece in self._pieces]), bits=16)
        return name


def preview_pieces(clips: list[Clip]) -> list[NDArray[np.float32]]:
    """Choose pieces for the preview, each `(L,)` or `(2, L)`: at most PREVIEW_S in all, ENOUGH_S if possible."""
    pieces: list[NDArray[np.float32]] = []
    silence, room = int(SILENCE_S * SAMPLE_RATE_HZ), int(PREVIEW_S * SAMPLE_RATE_HZ)
    for piece in _by_sound(clips):
        if pieces and (room <= silence or not _is_audible(piece)):
            continue
        piece = piece[..., : room - silence if pieces else room]
        room -= piece.shape[-1] + (silence if pieces else 0)
        pieces.append(np.array(piece))
        if room <= int((PREVIEW_S - ENOUGH_S) * SAMPLE_RATE_HZ):
            break
    return pieces


def joined(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Concatenate pieces with SILENCE_S between them: `(L,)` or `(2, L)`."""
    silence = np.zeros((*pieces[0].shape[:-1], int(SILENCE_S * SAMPLE_RATE_HZ)), np.float32)
    return np.concatenate([part for piece in pieces for part in (silence, piece)][1:], axis=-1)


def _by_sound(clips: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """Yield the loudest PREVIEW_S of each clip: MOST_CLIPS of them by decreasing energy, then the other clips."""
    stride = max(1, -(-len(clips) // MOST_CLIPS))
    yield from sorted(map(_most_sounding, clips[::stride]), key=_energy, reverse=True)
    for index, clip in enumerate(clips):
        if index % stride:
            yield _most_sounding(clip)


def _most_sounding(clip: Clip) -> NDArray[np.float32]:
    """The PREVIEW_S of a clip with the most energy, or all of a shorter one."""
    length, hop = int(PREVIEW_S * SAMPLE_RATE_HZ), int(HOP_S * SAMPLE_RATE_HZ)
    audio = clip.sound(0, min(clip.samples, int(MOST_CLIP_S * SAMPLE_RATE_HZ)))
    starts = range(0, max(1, audio.shape[-1] - length + 1), hop)
    return np.array(max((audio[..., start : start + length] for start in starts), key=_energy))


def _energy(audio: NDArray[np.float32]) -> float:
    return float(np.square(audio, dtype=np.float64).sum())


def _is_audible(audio: NDArray[np.float32]) -> bool:
    return _energy(audio) / max(1, audio.size) > 10 ** (AUDIBLE_DB / 10)
