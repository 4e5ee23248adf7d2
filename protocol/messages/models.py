"""Requests about models and their atlases, and their replies."""

from typing import Annotated, Any

from msgspec import Meta

from protocol.messages.fields import Done, Name, Request, Struct
from protocol.messages.jobs import JobAccepted
from protocol.units import SAMPLE_RATE_HZ


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model in a line. held_out: {"mel","stft","sisdr_db"}, empty if nothing was; utilisation per level 0..1.

    channels: 1, or 2: then held_out has "side_mel" and "width_db" (decodes against sources) too.
    memorisation: {"verdict","ratio","train_mel"}, verdict general, leaning, memorised or unknown (ratio null);
    empty if not measured. problem, hint: why it can make no sound and take none in (it is of another Allele, or
    damaged), and what to do; empty when it can.
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
    path: str = ""
    problem: str = ""
    hint: str = ""


class Models(Struct, frozen=True, kw_only=True):
    """Answer to ListModels."""

    models: list[ModelInfo]


class ListModels(Request[Models], frozen=True, kw_only=True):
    """All models that finished training."""


class ShowModel(Request[ModelInfo], frozen=True, kw_only=True):
    """One model."""

    name: Name


class DeleteModel(Request[Done], frozen=True, kw_only=True):
    """Move a model, or an unfinished training, to the trash. Its strands stay and are silent until it is back."""

    name: Name


class RestoreModel(Request[Done], frozen=True, kw_only=True):
    """Take the model of this name that was deleted last back from the trash, under another name if one is given.

    Strands find it by its codec, whatever it is called.
    """

    name: Name
    new_name: Name | None = None


class Palette(Struct, frozen=True, kw_only=True):
    """Buffer 0: (Q, K) uint16, the rank of each code on `descriptor` within its level, 0 lowest.

    unsure: levels on which the descriptor does not tell codes apart reliably. choices: descriptors that were measured.
    """

    model: Name
    descriptor: str
    unsure: list[int] = []
    choices: list[str] = []


class GetPalette(Request[Palette], frozen=True, kw_only=True):
    """How to order and colour a model's codes. descriptor: "" is brightness where it was measured reliably.

    Without an atlas, codes are ranked on the first principal component of their vectors, whatever was asked for.
    """

    model: Name
    descriptor: Annotated[str, Meta(max_length=32)] = ""


class MeasureAtlas(Request[JobAccepted], frozen=True, kw_only=True):
    """Measure what each code of a finished model does to the sound, as a job. The corpus it learned from is needed."""

    model: Name


class Atlas(Struct, frozen=True, kw_only=True):
    """state: ready, absent or damaged; `detail` says what to do. A = len(descriptors), in order of the last axis.

    Buffers when ready: (Q, K, A) float32 mean effect in `units`, beyond the level's average code; (Q, K, A) float32 its
    spread over contexts; (Q, K, A) int16 verdict (0 not remarkable, ±1 more or less, ±2 surely, -128 unknown); (Q, K)
    int32 how often each code stands in `usage_frames` training frames. reliability: (Q, A), split-half.
    labels: the person's words for codes, by "level:code"; they need no atlas.
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
    """What each code of a model was measured to do, and what the person calls it."""

    model: Name


class PutLabel(Request[Done], frozen=True, kw_only=True):
    """Call a code something; "" takes the word back. Kept in the model's folder."""

    model: Name
    level: Annotated[int, Meta(ge=0, le=31)]
    code: Annotated[int, Meta(ge=0, le=65_535)]
    text: Annotated[str, Meta(max_length=80)]
