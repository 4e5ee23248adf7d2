"""An atlas on disk: `atlas.safetensors` in the model's folder, one file that describes itself. No torch here.

Its metadata name the codec, so an atlas of another codec is detected. Nothing is unpickled, and sizes are checked
against the file before anything is allocated. An atlas that is missing, damaged or of another codec raises an error
with the command that makes a new one.
"""

from pathlib import Path
from shlex import quote

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from daemon.atlas.errors import AtlasError
from daemon.atlas.table import Atlas
from protocol.atomic import write_bytes

ATLAS_NAME = "atlas.safetensors"
FORMAT_VERSION = "1"
_CONTENTS = "what each code does to the sound, per context: effects (Q, K, M, A); usage (Q, K)"


def write_atlas(model_dir: Path, atlas: Atlas) -> None:
    """Write an atlas into a model's folder, replacing an existing one."""
    about = {
        "version": FORMAT_VERSION,
        "contents": _CONTENTS,
        "codec_id": atlas.codec_id,
        "descriptors": " ".join(atlas.descriptors),
        "units": " ".join(atlas.units),
        "usage_frames": str(atlas.usage_frames),
    }
    tensors = {"effects": np.ascontiguousarray(atlas.effects), "usage": np.ascontiguousarray(atlas.usage)}
    write_bytes(model_dir / ATLAS_NAME, save(tensors, metadata=about))


def read_atlas(model_dir: Path, codec_id: str, *, levels: int, codebook: int) -> Atlas:
    """Read the atlas of a model.

    Raises:
        AtlasError: the atlas is missing, damaged or of another codec.
    """
    path, name = model_dir / ATLAS_NAME, model_dir.name
    hint = f"make one with: allele model atlas {quote(name)}"
    if not path.exists():
        raise AtlasError(f"model {name} has no atlas, the measurement of what each code does to the sound", hint)
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            effects, usage = file.get_tensor("effects"), file.get_tensor("usage")
        atlas = Atlas(
            codec_id=about["codec_id"],
            descriptors=tuple(about["descriptors"].split()),
            units=tuple(about["units"].split()),
            effects=effects,
            usage=usage,
            usage_frames=int(about["usage_frames"]),
        )
        whole = about["version"] == FORMAT_VERSION and _fits(atlas, levels, codebook)
    except (OSError, SafetensorError, KeyError, ValueError) as problem:
        raise AtlasError(f"{path}: the atlas cannot be read ({problem})", hint) from problem
    if atlas.codec_id != codec_id:
        raise AtlasError(f"{path}: the atlas belongs to another codec", hint)
    if not whole:
        raise AtlasError(f"{path}: the atlas does not fit the model", hint)
    return atlas


def _fits(atlas: Atlas, levels: int, codebook: int) -> bool:
    effects, usage = atlas.effects, atlas.usage
    return (
        effects.dtype == np.float16
        and effects.ndim == 4
        and effects.shape[:2] == usage.shape == (levels, codebook)
        and effects.shape[2] >= 1
        and effects.shape[3] == len(atlas.descriptors) == len(atlas.units)
        and usage.dtype == np.uint32
        and bool(np.isfinite(effects).all())
    )


LABELS_NAME = "labels.json"

Labels = dict[str, str]
"""The user's own names for codes, by "level:code"."""


def read_labels(model_dir: Path) -> Labels:
    """Read the user's labels of a model's codes; empty if there is no file.

    Raises:
        AtlasError: `labels.json` is damaged. It is never overwritten then.
    """
    path = model_dir / LABELS_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Labels)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as problem:
        raise AtlasError(f"{path}: cannot be read ({problem})", "correct or remove the file") from problem


def write_labels(model_dir: Path, labels: Labels) -> None:
    """Replace the user's labels of a model's codes."""
    write_bytes(model_dir / LABELS_NAME, msgspec.json.format(msgspec.json.encode(labels, order="sorted"), indent=1))
