"""Opens the prior of a model for `regenerate` in the engine's worker for files."""

from pathlib import Path
from shlex import quote

from daemon.codec.codec import Codec
from daemon.generation.errors import GenerationError
from daemon.generation.filling import Filler
from daemon.generation.material import Material
from daemon.prior.card import CARD_NAME, FOLDER, read_card
from daemon.prior.prior import Prior


def prior_changed(model_dir: Path) -> int:
    """When a model's prior was written, in ns; 0 without one."""
    try:
        return (model_dir / FOLDER / CARD_NAME).stat().st_mtime_ns
    except OSError:
        return 0


def open_filler(model_dir: Path, codec: Codec) -> Filler:
    """Open a model's prior and material.

    Raises:
        GenerationError, PriorError: the model has none, or they cannot be read.
    """
    card = read_card(model_dir)
    if card is None:
        hint = f"Train one: allele train CORPUS --name {quote(model_dir.name)} --resume"
        raise GenerationError(f"Model {model_dir.name} has no prior.", hint)
    prior = Prior.load(model_dir / FOLDER, codec, "cpu")
    return Filler(prior, Material.load(model_dir, codec), card.temperature)
