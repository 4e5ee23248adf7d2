"""Choose the codec's size and the recipe from the amount of audio, with an explanation for the user."""

from msgspec.structs import replace

from daemon.codec.config import CodecConfig
from daemon.runs.errors import TrainingError
from daemon.runs.spec import Plan, Recipe, Split, TrainingSpec

# (least number of training frames, K): about twenty frames per code keep every code in use.
CODEBOOK_BY_FRAMES = ((200_000, 1024), (60_000, 512), (15_000, 256), (1_600, 128), (600, 64), (0, 32))

SIDE_BANDS = 12
SIDE_LEVELS = 3
MOSTLY = 0.5
ADVERSARIAL_SHARE = 0.3

_SHAPES: dict[str, CodecConfig] = {
    "toy": CodecConfig(width=32, latent=24, low_bands=3, envelope_points=4, blocks=1, levels=2, codebook_size=16),
    "tiny": CodecConfig(width=128, latent=112),
    "small": CodecConfig(width=192),
    "base": CodecConfig(width=448, latent=200, blocks=6),
}


def with_side(preset: str, side_bands: int, levels: int) -> CodecConfig:
    """Stereo configuration of a preset: the mono one with bands and additional levels for the side."""
    mono = _SHAPES[preset]
    latent = mono.latent + 2 * side_bands
    return replace(mono, channels=2, side_bands=side_bands, latent=latent, levels=mono.levels + levels)


STEREO = {
    "toy": with_side("toy", 2, 2),
    **{preset: with_side(preset, SIDE_BANDS, SIDE_LEVELS) for preset in ("tiny", "small", "base")},
}
_RECIPES: dict[str, Recipe] = {
    "toy": Recipe(batch=4, crop_frames=16, warmup_steps=10, ema_decay=0.9),
    "base": Recipe(batch=24, crop_frames=48, learning_rate=1e-3, warmup_steps=200, ema_decay=0.999),
}


def make_plan(spec: TrainingSpec, split: Split, *, is_gpu: bool, stereo_share: float = 0.0) -> tuple[Plan, list[str]]:
    """Make the plan for a requested training and a split; returns it with messages that explain it.

    Args:
        stereo_share: share of the corpus's audio that is audibly stereo.

    Raises:
        TrainingError: a requested size is not possible.
    """
    frames = sum(part.stop - part.start for part in split.train) // CodecConfig().hop_length
    preset, why = _preset(spec, frames, is_gpu=is_gpu)
    shape = _SHAPES[preset]
    sized = next(k for least, k in CODEBOOK_BY_FRAMES if frames >= least)
    channels, width = _channels(spec, stereo_share)
    if channels == 2:
        shape = STEREO[preset]
    levels = spec.levels or shape.levels
    codebook = spec.codebook or (shape.codebook_size if preset == "toy" else sized)
    try:
        codec = replace(shape, levels=levels, codebook_size=codebook)
    except ValueError as error:
        raise TrainingError(f"{levels} levels × {codebook} codes are not possible ({error}).") from error
    if not 1 <= levels <= 32 or not 2 <= codebook <= 65_536:
        raise TrainingError(
            f"{levels} levels × {codebook} codes are not possible.", "Choose 1 to 32 levels of 2 to 65536 codes."
        )
    chosen = "as requested" if spec.levels or spec.codebook else f"because {frames} training frames"
    words = [f"preset {preset}: {why}", width, f"{levels} levels × {codebook} codes, {chosen}"]
    if codebook > 2 * sized:
        words.append(f"{codebook} codes are many for {frames} frames: expect unused ones; {sized} would fit")
    recipe = _RECIPES.get(preset, Recipe())
    if spec.adversarial:
        recipe = replace(recipe, adversarial_share=ADVERSARIAL_SHARE)
        words.append(f"adversarial training in the last {ADVERSARIAL_SHARE:.0%}, as requested: only the decoder learns")
    plan = Plan(preset=preset, codec=codec, recipe=recipe, split=split, train_frames=frames)
    return plan, words


def _channels(spec: TrainingSpec, stereo_share: float) -> tuple[int, str]:
    channels = spec.channels or (2 if stereo_share > MOSTLY else 1)
    if channels not in (1, 2):
        raise TrainingError(f"{channels} channels are not possible.", "Choose 1 for mono or 2 for stereo.")
    name = "stereo, mid and side in one grid" if channels == 2 else "mono"
    if spec.channels:
        why = "as requested"
    else:
        only = "" if channels == 2 else "only "
        why = f"because {only}{stereo_share:.0%} of the audio is audibly stereo" if stereo_share else ""
    return channels, f"{name}, {why}" if why else f"{name}: no recording is audibly stereo"


def _preset(spec: TrainingSpec, frames: int, *, is_gpu: bool) -> tuple[str, str]:
    if spec.preset != "auto":
        return spec.preset, "as requested"
    if is_gpu and frames >= 15_000 and (spec.budget_s or 0) >= 300:
        return "base", "there is a GPU, and more than five minutes of audio and of time"
    return "small", "the best result per second on a CPU, and large enough for this much audio"
