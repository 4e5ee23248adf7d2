"""What was measured of a model's knobs, as stored beside it in `knobs.json`. No torch, so that the broker can read it.

The file is derived: without it, or with one of another codec or version, nothing is known of the knobs, and none is
reported to fail.
"""

from pathlib import Path

import msgspec

from protocol.atomic import write_bytes

KNOBS_NAME = "knobs.json"
VERSION = 1


class KnobFact(msgspec.Struct, frozen=True, kw_only=True):
    """How a knob works in an engine on one model. Fields are those of `protocol.messages.models.KnobFact`."""

    name: str
    engine: str
    effect: float
    """Rank correlation of the wanted and the measured value, -1 to 1."""
    cross: float
    """Largest rank correlation with a descriptor that should have stayed, 0 to 1."""
    works: bool
    why: str = ""
    """A sentence for the user; empty for a knob that does what it says and nothing else."""


class KnobsFile(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a model's `knobs.json`."""

    version: int = VERSION
    codec_id: str
    facts: list[KnobFact]


def write_facts(model_dir: Path, codec_id: str, facts: list[KnobFact]) -> None:
    """Write `knobs.json` into a model's folder."""
    content = msgspec.json.encode(KnobsFile(codec_id=codec_id, facts=facts))
    write_bytes(model_dir / KNOBS_NAME, msgspec.json.format(content, indent=1))


def read_facts(model_dir: Path, codec_id: str) -> list[KnobFact]:
    """Read what is known of a model's knobs; an empty list if nothing is."""
    try:
        content = msgspec.json.decode((model_dir / KNOBS_NAME).read_bytes(), type=KnobsFile)
    except (OSError, msgspec.DecodeError):
        return []
    return content.facts if (content.version, content.codec_id) == (VERSION, codec_id) else []
