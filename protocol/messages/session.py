"""Connecting, the daemon's status, stopping it, and the snapshot that a client starts from."""

from protocol.messages.corpora import CorpusInfo
from protocol.messages.fields import Done, Request, Struct
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo


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


class GetStatus(Request[Status], frozen=True, kw_only=True):
    """How is the daemon?"""


class StopDaemon(Request[Done], frozen=True, kw_only=True):
    """Stop. drain: wait for running jobs; otherwise they are interrupted and can be resumed."""

    drain: bool = False


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


class GetSnapshot(Request[Snapshot], frozen=True, kw_only=True):
    """Everything a client draws, with the sequence number it covers."""
