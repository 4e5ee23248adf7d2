"""Check the version of a `codec.json` without importing torch.

A model of an earlier or later version of Allele is refused with its name and a hint. Nothing is converted: codes of one
format mean nothing to a codec of another.
"""

from pathlib import Path
from shlex import quote

import msgspec

from daemon.codec.errors import CodecError

CONFIG_NAME = "codec.json"
FORMAT_VERSION = 6


class _Version(msgspec.Struct, frozen=True):
    """The part of `codec.json` that is the same in every version."""

    version: int


def codec_place(folder: Path) -> Path:
    """Folder of the codec: `folder` itself if it holds a `codec.json`, otherwise its `codec/` subfolder."""
    return folder if (folder / CONFIG_NAME).exists() else folder / "codec"


def check_format(place: Path, text: bytes) -> None:
    """Refuse a `codec.json` that another version of Allele wrote.

    Raises:
        CodecError: the version differs; the error names the model and what to do.
        msgspec.DecodeError: `text` is not a `codec.json`.
    """
    version = msgspec.json.decode(text, type=_Version).version
    if version == FORMAT_VERSION:
        return
    name = place.parent.name if place.name == "codec" else place.name
    is_earlier = version < FORMAT_VERSION
    age, hint = "a later", "Update Allele."
    if is_earlier:
        age, hint = "an earlier", f"Train it again, after: allele model delete {quote(name)}"
    raise CodecError(
        f"{name} was made by {age} version of Allele: codec format {version}, this version reads {FORMAT_VERSION} "
        f"({place / CONFIG_NAME}).",
        hint,
        can_resume=not is_earlier,
    )


def format_problem(folder: Path) -> tuple[str, str]:
    """Message and hint for a model whose codec this version cannot use; two empty strings if it can."""
    place = codec_place(folder)
    try:
        check_format(place, (place / CONFIG_NAME).read_bytes())
    except CodecError as error:
        return error.message, error.hint
    except (OSError, msgspec.DecodeError):
        return f"{place / CONFIG_NAME} is missing or damaged.", "Restore the model's folder."
    return "", ""
