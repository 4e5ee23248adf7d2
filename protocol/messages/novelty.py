"""The request about novelty: whether a sound is a copy of a model's recordings, close to one of them, or new."""

from protocol.messages.fields import Id, Name, Path, Request, Struct
from protocol.strands import StrandMeta


class NoveltyMoment(Struct, frozen=True, kw_only=True):
    """A window of the sound from at_s on, its verdict, and the recording it resembles most from nearest_at_s on.

    nearest: the name of the recording's file without folders, or "" for silence.
    """

    at_s: float
    seconds: float
    verdict: str
    nearest: str
    nearest_at_s: float
    distance_db: float


class NoveltyVerdict(Struct, frozen=True, kw_only=True):
    """The novelty of a sound. verdict: copy, close, new, or silent. nearest, at_s: a recording's path, and its second.

    overlap: the share of the sound that reads copy. resembling: the share that reads copy or close. distance_db: the
    median of all windows. percentile: where it lies among sounds that are no copies, 0 to 100. moments: each window.
    """

    verdict: str
    nearest: str
    at_s: float
    overlap: float
    resembling: float
    distance_db: float
    percentile: float
    seconds: float
    model: str
    moments: list[NoveltyMoment] = []
    notes: list[str] = []


class JudgeNovelty(Request[NoveltyVerdict], frozen=True, kw_only=True):
    """Judge the novelty of one of three: an audio file, an open strand, or a snapshot (meta; buffers codes, columns).

    model: needed for a file. A strand is judged by its own model, and E_WRONG_MODEL is the answer if another is given.
    """

    path: Path | None = None
    strand: Id | None = None
    meta: StrandMeta | None = None
    model: Name | None = None
