"""Requests about models and their atlases, and their replies."""

from typing import Annotated, Any

from msgspec import Meta

from protocol.messages.fields import Done, Name, Request, Struct
from protocol.messages.jobs import JobAccepted
from protocol.units import SAMPLE_RATE_HZ


class KnobFact(Struct, frozen=True, kw_only=True):
    """How a knob of generating works in one engine on one model, measured when its training ended.

    name: of its field in GenerationOptions. effect: rank correlation of what is wanted and what is measured, -1 to 1.
    cross: the largest one with a descriptor that should have stayed, 0 to 1. works: false if the knob does not do what
    its name says on this model. why: a sentence for the user; empty if there is nothing to say.
    """

    name: str
    engine: str
    effect: float
    cross: float
    works: bool
    why: str = ""


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A summary of a model. held_out: {"mel","stft","sisdr_db"}, empty if nothing was held out.

    channels: 1 or 2. For 2, held_out has "side_mel" and "width_db" (decoded sound against its source) too.
    utilisation: 0..1 for each level.
    memorisation: {"verdict","ratio","train_mel"}; verdict is general, leaning, memorised or unknown (ratio null);
    empty if not measured. problem, hint: why it cannot encode or decode (it was made by another version of Allele, or
    is damaged), and what to do about it; empty if it can.
    codec_from: the model whose codec it has; empty if it was trained with a codec of its own. knobs: what was measured
    of the knobs of generating; a knob that is not listed was not measured.
    """

    name: Name
    codec_id: str
    corpus: str
    levels: int
    codebook: int
    steps: int
    seconds: float
    held_out: dict[str, float | None] = {}
    utilisation: list[float] = []
    memorisation: dict[str, Any] = {}
    sample_rate: int = SAMPLE_RATE_HZ
    hop_length: int = 1024
    frame_rate: float = 46.875
    channels: int = 1
    created: str = ""
    prior: dict[str, Any] | None = None
    knobs: list[KnobFact] = []
    codec_from: str = ""
    path: str = ""
    problem: str = ""
    hint: str = ""


class Models(Struct, frozen=True, kw_only=True):
    """The reply to ListModels."""

    models: list[ModelInfo]


class ListModels(Request[Models], frozen=True, kw_only=True):
    """List all models whose training is finished."""


class ShowModel(Request[ModelInfo], frozen=True, kw_only=True):
    """Describe one model by its name."""

    name: Name


class DeleteModel(Request[Done], frozen=True, kw_only=True):
    """Move a model or an unfinished training to the trash. Its strands are kept but cannot be played without it."""

    name: Name


class RestoreModel(Request[Done], frozen=True, kw_only=True):
    """Restore the most recently deleted model of this name from the trash, under `new_name` if that is given.

    Strands refer to a model by its codec, so they find it under any name.
    """

    name: Name
    new_name: Name | None = None


class RenameModel(Request[Done], frozen=True, kw_only=True):
    """Give a finished model another name. Its strands find it by its codec. E_BUSY while a job works on it."""

    name: Name
    new_name: Name


class Palette(Struct, frozen=True, kw_only=True):
    """An order of a model's codes. Buffer 0: (Q, K) uint16, rank of each code on `descriptor` in its level, 0 lowest.

    unsure: levels on which the descriptor does not distinguish codes reliably. choices: the measured descriptors.
    """

    model: Name
    descriptor: str
    unsure: list[int] = []
    choices: list[str] = []


class GetPalette(Request[Palette], frozen=True, kw_only=True):
    """Get the order of a model's codes, for their colours. descriptor: "" is brightness, if measured reliably.

    Without an atlas, codes are ranked on the first principal component of their vectors for every descriptor.
    """

    model: Name
    descriptor: Annotated[str, Meta(max_length=32)] = ""


class MeasureAtlas(Request[JobAccepted], frozen=True, kw_only=True):
    """Measure the effect of each code of a finished model on the sound, as a job. It needs the training corpus."""

    model: Name


class Atlas(Struct, frozen=True, kw_only=True):
    """A model's atlas. state: ready, absent or damaged; `detail` says what to do. A = len(descriptors), the last axis.

    Buffers if ready: (Q, K, A) float32 mean effect in `units`, relative to the level's average code; (Q, K, A) float32
    its spread over contexts; (Q, K, A) int16 verdict (0 unremarkable, ±1 more or less, ±2 certainly so, -128 unknown);
    (Q, K) int32 number of times each code occurs in `usage_frames` training frames. reliability: (Q, A), split-half.
    labels: the user's names for codes, by "level:code"; they exist without an atlas too.
    """

    model: Name
    codec_id: str
    state: str
    detail: str = ""
    descriptors: list[str] = []
    units: list[str] = []
    contexts: int = 0
    reliability: list[list[float]] = []
    usage_frames: int = 0
    labels: dict[str, str] = {}


class GetAtlas(Request[Atlas], frozen=True, kw_only=True):
    """Get the measured effects of a model's codes, and the user's labels for them."""

    model: Name


class PutLabel(Request[Done], frozen=True, kw_only=True):
    """Set the user's label of a code; "" removes it. Labels are stored in the model's folder."""

    model: Name
    level: Annotated[int, Meta(ge=0, le=31)]
    code: Annotated[int, Meta(ge=0, le=65_535)]
    text: Annotated[str, Meta(max_length=80)]
