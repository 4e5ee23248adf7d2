"""Evaluate a codec through its public encode and decode.

What the networks make is measured, without the gain that encoding adds to make up for a decode that is too quiet: with
it, a network that makes noise of the right level would be chosen over one that is nearly right and softer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Clip
from daemon.dsp.audio import Audio
from daemon.dsp.measure import mel_distance, si_sdr_db, side_distance, stft_distance
from daemon.dsp.width import width_db
from daemon.runs.reports import EvaluationReport, HeldOut, LevelReport
from daemon.training.excerpts import beginnings
from daemon.training.health import level_report
from protocol.units import SAMPLE_RATE_HZ

CLIP_S = 6.0
SHORTEST_S = 2.0
TOTAL_S = 16.0
TRAIN_TOTAL_S = 8.0
USAGE_FRAMES = 4_000
FINAL_CLIP_S = 15.0
FINAL_TOTAL_S = 60.0
FINAL_USAGE_FRAMES = 12_000
FRAME_RATE = CodecConfig().frame_rate  # the cost of an evaluation is estimated before there is a codec
NARROW_DB = -40.0  # anything narrower sounds mono


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Measurements of one codec."""

    held_out: HeldOut | None
    """None if nothing is held out."""
    train_mel: float
    levels: list[LevelReport]
    prefix_mel: list[float]
    """Held-out mel distance with levels 0 to q only, for every q; empty except at the last evaluation."""

    @property
    def gap(self) -> float | None:
        """Ratio of held-out to training error; None if nothing is held out."""
        return self.held_out.mel / max(self.train_mel, 1e-6) if self.held_out else None

    @property
    def error(self) -> float:
        """The held-out error, or the training error if nothing is held out; it shows whether more time helps."""
        return self.held_out.mel if self.held_out else self.train_mel

    def report(self, *, step: int, preview: str, source: str) -> EvaluationReport:
        """Report for the training log; the loop fills in `elapsed_s` and `is_best`."""
        return EvaluationReport(
            step=step,
            elapsed_s=0.0,
            **(self.held_out.named if self.held_out else {}),
            train_mel=self.train_mel,
            gap=self.gap,
            prefix_mel=self.prefix_mel,
            levels=self.levels,
            is_best=False,
            preview=preview,
            source=source,
        )


def evaluate(
    codec: Codec,
    held_out: list[Clip],
    train: list[Clip],
    *,
    live_utilisation: Sequence[float] = (),
    is_final: bool = False,
) -> Evaluation:
    """Evaluate a codec on held-out and on training audio.

    An evaluation uses at most 6 s of a clip and 16 s in all, so that it costs little of the budget; the
    last evaluation uses 15 s and 60 s. With many clips each contributes 2 s, because many short excerpts
    are more representative than few long ones.

    Args:
        live_utilisation: utilisation of each level before unused codes were moved for this evaluation.
    """
    train_clips = excerpts(train, TRAIN_TOTAL_S, 2.0)
    train_mel = float(np.mean([_round_trip_mel(codec, clip) for clip in train_clips]))
    return Evaluation(
        held_out=judge(codec, held_out, is_final=is_final) if held_out else None,
        train_mel=train_mel,
        levels=code_usage(codec, train, FINAL_USAGE_FRAMES if is_final else USAGE_FRAMES, live_utilisation),
        prefix_mel=_prefix_mel(codec, excerpts(held_out, TOTAL_S, CLIP_S)) if is_final and held_out else [],
    )


def final_cost_ratio(held_out: list[Clip], train: list[Clip]) -> float:
    """Ratio of the audio in the last evaluation to that in the earlier ones: 1 for a small corpus."""
    held_s, train_s = (sum(clip.samples for clip in clips) / SAMPLE_RATE_HZ for clips in (held_out, train))
    frames = train_s * FRAME_RATE
    often = min(held_s, TOTAL_S) + min(frames, USAGE_FRAMES) / FRAME_RATE
    last = min(held_s, FINAL_TOTAL_S) + min(frames, FINAL_USAGE_FRAMES) / FRAME_RATE
    return last / max(often, 1e-9)


