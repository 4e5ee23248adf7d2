"""The reports that a training sends while it runs. Each is a line of `log.jsonl`."""

import enum
from typing import Literal

import msgspec

Health = Literal["healthy", "thin", "collapsing"]


class Control(enum.Enum):
    """The next action of the training loop, which checks it between two steps."""

    GO = "go"
    STOP = "stop"
    """Write a checkpoint and exit. Pausing does this too, so that a paused run uses no core and no memory."""
    KEEP = "keep"
    """End the training now and write its model."""


class StepReport(msgspec.Struct, frozen=True, kw_only=True, tag="step"):
    """The report of one optimisation step."""

    step: int
    losses: dict[str, float]
    """All loss terms, unweighted, and the weighted `total`; means of this and the last step (`losses.scales_of`)."""
    learning_rate: float
    grad_norm: float
    examples_per_s: float
    memory_mib: float
    """The peak memory of the device if there is one, otherwise of this process on the host."""
    eta_s: float
    elapsed_s: float
    is_skipped: bool = False
    """Whether a gradient was not finite, so that the weights were not changed."""


class LevelReport(msgspec.Struct, frozen=True, kw_only=True):
    """The use of one level's codebook over the training set."""

    utilisation: float
    """The share of its codes that are used at least once."""
    perplexity: float
    entropy_bits: float = 0.0
    """log2 of the perplexity: the information in a code of this level, in bits; at most log2 K."""
    dead_codes: int
    commitment: float
    """The mean squared distance of vectors to their codes, divided by the variance of the vectors."""
    health: Health
    advice: str
    """The advice for a level that is not healthy; empty for a healthy one."""
    live_utilisation: float = 0.0
    """The utilisation before unused codes were moved for this evaluation, which is that of the training itself."""


class EvaluationReport(msgspec.Struct, frozen=True, kw_only=True, tag="evaluation"):
    """The report of an evaluation of the averaged weights on held-out and training audio, through the codes."""

    step: int
    elapsed_s: float
    mel: float | None = None
    """The multi-scale log-mel error on held-out audio; lower is better. None if nothing is held out."""
    stft: float | None = None
    sisdr_db: float | None = None
    train_mel: float
    gap: float | None = 1.0
    """The held-out error divided by the training error; 1 means that new recordings are reproduced equally well."""
    prefix_mel: list[float] = []
    """The held-out mel error with only level 0, then with levels 0 and 1, and so on; at the last evaluation."""
    levels: list[LevelReport]
    is_best: bool
    preview: str
    """A WAV file, relative to the run folder: the held-out clip (or short ones joined) decoded by these weights."""
    source: str = ""
    """A WAV file, relative to the run folder: the same clip as it was recorded."""
    side_mel: float | None = None
    width_db: float | None = None
    """Measurements of the side in stereo, as in `HeldOut`."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True, tag="log"):
    """A report that is one sentence of text."""

    text: str
    step: int = 0


class PriorReport(msgspec.Struct, frozen=True, kw_only=True, tag="prior"):
    """The report of an evaluation of a prior's averaged weights on held-out and training codes."""

    step: int
    elapsed_s: float
    bits: float | None
    """The bits that a frame of held-out codes costs; lower is better. None if nothing is held out."""
    network_bits: float | None
    """The same by the network alone, without copies of the sequence's own past."""
    unigram_bits: float
    """The same if nothing were known but how often each code is used in the training."""
    train_bits: float
    levels: list[float]
    """The bits of each level, of held-out codes, or of training codes if nothing is held out."""
    is_best: bool
    preview: str
    """A WAV file, relative to the run folder: a few seconds that these weights made from nothing."""
    novelty: str = ""
    """Whether that file is a copy of the recordings, close to them, or new; empty if it was not judged."""

    @property
    def words(self) -> str:
        """The evaluation in a line: bits a frame held out and trained on, and those of each level."""
        levels = " ".join(f"{bits:.1f}" for bits in self.levels)
        known = f"{self.train_bits:.1f} bits a frame of the training; nothing is held out"
        if self.bits is not None and self.network_bits is not None:
            known = (
                f"held out {self.bits:.1f} bits a frame (without copies {self.network_bits:.1f}, unigram "
                f"{self.unigram_bits:.1f}), trained on {self.train_bits:.1f}{', best so far' if self.is_best else ''}"
            )
        return f"prior step {self.step}: {known}; by level {levels}"


class PriorStepReport(msgspec.Struct, frozen=True, kw_only=True, tag="prior_step"):
    """The report of a step of a prior, in the log of its model. Not every step has one."""

    step: int
    elapsed_s: float
    eta_s: float
    bits: float
    """The bits that a frame of the step's crops cost the network, with dropout."""


Report = StepReport | EvaluationReport | PriorStepReport | PriorReport | LogLine


class HeldOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The held-out errors of the codec that was kept. In stereo the first three are those of the mono mean."""

    mel: float
    stft: float
    sisdr_db: float
    side_mel: float | None = None
    """The mel error of half the difference of the two channels. None, and not written, in mono."""
    width_db: float | None = None
    """How much wider decoded sounds are than their sources: the side's share of the energy, in dB. None in mono."""

    @property
    def named(self) -> dict[str, float | None]:
        """The errors by name, without those that are None."""
        return msgspec.to_builtins(self)


class TrainingResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call of `train`."""

    state: Literal["finished", "stopped"]
    steps: int
    seconds: float
    codec_id: str = ""
    held_out: HeldOut | None = None
    utilisation: list[float] = []
