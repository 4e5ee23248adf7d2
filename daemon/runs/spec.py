"""The specification of a training by the user, and the plan that is made from it."""

from typing import Literal

import msgspec

from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Part


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The specification of a training. Values that are None are chosen to suit the corpus.

    The fields are those of `protocol.training.TrainingOptions`, which this package must not import, and `resume`.
    """

    budget_s: float | None = None
    """The wall-clock time of the optimisation, including its evaluations, in seconds."""
    steps: int | None = None
    """The exact number of steps, in place of a budget. With the same seed they give the same result."""
    preset: str = "auto"
    """A size of `daemon.training.sizing`, or auto. toy is for tests: it learns tones in seconds and little else."""
    levels: int | None = None
    codebook: int | None = None
    adversarial: bool = False
    """Whether the training ends with an adversarial stage, in which the codes are fixed (training/adversarial.py)."""
    channels: int | None = None
    """1 or 2. None means 2 if most of the corpus is audibly stereo, otherwise 1."""
    no_prior: bool = False
    """Whether no prior is trained after the codec."""
    prior_budget_s: float | None = None
    """The wall-clock time of the prior's optimisation; None for as long as the codec's, at most ten minutes."""
    codec_from: str | None = None
    """The model whose codec is taken as it is; the training is then the prior's alone."""
    seed: int = 0
    resume: bool = False
    """Whether to continue from the newest checkpoint of the run folder."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """The split of the corpus into training audio and held-out audio."""

    kind: Literal["by file", "in-recording", "none"]
    train: list[Part]
    held_out: list[Part]
    """Empty if no audible part can be held out."""
    reason: str = ""
    """A text: why nothing is held out, or which copies of the held-out audio are excluded too."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of the optimisation. Defaults were measured in docs/adr/0003-codec.md, 0006, 0008 and 0009."""

    batch: int = 12
    crop_frames: int = 16
    """Latent frames of a training crop: 0.34 s. Twelve of them were three percent better than six twice as long."""
    learning_rate: float = 1e-3
    warmup_steps: int = 40
    final_rate: float = 0.05
    """The learning rate at the end, as a share of the peak."""
    betas: tuple[float, float] = (0.8, 0.99)
    weight_decay: float = 0.01
    clip_norm: float = 10.0
    ema_decay: float = 0.995
    """The decay of the moving average of the weights, which is evaluated and kept."""
    continuous_share: float = 0.05
    """The first share of the run, which has no quantiser, so that k-means clusters meaningful latents."""
    dropout_share: float = 0.1
    """Quantiser dropout starts after this share of the run."""
    dropout_probability: float = 0.5
    """The probability that a sample keeps only its first 1..Q levels."""
    dead_share: float = 0.15
    """Codes that are used less than this share of an equal share are replaced."""
    mel_weight: float = 15.0
    stft_weight: float = 1.0
    wave_weight: float = 1.0
    pair_shares: tuple[float, float, float] = (0.5, 0.25, 0.25)
    """In stereo, the weights of the mid, the side, and left and right in the spectral losses."""
    commitment_weight: float = 1.0
    left_over_weight: float = 1.0
    """The weight of the energy that each level leaves as residual; without it residuals grow with every level."""
    eq_probability: float = 0.5
    """Augmentation: share of crops filtered by a random smooth filter, so that training includes envelopes that the
    corpus lacks. After the band start, this was the largest single gain on held-out files."""
    eq_db: float = 9.0
    """The standard deviation of that filter at its nine knots."""
    speed_probability: float = 0.3
    """Augmentation: share of crops played faster or slower."""
    speed_octaves: float = 0.4
    """The largest change of speed, up or down. Slowing empties the top octave, so the share is small."""
    pitch_probability: float = 0.2
    """Augmentation: share of crops shifted in pitch without a change of speed."""
    pitch_semitones: float = 2.0
    time_probability: float = 0.0
    """Augmentation: share of crops stretched in time without a change of pitch. Off, because it gained nothing."""
    time_share: float = 0.1
    mix_probability: float = 0.3
    """Augmentation: share of crops to which another crop is added."""
    mix_db: float = 12.0
    """The largest reduction of the other crop's level."""
    invented_probability: float = 0.2
    """The share of crops that are not recordings but synthesised tones and noises."""
    noise_probability: float = 0.2
    """Augmentation: share of crops with white noise added."""
    noise_below_db: tuple[float, float] = (25.0, 50.0)
    """The level of the noise below that of the crop."""
    gain_probability: float = 0.3
    """Augmentation: share of crops made quieter or louder, because loudness is normalised only for whole files."""
    gain_db: float = 6.0
    """The largest change of level, up or down."""
    flip: bool = True
    """Augmentation: invert the polarity of half the crops."""
    width_probability: float = 0.3
    """Augmentation in stereo: share of crops whose side is scaled by a factor from 0 to 1.5."""
    pan_probability: float = 0.3
    """Augmentation in stereo: share of crops panned to a random position."""
    swap: bool = True
    """Augmentation in stereo: exchange the channels of half the crops."""
    adversarial_share: float = 0.0
    """The last share of the run, in which the decoder is trained against an adversary; 0 for none."""
    adversarial_rate: float = 5e-4
    """The learning rate of decoder and adversary at the start of that stage."""
    adversarial_weight: float = 0.03
    """The gradient of the adversarial loss, as a share of the gradient of the reconstruction."""
    feature_weight: float = 0.05
    """The gradient of the feature-matching loss, as a share of the gradient of the reconstruction."""
    adversarial_warmup: int = 20
    """The number of steps for which only the adversary is trained, before it affects the decoder."""
    adversarial_harm: float = 0.1
    """The largest relative increase of the held-out error in that stage."""
    patience: int = 6
    """The number of evaluations without gain after which a run with a budget starts to end."""
    least_gain: float = 0.003
    """The relative decrease of the held-out error that counts as a gain."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run needs. It is decided before the first step and stored in `run.json`."""

    preset: str
    codec: CodecConfig
    recipe: Recipe
    split: Split
    train_frames: int
    """The number of latent frames of the training audio, from which the sizes are chosen."""