def cost_in_steps(held_out: list[Clip], train: list[Clip], step_s: float) -> float:
    """Estimate the cost of an evaluation in training steps, before one is measured.

    Args:
        step_s: seconds of audio in a step; its forward and backward passes cost as much as three forward ones.
    """
    held_s, train_s = (sum(clip.samples for clip in clips) / SAMPLE_RATE_HZ for clips in (held_out, train))
    evaluated_s = min(held_s, TOTAL_S) + min(train_s, TRAIN_TOTAL_S) + min(train_s, USAGE_FRAMES / FRAME_RATE)
    return evaluated_s / max(3 * step_s, 1e-9)


def round_trip(codec: Codec, audio: Audio) -> Audio:
    """Encode and decode a sound with all levels, at the source's length, without the correction of level."""
    encoded = codec.encode(audio)
    return codec.decode(encoded.codes, samples=encoded.samples, gain_db=encoded.gain_db - encoded.missing_db)


def judge(codec: Codec, held_out: list[Clip], *, is_final: bool = False) -> HeldOut:
    """Mean distances between held-out audio and its decodes.

    At most 6 s of a clip and 16 s in all are used; with `is_final` 15 s and 60 s.
    """
    clips = excerpts(held_out, FINAL_TOTAL_S, FINAL_CLIP_S) if is_final else excerpts(held_out, TOTAL_S, CLIP_S)
    pairs = [(clip, round_trip(codec, clip)) for clip in clips]

    def mean(measure: Callable[[Audio, Audio], float]) -> float:
        return float(np.mean([measure(source, decoded) for source, decoded in pairs]))

    is_stereo = pairs[0][0].ndim == 2
    return HeldOut(
        mel=mean(mel_distance),
        stft=mean(stft_distance),
        sisdr_db=mean(si_sdr_db),
        side_mel=mean(side_distance) if is_stereo else None,
        width_db=mean(_widened_db) if is_stereo else None,
    )


def _widened_db(source: Audio, decoded: Audio) -> float:
    before, after = (max(NARROW_DB, width_db(signal)) for signal in (source, decoded))
    return after - before


def _prefix_mel(codec: Codec, sounds: list[Audio]) -> list[float]:
    """Mel distance with the first level only, with the first two, and so on, which shows the benefit of each level."""
    sums = np.zeros(codec.config.levels)
    for sound in sounds:
        made = codec.encode(sound)
        for top in range(codec.config.levels):
            decoded = codec.decode(
                made.codes, levels=range(top + 1), samples=made.samples, gain_db=made.gain_db - made.missing_db
            )
            sums[top] += mel_distance(sound, decoded)
    return [round(float(value), 4) for value in sums / max(1, len(sounds))]


def _round_trip_mel(codec: Codec, audio: Audio) -> float:
    return mel_distance(audio, round_trip(codec, audio))


def excerpts(clips: list[Clip], total_s: float, clip_s: float) -> list[Audio]:
    """Excerpts of evenly chosen clips: as many as fit with `SHORTEST_S` each, or `clip_s` each if there are few."""
    least_s = np.mean([min(clip.samples / SAMPLE_RATE_HZ, clip_s, SHORTEST_S) for clip in clips])
    fit = max(1, int(total_s / least_s))
    chosen = clips if len(clips) <= fit else [clips[i] for i in np.linspace(0, len(clips) - 1, fit).round().astype(int)]
    each = int(min(clip_s, max(SHORTEST_S, total_s / len(chosen))) * SAMPLE_RATE_HZ)
    return [clip.excerpt(each) for clip in chosen]


def code_usage(
    codec: Codec, clips: list[Clip], most_frames: int, live_utilisation: Sequence[float] = ()
) -> list[LevelReport]:
    """Code usage of every level over the training clips (over `beginnings` of them if they are too long)."""
    Q, K = codec.config.levels, codec.config.codebook_size
    counts = np.zeros((Q, K), np.int64)
    errors, spread = np.zeros(Q), 0.0
    hop = codec.config.hop_length
    for _, sound in beginnings(clips, most_frames * hop, hop):
        latents, residuals, codes = codec.analyse(sound)
        for level in range(Q):
            counts[level] += np.bincount(codes[level], minlength=K)
        errors += residuals
        spread += latents
    live = [*live_utilisation, *[0.0] * Q][:Q]
    return [level_report(counts[q], float(errors[q] / max(spread, 1e-9)), live[q]) for q in range(Q)]
