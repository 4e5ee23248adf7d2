"""Requests about generating new sound."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.generation import GenerationOptions
from protocol.messages.fields import Name, Path, Request
from protocol.messages.jobs import JobAccepted
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta

Mode = Literal["new", "continue", "vary", "infill"]


class StartGeneration(Request[JobAccepted], frozen=True, kw_only=True):
    """Make new sounds with a model as a job, and write them into a folder: a WAV, an `.alle` each, manifest.json.

    folder: null is a new one in the home's history, whose sounds ListSounds lists. mode: new, or what to do with the
    strand that the message contains (buffers: codes, columns; meta: its description) or that the file `of` holds.
    amount: for vary, the share of its frames to draw again. frames: for infill, what to fill. replace: whether existing
    files may be replaced; without it, sounds that the folder's manifest has are skipped and other files are refused.
    """

    model: Name
    folder: Path | None = None
    options: GenerationOptions = GenerationOptions()
    mode: Mode = "new"
    meta: StrandMeta | None = None
    of: Path | None = None
    amount: Annotated[float, Meta(ge=0, le=1)] = 0.3
    frames: FrameRange | None = None
    replace: bool = False
