"""Measure how well a codec generalises to sounds it was not trained on, and report memorisation.

A musician may want memorisation, so it is reported and never refused. Two measurements of the held-out recordings: the
ratio of their error to the training error, and whether their decodes are nearer to them than the nearest moments of the
training recordings are (otherwise a collage of training recordings would do as well).
"""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip
from daemon.dsp.mel import LOG_FLOOR, log_mel, magnitudes
from daemon.training.evaluation import CLIP_S, TOTAL_S, Evaluation, round_trip
from protocol.atomic import write_bytes
from protocol.units import SAMPLE_RATE_HZ

Verdict = Literal["general", "leaning", "memorised", "unknown"]
REPORT_NAME = "memorisation.json"
LEANING, MEMORISED = 1.3, 2.0
N_FFT, BANDS = 2048, 80
MOST_TRAINING_FRAMES = 6_000
MOST_HELD_OUT_FRAMES = 1_500


class Memorisation(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `memorisation.json`. Its last three numbers are mean absolute differences of log10-mel frames."""

    held_out_mel: float | None
    """None if nothing is held out."""
    train_mel: float
    ratio: float | None
    """Ratio of held-out to training error. None, as all numbers below, if no held-out audio is audible."""
    verdict: Verdict
    decoded: float | None
    """Distance of held-out frames to their own decodes."""
    nearest_training: float | None
    """Distance of held-out frames to the nearest training frame."""
    decoded_to_training: float | None
    """Distance of decodes of held-out frames to the nearest training frame. If it is far below `nearest_training`,
    decodes are drawn towards the training recordings."""
    text: str


def memorisation(codec: Codec, evaluation: Evaluation, held_out: list[Clip], train: list[Clip]) -> Memorisation:
    """Measure the memorisation of a finished codec."""
    if evaluation.held_out is None or evaluation.gap is None:
        return _unknown(None, evaluation.train_mel, "nothing is held out")
    pairs = [_source_and_decode(codec, clip) for clip in _spread(held_out, TOTAL_S)]
    source, decode = (_thinned(torch.cat(side), MOST_HELD_OUT_FRAMES) for side in zip(*pairs, strict=True))
    held_mel, train_mel = evaluation.held_out.mel, evaluation.train_mel
    if not len(source):
        return _unknown(held_mel, train_mel, "the held-out audio is nearly silent")
    known = _thinned(torch.cat([_frames(a) for a in _at_reference(train)]), MOST_TRAINING_FRAMES)
    ratio = evaluation.gap
    verdict: Verdict = "general" if ratio < LEANING else "leaning" if ratio < MEMORISED else "memorised"
    decoded = float((source - decode).abs().mean())
    nearest = _to_nearest(source, known)
    return Memorisation(
        held_out_mel=round(held_mel, 4),
        train_mel=round(train_mel, 4),
        ratio=round(ratio, 3),
        verdict=verdict,
        decoded=round(decoded, 4),
        nearest_training=round(nearest, 4),
        decoded_to_training=round(_to_nearest(decode, known), 4),
        text=_in_words(ratio, verdict, decoded, nearest),
    )


def _unknown(held_mel: float | None, train_mel: float, why: str) -> Memorisation:
    return Memorisation(
        held_out_mel=None if held_mel is None else round(held_mel, 4),
        train_mel=round(train_mel, 4),
        ratio=None,
        verdict="unknown",
        decoded=None,
        nearest_training=None,
        decoded_to_training=None,
        text=f"memorisation: unknown, because {why}",
    )


def write_report(run_dir: Path, report: Memorisation) -> None:
    """Write the memorisation report into the run's folder."""
    write_bytes(run_dir / REPORT_NAME, msgspec.json.format(msgspec.json.encode(report), indent=1))


def _in_words(ratio: float, verdict: Verdict, decoded: float, nearest: float) -> str:
    judged = {
        "general": "the codec reproduces held-out recordings about as well as training recordings",
        "leaning": "the codec reproduces its training recordings better than others",
        "memorised": "the codec reproduces its training recordings much better than others; more recordings would help",
    }[verdict]
    collage = "nearer than" if decoded < nearest else "no nearer than"
    return (
        f"memorisation: held-out error is {ratio:.2f} × the training error: {judged}; decodes of held-out recordings "
        f"are {collage} the nearest training moments ({decoded:.2f} against {nearest:.2f})"
    )


def _source_and_decode(codec: Codec, clip: Clip) -> tuple[Tensor, Tensor]:
    audio = clip.excerpt(int(CLIP_S * SAMPLE_RATE_HZ))
    gain = np.float32(10 ** (clip.gain_db / 20))
    source, decode = _frames(audio * gain), _frames(round_trip(codec, audio) * gain)
    audible = (source > np.log10(LOG_FLOOR) + 0.5).any(-1)  # silence between sounds cannot be compared
    return source[audible], decode[audible]


def _at_reference(clips: list[Clip]) -> list[NDArray[np.float32]]:
    per_clip = max(1, round(MOST_TRAINING_FRAMES * 2 / len(clips))) * N_FFT // 4
    return [c.excerpt(per_clip) * np.float32(10 ** (c.gain_db / 20)) for c in clips]


def _spread(clips: list[Clip], total_s: float) -> list[Clip]:
    return clips[:: max(1, round(len(clips) * 2.0 / total_s))]


@torch.no_grad()
def _frames(audio: NDArray[np.float32]) -> Tensor:
    """Log10-mel frames of `(L,)` as `(frames, BANDS)`, or of `(2, L)` with mid and side side by side."""
    if audio.ndim == 2:
        mid, side = (audio[0] + audio[1]) / 2, (audio[0] - audio[1]) / 2
        return torch.cat([_frames(mid), _frames(side)], -1)
    return log_mel(magnitudes(torch.from_numpy(audio)[None], N_FFT), N_FFT, BANDS, SAMPLE_RATE_HZ)[0]


def _thinned(frames: Tensor, most: int) -> Tensor:
    return frames[:: max(1, -(-len(frames) // most))]


def _to_nearest(frames: Tensor, known: Tensor) -> float:
    return float(torch.cdist(frames, known, p=1.0).amin(-1).mean()) / frames.shape[-1]
