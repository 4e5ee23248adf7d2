"""Which `codec.json` this Allele reads: for those who load a codec, and without torch for those who only ask.

What can go wrong: a model of an earlier or later Allele. Its name and what to do are said; nothing is guessed, because
codes of one format mean nothing to a codec of another.
"""

from pathlib import Path
from shlex import quote

import msgspec

from daemon.codec.errors import CodecError

CONFIG_NAME = "codec.json"
FORMAT_VERSION = 6


class _Version(msgspec.Struct, frozen=True):
    """What can be read of any version's `codec.json`."""

    version: int


def codec_place(folder: Path) -> Path:
    """Where the codec lies: in a codec folder itself, in a model's in `codec/`."""
    return folder if (folder / CONFIG_NAME).exists() else folder / "codec"


def check_format(place: Path, text: bytes) -> None:
    """Refuse what another Allele wrote.

    Raises:
        CodecError: naming the model and what to do.
        msgspec.DecodeError: `text` is no `codec.json`.
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
        f"{name} is of {age} Allele: codec format {version}, this one reads {FORMAT_VERSION} ({place / CONFIG_NAME}).",
        hint,
        can_resume=not is_earlier,
    )


def format_problem(folder: Path) -> tuple[str, str]:
    """Why a model's codec cannot be of use to this Allele, and what to do; two empty texts when it can."""
    place = codec_place(folder)
    try:
        check_format(place, (place / CONFIG_NAME).read_bytes())
    except CodecError as error:
        return error.message, error.hint
    except (OSError, msgspec.DecodeError):
        return f"{place / CONFIG_NAME} is missing or damaged.", "Restore the model's folder."
    return "", ""
