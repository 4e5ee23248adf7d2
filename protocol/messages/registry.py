"""Every request with its reply, and every event, by name.

docs/protocol.md is their specification; a test keeps them equal.

A request's name is its `op` in the header; `REQUESTS` says which reply answers it. Requests are imperatives, events
past tense. Fields that come later get defaults, so an older side still reads them.
"""

from protocol.messages.corpora import AddToCorpus, Corpora, Corpus, ListCorpora, RemoveCorpus, ShowCorpus
from protocol.messages.events import (
    AtlasChanged,
    CorporaChanged,
    DaemonStopping,
    EngineChanged,
    EvaluationCompleted,
    JobChanged,
    JobLogged,
    ModelsChanged,
    StepCompleted,
    StrandChanged,
    StrandClosed,
    StrandOpened,
)
from protocol.messages.fields import Struct
from protocol.messages.jobs import (
    CancelJob,
    GetJobLog,
    JobAccepted,
    JobInfo,
    JobLog,
    Jobs,
    ListJobs,
    MoveJob,
    PauseJob,
    ResumeJob,
    ShowJob,
    StartTraining,
    StopJob,
)
from protocol.messages.models import (
    Atlas,
    DeleteModel,
    GetAtlas,
    GetPalette,
    ListModels,
    MeasureAtlas,
    ModelInfo,
    Models,
    Palette,
    PutLabel,
    RestoreModel,
    ShowModel,
)
from protocol.messages.playback import (
    PlaybackStarted,
    PlayPreview,
    PreviewStarted,
    StartPlayback,
    StopPlayback,
    TunePlayback,
)
from protocol.messages.session import Done, GetSnapshot, GetStatus, Snapshot, Status, StopDaemon
from protocol.messages.snapshots import (
    Decoded,
    DecodeRegion,
    DecodeSnapshot,
    DecodeStrand,
    EditSnapshot,
    EncodeFile,
    Region,
    Snapshotted,
)
from protocol.messages.strands import (
    ApplyEdit,
    ClosedStrands,
    CloseStrand,
    EditApplied,
    GetHistory,
    GetStrand,
    GetWorkspace,
    History,
    ListClosedStrands,
    ListStrands,
    OpenStrand,
    PutWorkspace,
    RedoEdit,
    ReopenStrand,
    StrandInfo,
    Strands,
    UndoEdit,
    Workspace,
)

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
