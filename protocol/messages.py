"""Every request, reply and event, typed. docs/protocol.md is their specification; a test keeps them equal.

A request's name is its `op` in the header; `REQUESTS` says which reply answers it. Requests are imperatives,
events past tense. Fields that come later get defaults, so an older side still reads them.
Buffers that travel beside a body are named in its docstring.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from protocol.edits import Edit
from protocol.strands import StrandMeta

Name = Annotated[str, Meta(pattern=r"^\w[\w .+-]{0,63}\Z", description="a folder's name: no slash, no leading dot")]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Path = Annotated[str, Meta(min_length=1, max_length=4096)]
Text = Annotated[str, Meta(max_length=4096)]


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies."""


# --- session ---------------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, kw_only=True):
    """First message on ctl and on aud. proto: [lowest, highest] version the client speaks."""

    proto: tuple[int, int]
    features: list[str] = []
    client: str = "cli"
    version: str = ""


class Limits(Struct, frozen=True, kw_only=True):
    """What the daemon accepts, in bytes and counts."""

    header_bytes: int
    body_bytes: int
    buffers: int
    buffer_bytes: int
    chunk_bytes: int


class Welcome(Struct, frozen=True, kw_only=True):
    """Answer to Hello. epoch: this start of the daemon; seq: the newest event's number."""

    proto: int
    epoch: str
    seq: int
    limits: Limits
    features: list[str] = []
    version: str = ""
    pid: int = 0


class Done(Struct, frozen=True, kw_only=True):
    """It was done; nothing more to say. `detail` is for the person."""

    detail: str = ""


class GetStatus(Struct, frozen=True, kw_only=True):
    """How is the daemon?"""


class Status(Struct, frozen=True, kw_only=True):
    """endpoint: the ctl socket. device: what the engine computes on, cpu, cuda:0 or mps, "" until it is up.

    engine: starting, ready, restarting or failed; `engine_detail` says why. facts: versions, memory, and the device in
    words.
    """

    pid: int
    uptime_s: float
    device: str
    jobs: int
    clients: int
    endpoint: str
    version: str
    engine: str = "starting"
    engine_detail: str = ""
    home: str = ""
    facts: dict[str, str] = {}


class StopDaemon(Struct, frozen=True, kw_only=True):
    """Stop. drain: wait for running jobs; otherwise they are interrupted and can be resumed."""

    drain: bool = False


class GetSnapshot(Struct, frozen=True, kw_only=True):
    """Everything a client draws, with the sequence number it covers."""


# --- corpora ---------------------------------------------------------------------------------------------


class AddToCorpus(Struct, frozen=True, kw_only=True):
    """Ingest files and folders (absolute paths on the daemon's machine) as a job."""

    corpus: Name
    paths: Annotated[list[Path], Meta(min_length=1, max_length=10_000)]


class JobAccepted(Struct, frozen=True, kw_only=True):
    """The job's id; JobChanged events follow."""

    job: Id


class CorpusFile(Struct, frozen=True, kw_only=True):
    """One source file. status: ok, skipped or duplicate; `problem` says why and `mend` what to do."""

    path: str
    status: str
    seconds: float = 0.0
    sample_rate: int = 0
    channels: int = 0
    peak_db: float = 0.0
    loudness_db: float = 0.0
    clipped: int = 0
    silence: float = 0.0
    problem: str = ""
    mend: str = ""


class CorpusInfo(Struct, frozen=True, kw_only=True):
    """A corpus in a line; frames are training frames at 46.875 a second."""

    name: Name
    files: int
    skipped: int
    seconds: float
    frames: int
    path: str = ""


class ListCorpora(Struct, frozen=True, kw_only=True):
    """All corpora."""


class Corpora(Struct, frozen=True, kw_only=True):
    """Answer to ListCorpora."""

    corpora: list[CorpusInfo]


class ShowCorpus(Struct, frozen=True, kw_only=True):
    """One corpus with its files."""

    name: Name


class Corpus(Struct, frozen=True, kw_only=True):
    """Answer to ShowCorpus."""

    info: CorpusInfo
    files: list[CorpusFile]


