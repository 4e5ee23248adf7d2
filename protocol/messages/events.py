"""Events that the daemon publishes to every client. Their names are in the past tense."""

from protocol.messages.corpora import CorpusInfo
from protocol.messages.fields import Event, Id, Name
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange, LevelRange


class JobChanged(Event, frozen=True, kw_only=True):
    """A job's state or progress; at most 10 a second for each job."""

    job: JobInfo


class StepCompleted(Event, frozen=True, kw_only=True):
    """Training goes on; at most 10 a second for each job (steps in between are not sent)."""

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
    """Held-out measures, none where nothing is held out. advice: what to do about a level that is not healthy.

    health: a word per level (healthy, thin, collapsing).

    preview, source: WAV files on the daemon's machine: the run's held-out clip as decoded now, and as recorded.
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


class JobLogged(Event, frozen=True, kw_only=True):
    """A line of a job's log, in words."""

    job: Id
    text: str
    elapsed_s: float = 0.0


class StrandOpened(Event, frozen=True, kw_only=True):
    """A strand came to life, or was taken back from the trash."""

    strand: StrandInfo


class StrandChanged(Event, frozen=True, kw_only=True):
    """A strand was edited, undone or redone, or its locks were. Buffer 0: the cells as they are now, uint16.

    They lie at `levels` and `frames`; `resized` means the length changed: fetch it whole.
    When only locks changed there are none, (Q, 0).
    cause: id of the request that did it. kind: edit, undo or redo.
    """

    strand: StrandInfo
    kind: str
    edit: str
    levels: LevelRange
    frames: FrameRange
    cause: bytes = b""
    resized: bool = False


class StrandClosed(Event, frozen=True, kw_only=True):
    """A strand is gone."""

    strand: Id


class CorporaChanged(Event, frozen=True, kw_only=True):
    """The list of corpora as it is now."""

    corpora: list[CorpusInfo]


class ModelsChanged(Event, frozen=True, kw_only=True):
    """The list of models as it is now."""

    models: list[ModelInfo]


class AtlasChanged(Event, frozen=True, kw_only=True):
    """A model's atlas or labels are others now: fetch them again."""

    model: Name


class EngineChanged(Event, frozen=True, kw_only=True):
    """The engine started, died or came back."""

    engine: str
    device: str = ""
    detail: str = ""


class DaemonStopping(Event, frozen=True, kw_only=True):
    """No more requests."""

    reason: str = ""
