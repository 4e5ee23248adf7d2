"""Events that the daemon publishes to every client. Their names are in the past tense."""

from protocol.messages.corpora import CorpusInfo
from protocol.messages.fields import Event, Id, Name
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.sounds import Sound
from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange, LevelRange


class JobChanged(Event, frozen=True, kw_only=True):
    """A job's state or progress changed. At most 10 events per second for each job."""

    job: JobInfo


class StepCompleted(Event, frozen=True, kw_only=True):
    """A training completed a step. At most 10 events per second for each job; steps in between are not sent."""

    job: Id
    step: int
    elapsed_s: float
    progress: float
    eta_s: float | None = None
    losses: dict[str, float] = {}
    learning_rate: float = 0.0
    gradient_norm: float = 0.0
    examples_per_s: float = 0.0
    memory_mb: float = 0.0


class EvaluationCompleted(Event, frozen=True, kw_only=True):
    """A training evaluated its codec. held_out: errors on held-out audio, empty if nothing is held out.

    health: one word per level (healthy, thin, collapsing). advice: what to do about a level that is not healthy.
    preview, source: WAV files on the daemon's machine. They contain the run's held-out clip as the codec decodes it
    now, and as it was recorded.
    """

    job: Id
    step: int
    elapsed_s: float
    held_out: dict[str, float | None] = {}
    train: dict[str, float | None] = {}
    utilisation: list[float] = []
    perplexity: list[float] = []
    entropy_bits: list[float] = []
    dead_codes: list[int] = []
    commitment: list[float] = []
    health: list[str] = []
    advice: str = ""
    preview: str = ""
    is_best: bool = False
    source: str = ""


class PriorStepped(Event, frozen=True, kw_only=True):
    """A training's prior took a step. Not every step is sent. bits: what a frame of the step's crops cost."""

    job: Id
    step: int
    elapsed_s: float
    eta_s: float | None = None
    bits: float = 0.0


class PriorEvaluated(Event, frozen=True, kw_only=True):
    """A training evaluated its prior. bits: what a frame of held-out codes costs, null if nothing is held out.

    network_bits: the same without copies of the sequence's own past. unigram_bits: the same if only the use of each
    code were known. train_bits: of training codes. levels: the bits of each level.
    preview: a WAV file of a few seconds made from nothing. novelty: copy, close, new or silent; "" if not judged.
    elapsed_s: time of the prior's own training.
    """

    job: Id
    step: int
    elapsed_s: float
    bits: float | None = None
    network_bits: float | None = None
    unigram_bits: float = 0.0
    train_bits: float = 0.0
    levels: list[float] = []
    is_best: bool = False
    preview: str = ""
    novelty: str = ""


class JobLogged(Event, frozen=True, kw_only=True):
    """A job wrote a line of text to its log."""

    job: Id
    text: str
    elapsed_s: float = 0.0


class SoundMade(Event, frozen=True, kw_only=True):
    """A generation wrote a sound into the home's history."""

    job: Id
    sound: Sound


class StrandOpened(Event, frozen=True, kw_only=True):
    """A strand was opened, or restored from the trash."""

    strand: StrandInfo


class StrandChanged(Event, frozen=True, kw_only=True):
    """An edit, undo or redo changed a strand or its locks. Buffer 0: the new cells at `levels` and `frames`, uint16.

    Buffer 1: the columns (4, n) of those frames, int32. If only locks or the tempo changed, n is 0 in both.
    resized: the length of the strand changed, so a client must fetch it again as a whole.
    cause: id of the request that changed it. kind: edit, undo or redo.
    """

    strand: StrandInfo
    kind: str
    edit: str
    levels: LevelRange
    frames: FrameRange
    cause: bytes = b""
    resized: bool = False


class CellsDrawn(Event, frozen=True, kw_only=True):
    """The engine drew some frames of an edit that it still computes. Nothing of it is stored, and the cells that are
    kept may be others: the edit's StrandChanged has them. At most 10 events per second for each edit.

    whole: all frames of the edit. Buffer 0: the cells at `levels` and `frames`, uint16. The first event has no frames
    and a buffer 1: which cells of `whole` will change, (q, n) uint8. cause: id of the edit's request.
    """

    strand: Id
    cause: bytes
    levels: LevelRange
    frames: FrameRange
    whole: FrameRange


class StrandClosed(Event, frozen=True, kw_only=True):
    """A strand was closed and moved to the trash."""

    strand: Id


class CorporaChanged(Event, frozen=True, kw_only=True):
    """The list of corpora changed. corpora: the new list."""

    corpora: list[CorpusInfo]


class ModelsChanged(Event, frozen=True, kw_only=True):
    """The list of models changed. models: the new list."""

    models: list[ModelInfo]


class AtlasChanged(Event, frozen=True, kw_only=True):
    """A model's atlas or its labels changed. Clients must fetch them again."""

    model: Name


class EngineChanged(Event, frozen=True, kw_only=True):
    """The engine process started, stopped or restarted."""

    engine: str
    device: str = ""
    detail: str = ""


class DaemonStopping(Event, frozen=True, kw_only=True):
    """The daemon is stopping and accepts no more requests."""

    reason: str = ""