class RemoveCorpus(Struct, frozen=True, kw_only=True):
    """Move a corpus to the trash. Models trained on it stay. E_BUSY while a job uses it, also a paused one."""

    name: Name


# --- jobs and training -----------------------------------------------------------------------------------


class StartTraining(Struct, frozen=True, kw_only=True):
    """Train a codec on a corpus as a job, under a new name unless `resume` (then on the corpus it began with).

    Either a wall-clock budget in seconds or a number of steps; neither: ten minutes. A budget is ended early when the
    held-out error stays. preset: auto is small, and base on a GPU with more than five minutes of audio and of time.
    levels: None is 10, in stereo 13. codebook: None is by the amount of audio. channels: 1 or 2, None for 2 where most
    of the corpus is stereo.
    adversarial: the last part of the run is against an adversary, with the codes frozen.
    """

    corpus: Name
    model: Name
    budget_s: Annotated[float, Meta(gt=0, le=30 * 86400)] | None = None
    steps: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    preset: str = "auto"
    levels: Annotated[int, Meta(ge=1, le=32)] | None = None
    codebook: Annotated[int, Meta(ge=2, le=65_536)] | None = None
    channels: Annotated[int, Meta(ge=1, le=2)] | None = None
    adversarial: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    resume: bool = False


class JobInfo(Struct, frozen=True, kw_only=True):
    """One job. kind: ingest, train or atlas. state: queued, running, paused, done, failed, cancelled or interrupted.

    subject: the corpus or model. progress 0..1. result: what the command line prints with --json.
    position: its place among the queued, 1 is next, 0 when it does not wait.
    """

    id: Id
    kind: str
    subject: str
    state: str
    progress: float = 0.0
    eta_s: float | None = None
    created_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    detail: str = ""
    error: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    position: int = 0


class ListJobs(Struct, frozen=True, kw_only=True):
    """All jobs, newest first."""


class Jobs(Struct, frozen=True, kw_only=True):
    """Answer to ListJobs."""

    jobs: list[JobInfo]


class ShowJob(Struct, frozen=True, kw_only=True):
    """One job."""

    job: Id


class CancelJob(Struct, frozen=True, kw_only=True):
    """Cancel a job; answered at once, the state follows as an event. Cancelling a finished job is no error.

    Until it has ended, pausing, resuming or stopping it is E_BAD_REQUEST.
    """

    job: Id


class PauseJob(Struct, frozen=True, kw_only=True):
    """Put a training aside: it keeps a checkpoint and ends its process, and what waits behind it may begin.

    A queued job loses its place. Pausing what is paused is no error. A paused job outlives the daemon.
    """

    job: Id


class ResumeJob(Struct, frozen=True, kw_only=True):
    """Go on with a paused job, next in the queue; or with a training that failed, was cancelled or interrupted.

    The latter is a new job on the same run (the reply has its id), because a job ends once.
    """

    job: Id


class StopJob(Struct, frozen=True, kw_only=True):
    """End a training now and make the model of what it learnt; answered at once, the end follows as an event.

    A training that is paused, or ended without a model, makes it of its last checkpoint; E_BAD_REQUEST without one.
    """

    job: Id


class MoveJob(Struct, frozen=True, kw_only=True):
    """Give a queued job another place; 1 is next, a place beyond the end is the end."""

    job: Id
    position: Annotated[int, Meta(ge=1, le=1_000_000)]


class GetJobLog(Struct, frozen=True, kw_only=True):
    """Entries of a job's log from number `after` on (at most 1000): the same bodies as the events."""

    job: Id
    after: int = 0


class JobLog(Struct, frozen=True, kw_only=True):
    """Each entry is {"type": event name, …its fields}; ask again with after=next until none comes."""

    entries: list[dict[str, Any]]
    next: int


