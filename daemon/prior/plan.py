"""The plan of a prior's training: what it learns from, its size and its optimisation. Stored in the run's folder."""

import msgspec
import numpy as np

from daemon.codec.config import CodecConfig
from daemon.prior.config import PriorConfig
from daemon.runs.spec import Split


class PriorRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of the optimisation. Defaults were measured in docs/adr/0102-prior.md."""

    batch: int = 6
    crop_frames: int = 192
    """Frames of a training crop, 4.1 s; shorter recordings stand one after another in it."""
    set_aside_batch: int = 2
    """Crops per step of the recordings set aside, from which the weights of copies are learned."""
    learning_rate: float = 2e-3
    copies_rate: float = 0.06
    """The learning rate of the copies' weights, which are few."""
    warmup_steps: int = 40
    final_rate: float = 0.1
    """The learning rate at the end, as a share of the peak."""
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    ema_decay: float = 0.99
    dropout: float = 0.25
    masked_share: float = 0.5
    """The largest share of input cells that are hidden in a crop; each crop draws its own."""
    scored_share: float = 0.4
    """The share of frames whose levels are scored in a step, because the chain over levels is half of its cost."""
    unconditioned: float = 0.3
    """The share of crops in which no condition is given."""
    condition_absent: float = 0.5
    """The chance of each condition to be absent from the other crops."""
    patience: int = 5
    """The number of evaluations without gain after which a run with a budget starts to end."""
    least_gain: float = 0.002


class PriorPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a prior's run needs. It is decided before the first step and stored in its `run.json`."""

    codec_id: str
    codec: CodecConfig
    prior: PriorConfig
    recipe: PriorRecipe
    split: Split
    """The codec's own split, so that what is held out is new to both."""
    frames: int
    """The number of frames of the training recordings."""


def set_aside(lengths: list[int], share: float = 0.15, fewest: int = 8) -> list[int]:
    """Choose recordings, by their lengths in frames, from which the weights of copies are learned and nothing else.

    Every recording is as likely as another, whatever its length. With fewer recordings than `fewest` none is chosen:
    the end of each recording then takes their place.
    """
    if len(lengths) < fewest:
        return []
    chosen, total = list[int](), 0
    for index in np.random.default_rng(1).permutation(len(lengths)).tolist():
        if total >= share * sum(lengths):
            break
        if lengths[index] <= 0.5 * sum(lengths):
            chosen.append(index)
            total += lengths[index]
    return sorted(chosen)
