"""Read and write a prior on disk: `prior.safetensors` and `prior.json`. Nothing is unpickled."""

from pathlib import Path
from shlex import quote

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from daemon.prior.config import PriorConfig
from daemon.prior.errors import PriorError
from protocol.atomic import write_bytes

FORMAT_VERSION = 1
CONFIG_NAME = "prior.json"
WEIGHTS_NAME = "prior.safetensors"


class _Version(msgspec.Struct, frozen=True):
    """The part of `prior.json` that is the same in every version."""

    version: int


class PriorFile(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `prior.json`: version, codec and configuration."""

    version: int = FORMAT_VERSION
    codec_id: str
    """The codec whose codes it knows. Codes of another codec mean nothing to it."""
    config: PriorConfig


def write_prior(folder: Path, config: PriorConfig, codec_id: str, state: dict[str, Tensor]) -> None:
    """Write a prior's weights, then its `prior.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    write_bytes(folder / WEIGHTS_NAME, save(tensors))
    described = msgspec.json.encode(PriorFile(codec_id=codec_id, config=config))
    write_bytes(folder / CONFIG_NAME, msgspec.json.format(described, indent=1))


def read_prior(folder: Path, codec_id: str) -> tuple[PriorFile, dict[str, Tensor]]:
    """Read a prior's weights and `prior.json`.

    Raises:
        PriorError: a file is missing, damaged or of another version, or the prior is of another codec.
    """
    again = f"Train it again: allele train --resume --name {quote(folder.parent.name)}"
    try:
        text = (folder / CONFIG_NAME).read_bytes()
        version = msgspec.json.decode(text, type=_Version).version
        if version != FORMAT_VERSION:
            raise PriorError(f"{folder}: the prior is of format {version}; this Allele reads {FORMAT_VERSION}.", again)
        described = msgspec.json.decode(text, type=PriorFile)
        state = load((folder / WEIGHTS_NAME).read_bytes())
    except FileNotFoundError as error:
        raise PriorError(f"{folder}: there is no prior here.", again) from error
    except OSError as error:
        raise PriorError(f"{folder}: the prior cannot be read ({error.strerror}).", "Check the disk.") from error
    except (msgspec.DecodeError, SafetensorError, ValueError) as error:
        raise PriorError(f"{folder}: the prior cannot be read ({error}).", again) from error
    if described.codec_id != codec_id:
        raise PriorError(f"{folder}: the prior is of another codec ({described.codec_id[:12]}).", again)
    return described, state
