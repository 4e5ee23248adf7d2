"""What the user asks of a training, and the plan made of it."""

from typing import Literal

import msgspec

from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Part


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asks of a training; what is left None is sized to the corpus.

    The fields are those of `protocol.training.TrainingOptions`, which this package may not import, and `resume`.
    """

    budget_s: float | None = None
    """Wall clock of the optimisation, its evaluations included."""
    steps: int | None = None
    """Instead of a budget: exactly so many steps, which repeat exactly with one seed."""
    preset: str = "auto"
    """A shape of `daemon.training.sizing`, or auto. toy is for tests: it learns tones in seconds and little else."""
    levels: int | None = None
    codebook: int | None = None
    adversarial: bool = False
    """End against an adversary, with the codes frozen: daemon/training/adversarial.py."""
    channels: int | None = None
    """1 or 2; None: 2 where most of the corpus is heard to be stereo."""
    seed: int = 0
    resume: bool = False
    """Go on from the newest checkpoint of the run folder."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Which audio is learned from and which is held out."""

    kind: Literal["by file", "in-recording", "none"]
    train: list[Part]
    held_out: list[Part]
    """Empty where nothing that is heard can be held out."""
    reason: str = ""
    """Why it is empty; otherwise what copies of it are left out too; in words."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How the weights are moved. Defaults are those measured in docs/adr/0003-codec.md, 0006, 0008 and 0009."""

    batch: int = 12
    crop_frames: int = 16
    """Latent frames of a training crop: 0.34 s. Twelve such were better than six twice as long, three percent."""
    learning_rate: float = 1e-3
    warmup_steps: int = 40
    final_rate: float = 0.05
    """Learning rate at the end, as a share of the peak."""
    betas: tuple[float, float] = (0.8, 0.99)
    weight_decay: float = 0.01
    clip_norm: float = 10.0
    ema_decay: float = 0.995
    """Of the averaged weights that are evaluated and kept."""
    continuous_share: float = 0.05
    """First share of the run without quantiser, so that k-means sees latents worth clustering."""
    dropout_share: float = 0.1
    """Quantiser dropout starts after this share of the run."""
    dropout_probability: float = 0.5
    """Of a sample keeping only its first 1..Q levels."""
    dead_share: float = 0.15
    """Codes used less than this share of an even share are replaced."""
    mel_weight: float = 15.0
    stft_weight: float = 1.0
    wave_weight: float = 1.0
    pair_shares: tuple[float, float, float] = (0.5, 0.25, 0.25)
    """In stereo, the shares of the mid, the side, and left and right in the spectral losses."""
    commitment_weight: float = 1.0
    left_over_weight: float = 1.0
    """Of the energy each level leaves over; without it residuals grow with every level."""
    eq_probability: float = 0.5
    """Augmentation: share of crops coloured by a random smooth filter, so that envelopes the corpus
    lacks are met in training. The largest single gain on held-out files after the band start."""
    eq_db: float = 9.0
    """Standard deviation of that filter at its nine knots."""
    speed_probability: float = 0.3
    """Augmentation: share of crops played faster or slower."""
    speed_octaves: float = 0.4
    """By up to this much either way; slowing empties the top octave, hence the small share."""
    pitch_probability: float = 0.2
    """Augmentation: share of crops moved in pitch at their own speed."""
    pitch_semitones: float = 2.0
    time_probability: float = 0.0
    """Augmentation: share of crops made longer or shorter at their own pitch. Off: it was worth nothing."""
    time_share: float = 0.1
    mix_probability: float = 0.3
    """Augmentation: share of crops that another crop is added to."""
    mix_db: float = 12.0
    """The other is up to this much quieter."""
    invented_probability: float = 0.2
    """Share of crops that are no recording at all but tones and noises made up on the spot."""
    noise_probability: float = 0.2
    """Augmentation: share of crops with white noise added."""
    noise_below_db: tuple[float, float] = (25.0, 50.0)
    """How far below the crop's own level."""
    gain_probability: float = 0.3
    """Augmentation: share of crops made quieter or louder. Loudness is normalised already, but of whole files."""
    gain_db: float = 6.0
    """By up to this much either way."""
    flip: bool = True
    """Augmentation: polarity, of half the crops."""
    width_probability: float = 0.3
    """Augmentation in stereo: share of crops whose side is made up to 1.5 times as strong, or less down to nothing."""
    pan_probability: float = 0.3
    """Augmentation in stereo: share of crops moved to anywhere between the loudspeakers."""
    swap: bool = True
    """Augmentation in stereo: channels exchanged, of half the crops."""
    adversarial_share: float = 0.0
    """Last share of the run in which the decoder learns against an adversary; 0: none."""
    adversarial_rate: float = 5e-4
    """Learning rate of both, at the beginning of that stage."""
    adversarial_weight: float = 0.03
    """Gradient of fooling the adversary, as a share of the reconstruction's."""
    feature_weight: float = 0.05
    """The same for the distance of the adversary's features."""
    adversarial_warmup: int = 20
    """Steps the adversary learns alone before it is listened to."""
    adversarial_harm: float = 0.1
    """By how much of itself the held-out error may rise in that stage."""
    patience: int = 6
    """A run on a budget begins to end after so many evaluations without gain."""
    least_gain: float = 0.003
    """What counts as gain: the held-out error falls by this share."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run needs, decided before its first step and kept in `run.json`."""

    preset: str
    codec: CodecConfig
    recipe: Recipe
    split: Split
    train_frames: int
    """Latent frames of the training parts: what the sizes follow."""
