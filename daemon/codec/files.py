"""Read and write a codec on disk: `codec.safetensors` and `codec.json`. Nothing is unpickled."""

import hashlib
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from daemon.codec.config import CodecConfig
from daemon.codec.errors import CodecError
from daemon.codec.format import CONFIG_NAME, FORMAT_VERSION, check_format, codec_place
from protocol.atomic import write_bytes

WEIGHTS_NAME = "codec.safetensors"
_READ_AGAIN = "Check its permissions, the disk and the limit of open files (ulimit -n), then try again."


class CodecFile(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `codec.json`: version, id and configuration."""

    version: int = FORMAT_VERSION
    codec_id: str
    config: CodecConfig


def identify(state: dict[str, Tensor]) -> str:
    """Codec id: SHA-256, in hex, over names, types, shapes and bytes of all tensors in name order."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write_codec(folder: Path, config: CodecConfig, state: dict[str, Tensor]) -> str:
    """Write a codec's weights, then its `codec.json`, and return its id."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    codec_id = identify(tensors)
    write_bytes(folder / WEIGHTS_NAME, save(tensors))
    described = msgspec.json.encode(CodecFile(codec_id=codec_id, config=config))
    write_bytes(folder / CONFIG_NAME, msgspec.json.format(described, indent=1))
    return codec_id


def read_codec(folder: Path) -> tuple[CodecFile, dict[str, Tensor]]:
    """Read a codec's weights and `codec.json` from its folder, or from `codec/` inside a model's folder.

    Raises:
        CodecError: a file is missing, damaged or of another version, or the weights do not match the id.
    """
    place = codec_place(folder)
    try:
        text = (place / CONFIG_NAME).read_bytes()
        check_format(place, text)
        described = msgspec.json.decode(text, type=CodecFile)
        state = load((place / WEIGHTS_NAME).read_bytes())  # load_file loses the number of an OSError
    except FileNotFoundError as error:
        raise CodecError(f"{folder}: there is no finished codec here.", "Train the model to its end.") from error
    except OSError as error:  # no permission, no descriptor, a disk error: the codec itself may be intact
        raise CodecError(f"{place}: the codec cannot be read ({error.strerror}).", _READ_AGAIN) from error
    except (msgspec.DecodeError, SafetensorError, ValueError) as error:
        raise CodecError(f"{place}: the codec cannot be read ({error}).", "Restore the model's folder.") from error
    if identify(state) != described.codec_id:
        raise CodecError(f"{place}: the weights are not those of codec.json.", "Restore the model's folder.")
    return described, state
