"""What a training says while it runs; every report is a line of `log.jsonl`."""

import enum
from typing import Literal

import msgspec

Health = Literal["healthy", "thin", "collapsing"]


class Control(enum.Enum):
    """What the loop is asked between two steps."""

    GO = "go"
    STOP = "stop"
    """Leave with a checkpoint; a pause is that too, so that a paused run holds neither a core nor memory."""
    KEEP = "keep"
    """End here and make the model of what was learnt."""


class StepReport(msgspec.Struct, frozen=True, kw_only=True, tag="step"):
    """One optimisation step."""

    step: int
    losses: dict[str, float]
    """Every term, unweighted, and `total` as optimised; means of this step and the one before (`losses.scales_of`)."""
    learning_rate: float
    grad_norm: float
    examples_per_s: float
    memory_mib: float
    """Peak of this process on the host, or of the device when there is one."""
    eta_s: float
    elapsed_s: float
    is_skipped: bool = False
    """A gradient was not finite and the weights were left alone."""


class LevelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One codebook over the training set."""

    utilisation: float
    """Share of its codes used at least once."""
    perplexity: float
    entropy_bits: float = 0.0
    """log2 of the perplexity: bits a code of this level really carries, of log2 K at most."""
    dead_codes: int
    commitment: float
    """Mean squared distance of vectors to their codes, relative to the vectors' own variance."""
    health: Health
    advice: str
    """What to do about it; empty when healthy."""
    live_utilisation: float = 0.0
    """Utilisation before unused codes were moved for this evaluation: how the training itself fares."""


class EvaluationReport(msgspec.Struct, frozen=True, kw_only=True, tag="evaluation"):
    """Averaged weights on held-out and training audio, through the codes."""

    step: int
    elapsed_s: float
    mel: float | None = None
    """Official multi-scale log-mel on held-out audio; lower is better. None: nothing is held out."""
    stft: float | None = None
    sisdr_db: float | None = None
    train_mel: float
    gap: float | None = 1.0
    """Held-out over training error; 1 means that unheard recordings fare no worse."""
    prefix_mel: list[float] = []
    """Held-out mel with only level 0 heard, then levels 0 and 1, and so on; at the last evaluation."""
    levels: list[LevelReport]
    is_best: bool
    preview: str
    """WAV relative to the run folder: this run's held-out clip (or short ones joined), decoded by these weights."""
    source: str = ""
    """WAV relative to the run folder: the same sound as it was recorded."""
    side_mel: float | None = None
    width_db: float | None = None
    """As in `HeldOut`."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True, tag="log"):
    """A plain sentence."""

    text: str
    step: int = 0


Report = StepReport | EvaluationReport | LogLine


class HeldOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The held-out figures of the codec that was kept. Of two channels the first three are the mono mean's."""

    mel: float
    stft: float
    sisdr_db: float
    side_mel: float | None = None
    """The mel measure of half the difference of two channels. None, and not written, in mono."""
    width_db: float | None = None
    """How much wider decodes are than their sources: the side's share of the energy, in dB. None in mono."""

    @property
    def named(self) -> dict[str, float | None]:
        """Those there are."""
        return msgspec.to_builtins(self)


class TrainingResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a call of `train` ended."""

    state: Literal["finished", "stopped"]
    steps: int
    seconds: float
    codec_id: str = ""
    held_out: HeldOut | None = None
    utilisation: list[float] = []