# --- models ----------------------------------------------------------------------------------------------


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model in a line. held_out: {"mel","stft","sisdr_db"}, empty if nothing was; utilisation per level 0..1.

    channels: 1, or 2: then held_out has "side_mel" and "width_db" (decodes against sources) too.
    memorisation: {"verdict","ratio","train_mel"}, verdict general, leaning, memorised or unknown (ratio null);
    empty if not measured. problem, mend: why it can make no sound and take none in (it is of another Allele, or
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
    sample_rate: int = 48_000
    hop_length: int = 1024
    frame_rate: float = 46.875
    channels: int = 1
    created: str = ""
    prior: dict[str, Any] | None = None
    path: str = ""
    problem: str = ""
    mend: str = ""


class ListModels(Struct, frozen=True, kw_only=True):
    """All models that finished training."""


class Models(Struct, frozen=True, kw_only=True):
    """Answer to ListModels."""

    models: list[ModelInfo]


class ShowModel(Struct, frozen=True, kw_only=True):
    """One model."""

    name: Name


class DeleteModel(Struct, frozen=True, kw_only=True):
    """Move a model, or an unfinished training, to the trash. Its strands stay and are silent until it is back."""

    name: Name


class RestoreModel(Struct, frozen=True, kw_only=True):
    """Take the model of this name that was deleted last back from the trash, under another name if one is given.

    Strands find it by its codec, whatever it is called.
    """

    name: Name
    new_name: Name | None = None


class GetPalette(Struct, frozen=True, kw_only=True):
    """How to order and colour a model's codes. descriptor: "" is brightness where it was measured reliably.

    Without an atlas, codes are ranked on the first principal component of their vectors, whatever was asked for.
    """

    model: Name
    descriptor: Annotated[str, Meta(max_length=32)] = ""


class Palette(Struct, frozen=True, kw_only=True):
    """Buffer 0: (Q, K) uint16, the rank of each code on `descriptor` within its level, 0 lowest.

    unsure: levels on which the descriptor does not tell codes apart reliably. choices: descriptors that were measured.
    """

    model: Name
    descriptor: str
    unsure: list[int] = []
    choices: list[str] = []


class MeasureAtlas(Struct, frozen=True, kw_only=True):
    """Measure what each code of a finished model does to the sound, as a job. The corpus it learned from is needed."""

    model: Name


class GetAtlas(Struct, frozen=True, kw_only=True):
    """What each code of a model was measured to do, and what the person calls it."""

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


class PutLabel(Struct, frozen=True, kw_only=True):
    """Call a code something; "" takes the word back. Kept in the model's folder."""

    model: Name
    level: Annotated[int, Meta(ge=0, le=31)]
    code: Annotated[int, Meta(ge=0, le=65_535)]
    text: Annotated[str, Meta(max_length=80)]


# --- strands that live in the daemon ---------------------------------------------------------------------


class StrandInfo(Struct, frozen=True, kw_only=True):
    """A strand with an edit history. rev grows by one with every edit, undo, redo, lock and unlock.

    locked: the levels that operations leave alone. notes: in the answer to OpenStrand alone, words for the person
    about the recording (that stereo was averaged, that it is unlike the corpus).
    """

    id: Id
    meta: StrandMeta
    rev: int
    undo_depth: int = 0
    redo_depth: int = 0
    locked: list[int] = []
    notes: list[str] = []


class OpenStrand(Struct, frozen=True, kw_only=True):
    """Make a living strand of an audio file (path and model) or of an `.alle` (meta and buffer 0: codes)."""

    path: Path | None = None
    model: Name | None = None
    meta: StrandMeta | None = None


class GetStrand(Struct, frozen=True, kw_only=True):
    """One strand, by id. The reply's buffer 0: codes (Q, T) uint16.

    with_earlier: also as it was opened (buffer 1) and before its last edit (buffer 2), of lengths of their own.
    """

    strand: Id
    with_earlier: bool = False


class ListStrands(Struct, frozen=True, kw_only=True):
    """All living strands."""


class Strands(Struct, frozen=True, kw_only=True):
    """Answer to ListStrands."""

    strands: list[StrandInfo]


class CloseStrand(Struct, frozen=True, kw_only=True):
    """Put a strand and its history in the trash; ReopenStrand takes it back."""

    strand: Id


class ReopenStrand(Struct, frozen=True, kw_only=True):
    """Take a closed strand back: its id, history, revision and locks are as they were. No error when it is open."""

    strand: Id


class ListClosedStrands(Struct, frozen=True, kw_only=True):
    """The strands that were closed and can be taken back."""


class ClosedStrands(Struct, frozen=True, kw_only=True):
    """Answer to ListClosedStrands: at most 100, the one that was closed last first.

    meta is as each was opened, before its edits. closed_s: when each was closed, Unix time, in the same order.
    """

    strands: list[StrandInfo]
    closed_s: list[float]


class ApplyEdit(Struct, frozen=True, kw_only=True):
    """Apply one edit to a living strand; OTHER is a strand's id.

    if_rev: refuse with E_CONFLICT unless this is the strand's rev. after: instead of a rev, the request id of the
    sender's own previous edit, acknowledged or not, so that held keys do not conflict with themselves.
    """

    strand: Id
    edit: Edit
    if_rev: int | None = None
    after: bytes | None = None


class UndoEdit(Struct, frozen=True, kw_only=True):
    """Undo the newest edit (a swap on both its strands, or E_CONFLICT when either changed since)."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class RedoEdit(Struct, frozen=True, kw_only=True):
    """Redo what was undone last."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class EditApplied(Struct, frozen=True, kw_only=True):
    """What changed. strands: every strand touched, as it is now. notes: words for the person (what was cropped)."""

    edit: str
    strands: list[StrandInfo]
    notes: list[str] = []


class GetHistory(Struct, frozen=True, kw_only=True):
    """What was done to a strand since it was opened here, undone edits included."""

    strand: Id


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """An edit at a place of a history, 1 for the first. made_s: Unix time. strands: how many it changed."""

    place: int
    edit: str
    made_s: float
    strands: int = 1


class History(Struct, frozen=True, kw_only=True):
    """Edits oldest first, at most 1000 around where the strand stands; texts are cut at 200 characters.

    head: how many edits are in effect, so undoing or redoing to place p takes |head - p| requests. depth: how many
    there are. rev: the strand's revision, as `if_rev` takes it.
    """

    head: int
    depth: int
    rev: int
    entries: list[HistoryEntry]


class PutWorkspace(Struct, frozen=True, kw_only=True):
    """Keep what the client would show again after it is gone (JSON ≤ 64 KiB): strands, cursor, selection."""

    state: Annotated[str, Meta(max_length=65_536)]


class GetWorkspace(Struct, frozen=True, kw_only=True):
    """What PutWorkspace kept last."""


class Workspace(Struct, frozen=True, kw_only=True):
    """JSON, "" when nothing was kept."""

    state: str


# --- strands as snapshots (the command line's .alle files) -----------------------------------------------


class EncodeFile(Struct, frozen=True, kw_only=True):
    """Encode an audio file. Reply: Snapshotted with buffer 0: codes."""

    path: Path
    model: Name


class EditSnapshot(Struct, frozen=True, kw_only=True):
    """Apply edits in order to a snapshot. Buffer 0: its codes; buffer i+1: the codes of others[i].

    An edit names another strand by its key in `names` (as typed), which holds its place in `others`.
    Nothing is kept in the daemon; registers live for this request. Reply: Snapshotted.
    """

    meta: StrandMeta
    edits: Annotated[list[Edit], Meta(max_length=1000)]
    others: Annotated[list[StrandMeta], Meta(max_length=15)] = []
    names: dict[str, int] = {}


class Snapshotted(Struct, frozen=True, kw_only=True):
    """A strand as a value. Buffer 0: codes (Q, T) uint16."""

    meta: StrandMeta
    notes: list[str] = []


class DecodeSnapshot(Struct, frozen=True, kw_only=True):
    """Decode a snapshot (buffer 0: codes) to a WAV file on the daemon's machine. levels: which are heard.

    replace: false refuses a file that exists (E_EXISTS). The recording of the strand is never replaced.
    """

    meta: StrandMeta
    out: Path
    levels: list[int] | None = None
    replace: bool = True


class DecodeStrand(Struct, frozen=True, kw_only=True):
    """Decode a living strand to a WAV file on the daemon's machine. replace: as in DecodeSnapshot."""

    strand: Id
    out: Path
    levels: list[int] | None = None
    replace: bool = True


class Decoded(Struct, frozen=True, kw_only=True):
    """The file written: 48 kHz, 24 bit, the source's level and exact sample count. Levels in dBFS.

    notes: words for the person (how much was limited).
    """

    path: str
    seconds: float
    samples: int
    sample_rate: int
    channels: int
    peak_db: float
    rms_db: float
    notes: list[str] = []


class DecodeRegion(Struct, frozen=True, kw_only=True):
    """PCM of some frames of a living strand. Reply: Region with buffer 0: (C, L) float32."""

    strand: Id
    frames: tuple[int, int]
    levels: list[int] | None = None


class Region(Struct, frozen=True, kw_only=True):
    """Frames [first, past) at revision `rev`."""

    strand: Id
    rev: int
    frames: tuple[int, int]


# --- sound -----------------------------------------------------------------------------------------------


class StartPlayback(Struct, frozen=True, kw_only=True):
    """Play frames of a living strand on the player whose client id this is. None: to the end, all levels.

    levels: those heard; [] is silence. loop: again and again; edits are taken up where it begins again, and a range
    whose strand grows inside it grows along. before: begin with buffer 0, (Q, T) uint16 codes to compare the strand
    with, in the strand's place; both are then played at the loudness of the quieter one.
    """

    player: bytes
    strand: Id
    frames: tuple[int, int | None] = (0, None)
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class PlaybackStarted(Struct, frozen=True, kw_only=True):
    """playback: number the chunks carry. The first chunk follows on aud."""

    playback: int
    strand: Id
    frames: tuple[int, int]


class TunePlayback(Struct, frozen=True, kw_only=True):
    """Change what is heard of a playback under way, from its next chunk on, without a click. E_NOT_FOUND: it is over.

    levels, loop and before as in StartPlayback. Buffer 0: the codes that `before` means, needed the first time and when
    they are others.
    """

    player: bytes
    playback: int
    levels: list[int] | None = None
    loop: bool = False
    before: bool = False


class PlayPreview(Struct, frozen=True, kw_only=True):
    """Play what a training's evaluation left to hear: "source", "final" or "step-NNNNNNNN", as its file is called.

    It is heard as loud as the source. sample: where to begin, so that two can be compared in mid-sound.
    """

    player: bytes
    job: Id
    preview: Annotated[str, Meta(pattern=r"^(source|final|step-[0-9]{8})\Z")]
    sample: Annotated[int, Meta(ge=0, le=2**40)] = 0
    loop: bool = False


class PreviewStarted(Struct, frozen=True, kw_only=True):
    """playback: number the chunks carry. gain_db: what was done to be as loud as the source."""

    playback: int
    preview: str
    seconds: float
    gain_db: float = 0.0


class StopPlayback(Struct, frozen=True, kw_only=True):
    """Stop what a player plays; no error when nothing does."""

    player: bytes


class Credit(Struct, frozen=True, kw_only=True):
    """aud, kind credit: the player can take this many more chunks (they add up)."""

    chunks: Annotated[int, Meta(ge=1, le=1000)]


class Chunk(Struct, frozen=True, kw_only=True):
    """aud, kind chunk: about 20 ms. Buffer 0: (C, L) float32, L may be 0.

    sample: place of its first sample in the strand. last: nothing follows. flush: drop what is queued first.
    error: why it ends early. A chunk without samples costs no credit.
    """

    playback: int
    index: int
    sample: int
    last: bool = False
    flush: bool = False
    error: str = ""


# --- events ----------------------------------------------------------------------------------------------


class JobChanged(Struct, frozen=True, kw_only=True):
    """A job's state or progress; at most 10 a second for each job."""

    job: JobInfo


class StepCompleted(Struct, frozen=True, kw_only=True):
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


class EvaluationCompleted(Struct, frozen=True, kw_only=True):
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


class JobLogged(Struct, frozen=True, kw_only=True):
    """A line of a job's log, in words."""

    job: Id
    text: str
    elapsed_s: float = 0.0


class StrandOpened(Struct, frozen=True, kw_only=True):
    """A strand came to life, or was taken back from the trash."""

    strand: StrandInfo


class StrandChanged(Struct, frozen=True, kw_only=True):
    """A strand was edited, undone or redone, or its locks were. Buffer 0: the cells as they are now, uint16.

    They lie at levels[0].., frames[0]..; `resized` means the length changed: fetch it whole.
    When only locks changed there are none, (Q, 0).
    cause: id of the request that did it. kind: edit, undo or redo.
    """

    strand: StrandInfo
    kind: str
    edit: str
    levels: tuple[int, int]
    frames: tuple[int, int]
    cause: bytes = b""
    resized: bool = False


class StrandClosed(Struct, frozen=True, kw_only=True):
    """A strand is gone."""

    strand: Id


class CorporaChanged(Struct, frozen=True, kw_only=True):
    """The list of corpora as it is now."""

    corpora: list[CorpusInfo]


class ModelsChanged(Struct, frozen=True, kw_only=True):
    """The list of models as it is now."""

    models: list[ModelInfo]


class AtlasChanged(Struct, frozen=True, kw_only=True):
    """A model's atlas or labels are others now: fetch them again."""

    model: Name


class EngineChanged(Struct, frozen=True, kw_only=True):
    """The engine started, died or came back."""

    engine: str
    device: str = ""
    detail: str = ""


class DaemonStopping(Struct, frozen=True, kw_only=True):
    """No more requests."""

    reason: str = ""


class Snapshot(Struct, frozen=True, kw_only=True):
    """Answer to GetSnapshot: the state after event `seq` of `epoch`."""

    epoch: str
    seq: int
    status: Status
    jobs: list[JobInfo]
    corpora: list[CorpusInfo]
    models: list[ModelInfo]
    strands: list[StrandInfo]
    workspace: str = ""


REQUESTS: dict[str, tuple[type[Struct], type[Struct]]] = {
    request.__name__: (request, reply)
    for request, reply in (
        (GetStatus, Status),
        (StopDaemon, Done),
        (GetSnapshot, Snapshot),
        (AddToCorpus, JobAccepted),
        (ListCorpora, Corpora),
        (ShowCorpus, Corpus),
        (RemoveCorpus, Done),
        (StartTraining, JobAccepted),
        (ListJobs, Jobs),
        (ShowJob, JobInfo),
        (CancelJob, JobInfo),
        (PauseJob, JobInfo),
        (ResumeJob, JobInfo),
        (StopJob, JobInfo),
        (MoveJob, JobInfo),
        (GetJobLog, JobLog),
        (ListModels, Models),
        (ShowModel, ModelInfo),
        (DeleteModel, Done),
        (RestoreModel, Done),
        (GetPalette, Palette),
        (MeasureAtlas, JobAccepted),
        (GetAtlas, Atlas),
        (PutLabel, Done),
        (OpenStrand, StrandInfo),
        (GetStrand, StrandInfo),
        (ListStrands, Strands),
        (CloseStrand, Done),
        (ReopenStrand, StrandInfo),
        (ListClosedStrands, ClosedStrands),
        (ApplyEdit, EditApplied),
        (UndoEdit, EditApplied),
        (RedoEdit, EditApplied),
        (GetHistory, History),
        (PutWorkspace, Done),
        (GetWorkspace, Workspace),
        (EncodeFile, Snapshotted),
        (EditSnapshot, Snapshotted),
        (DecodeSnapshot, Decoded),
        (DecodeStrand, Decoded),
        (DecodeRegion, Region),
        (StartPlayback, PlaybackStarted),
        (TunePlayback, Done),
        (PlayPreview, PreviewStarted),
        (StopPlayback, Done),
    )
}

EVENTS: dict[str, type[Struct]] = {
    event.__name__: event
    for event in (
        JobChanged,
        StepCompleted,
        EvaluationCompleted,
        JobLogged,
        StrandOpened,
        StrandChanged,
        StrandClosed,
        CorporaChanged,
        ModelsChanged,
        AtlasChanged,
        EngineChanged,
        DaemonStopping,
    )
}
