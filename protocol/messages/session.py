"""Messages to connect, read the daemon's status, stop it, and get the snapshot from which a client starts."""

from protocol.messages.corpora import CorpusInfo
from protocol.messages.fields import Done, Request, Struct
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo


class Hello(Struct, frozen=True, kw_only=True):
    """The first message of a client on ctl and on aud. proto: [lowest, highest] protocol version that it supports."""

    proto: tuple[int, int]
    features: list[str] = []
    client: str = "cli"
    version: str = ""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of messages that the daemon accepts, in bytes and counts."""

    header_bytes: int
    body_bytes: int
    buffers: int
    buffer_bytes: int
    chunk_bytes: int


class Welcome(Struct, frozen=True, kw_only=True):
    """The reply to Hello. epoch: identifies this run of the daemon. seq: the number of the newest event."""

    proto: int
    epoch: str
    seq: int
    limits: Limits
    features: list[str] = []
    version: str = ""
    pid: int = 0


class Status(Struct, frozen=True, kw_only=True):
    """The daemon's status. endpoint: the ctl socket. device: cpu, cuda:0 or mps, "" until the engine is ready.

    engine: starting, ready, restarting or failed; `engine_detail` says why. facts: versions, memory use, and a
    description of the device.
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


class GetStatus(Request[Status], frozen=True, kw_only=True):
    """Get the status of the daemon and its engine."""


class StopDaemon(Request[Done], frozen=True, kw_only=True):
    """Stop the daemon. drain: wait for running jobs; otherwise they are interrupted and can be resumed."""

    drain: bool = False


class Snapshot(Struct, frozen=True, kw_only=True):
    """The reply to GetSnapshot: the daemon's state after event `seq` of `epoch`."""

    epoch: str
    seq: int
    status: Status
    jobs: list[JobInfo]
    corpora: list[CorpusInfo]
    models: list[ModelInfo]
    strands: list[StrandInfo]
    workspace: str = ""


class GetSnapshot(Request[Snapshot], frozen=True, kw_only=True):
    """Get the whole state that a client shows, with the number of the last event that it includes."""
