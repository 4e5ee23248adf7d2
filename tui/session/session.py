"""A client's view of one daemon: what the daemon has, and the parts that work with it.

    connection  connects, sends requests, and runs background work
    grids       the fetched strands and their waveforms
    edits       unanswered edits, and registers
    atlases     what the codes of models do to the sound
    surprises   how much the cells of strands surprise the priors of their models
    sounds      what was generated with models, and presets of generating

Data flow: events and snapshots of `tui.transport.client` change this object and its parts, then `changed(topic, key)`
tells the app what to redraw. Screens read attributes and call coroutines. Textual is not used here.

Topics: state, jobs, corpora, models, strands (lists); strand, wave, surprise, drawn, training, atlas, sounds (key: an
id or a model's name); error and notice (key: a sentence).

What can go wrong: no daemon runs, or it dies (see `Connection`); the engine dies, which `engine` reports. A resync
fetches again what may have changed.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from protocol.arrays import Array
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusInfo
from protocol.messages.events import (
    AtlasChanged,
    CellsDrawn,
    CorporaChanged,
    DaemonStopping,
    EngineChanged,
    EvaluationCompleted,
    JobChanged,
    JobLogged,
    ModelsChanged,
    PriorEvaluated,
    PriorStepped,
    SoundMade,
    StepCompleted,
    StrandChanged,
    StrandClosed,
    StrandOpened,
)
from protocol.messages.fields import Request, Struct
from protocol.messages.jobs import GetJobLog, JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.session import Snapshot
from protocol.messages.snapshots import EditSnapshot
from protocol.messages.strands import GetStrand, OpenStrand, PutWorkspace, StrandInfo
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta, check_strand, pack_strand
from tui.model.library import model_of
from tui.model.training import Training
from tui.session.atlases import ModelAtlases
from tui.session.connection import Changed, Connection
from tui.session.edits import StrandEdits
from tui.session.grids import StrandGrids
from tui.session.onsets import StrandOnsets
from tui.session.sounds import GeneratedSounds
from tui.session.surprises import StrandSurprises
from tui.strand_files import read_strand
from tui.targets import EDITOR, Target
from tui.transport.daemon_target import DaemonTarget

if TYPE_CHECKING:
    from tui.transport.client import Answer

R = TypeVar("R", bound=Struct)


class Session:
    """Lists of what the daemon has, and the parts that work with it. `open` connects and never raises."""

    def __init__(self, target: DaemonTarget, changed: Changed) -> None:
        self._changed = changed
        self.engine, self.engine_detail, self.device, self.pid = "starting", "", "", 0
        self.jobs: dict[str, JobInfo] = {}
        self.corpora: list[CorpusInfo] = []
        self.models: list[ModelInfo] = []
        self.strands: dict[str, StrandInfo] = {}
        self.trainings: dict[str, Training] = {}
        self.workspace = ""
        self._kept = ""
        self._epoch = ""
        self.connection = Connection(target, self._report)
        self.atlases = ModelAtlases(self.connection, changed)
        self.grids = StrandGrids(self.connection, self.strands, lambda: self.engine == "ready", changed)
        self.onsets = StrandOnsets(self.connection)
        self.edits = StrandEdits(self.connection, self.grids, changed)
        self.surprises = StrandSurprises(self.connection, self.grids, changed)
        self.sounds = GeneratedSounds(self.connection, changed)

    @property
    def newest_first(self) -> list[ModelInfo]:
        """Usable models, the newest first."""
        return sorted((model for model in self.models if not model.problem), key=lambda one: one.created, reverse=True)

    def model_of(self, meta: StrandMeta) -> ModelInfo | None:
        """Return the installed model with a strand's codec, whatever its name now, or None."""
        return model_of(meta, self.models)

    # --- connection --------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether requests can reach a daemon now."""
        return self.connection.connected

    async def open(self) -> None:
        """Find or start the daemon and follow its events. Retries until it succeeds."""
        await self.connection.open(self._on_event, self._on_resync)

    async def close(self) -> None:
        """Save the workspace and close the connection."""
        await self.connection.cancel_work()
        if self.connection.is_open:
            with contextlib.suppress(AlleleError):
                await self.put_workspace(self.workspace, timeout_s=0.15)
        await self.connection.close()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine in the background. An exception is reported as a sentence."""
        self.connection.spawn(work)

    async def ask(
        self, body: Request[R], *, timeout_s: float | None = 30.0, buffers: Sequence[Array] = ()
    ) -> "Answer[R]":
        """Send a request and return its answer; see `Connection.ask`."""
        return await self.connection.ask(body, timeout_s=timeout_s, buffers=buffers)

    def _report(self, topic: str, key: str) -> None:
        """Report a change. In sentences, ids of strands are replaced by names."""
        self._changed(topic, self.readable(key) if topic == "error" else key)

    def readable(self, text: str) -> str:
        """Return a sentence or an edit with the names of strands in place of their ids."""
        for strand, info in self.strands.items():
            text = text.replace(strand, info.meta.name)
        return text

    # --- events ------------------------------------------------------------------------------------------

    def _on_resync(self, snapshot: Snapshot) -> None:
        self.engine, self.engine_detail = snapshot.status.engine, snapshot.status.engine_detail
        self.device, self.pid = snapshot.status.device, snapshot.status.pid
        self.jobs = {job.id: job for job in snapshot.jobs}
        self.corpora = snapshot.corpora
        self._take_models(snapshot.models)
        self.strands.clear()  # `grids` shares this dictionary, so it is not replaced
        self.strands.update({strand.id: strand for strand in snapshot.strands})
        self.workspace = self._kept = self.workspace or snapshot.workspace
        for strand in list(self.grids):
            if strand not in self.strands:
                self.grids.drop(strand)
            elif self.strands[strand].rev != self.grids[strand].rev or snapshot.epoch != self._epoch:
                # Another daemon may have other cells at the same revision.
                self.spawn(self.grids.fetch_again(strand))
        self._epoch = snapshot.epoch
        self.edits.chains.clear()
        self.edits.drawn.clear()
        self.surprises.forget()
        self.sounds.forget()
        for topic in ("state", "jobs", "corpora", "models", "strands"):
            self._changed(topic, "resync")
        for job in self.trainings:
            self.spawn(self.follow(job))

    def _on_event(self, event: Any) -> None:
        body = event.body
        if isinstance(body, StrandChanged):
            self.edits.take_change(body)
            self.surprises.take_change(body)  # before the grid, whose change is drawn at once
            self.grids.take_change(body, event.buffers)
        elif isinstance(body, CellsDrawn):
            if self.edits.take_drawn(body, event.buffers):
                self._changed("drawn", body.strand)
        elif isinstance(body, StepCompleted | EvaluationCompleted | PriorStepped | PriorEvaluated | JobLogged):
            if body.job in self.trainings:
                self.trainings[body.job].take(body)
                self._changed("training", body.job)
        elif isinstance(body, JobChanged):
            self.jobs[body.job.id] = body.job
            self._changed("jobs", body.job.id)
        elif isinstance(body, SoundMade):
            self.sounds.take(body.sound)
        elif isinstance(body, StrandOpened):
            self.strands[body.strand.id] = body.strand
            self.grids.take_info(body.strand)
            self._changed("strands", body.strand.id)
        elif isinstance(body, StrandClosed):
            self.strands.pop(body.strand, None)
            self.grids.drop(body.strand)
            self.edits.chains.pop(body.strand, None)
            self.edits.drawn.pop(body.strand, None)
            self.surprises.forget(body.strand)
            self._changed("strands", body.strand)
        elif isinstance(body, CorporaChanged):
            self.corpora = body.corpora
            self._changed("corpora", "")
        elif isinstance(body, ModelsChanged):
            self._take_models(body.models)
            self._changed("models", "")
        elif isinstance(body, AtlasChanged):
            self.atlases.forget(body.model)
        elif isinstance(body, EngineChanged):
            self.engine, self.engine_detail = body.engine, body.detail
            self.device = body.device or self.device
            self._changed("state", "engine")
        elif isinstance(body, DaemonStopping):
            reason = f": {body.reason}" if body.reason else ""
            self.connection.set_state("lost", f"the daemon stops{reason}; reconnecting")

    def _take_models(self, models: list[ModelInfo]) -> None:
        """Replace the list of models, and discard the data of names that belong to another codec now."""
        before = {(model.name, model.codec_id) for model in self.models}
        if [model.prior for model in self.models] != [model.prior for model in models]:
            self.surprises.forget()
        self.models = models
        for name, _ in before - {(model.name, model.codec_id) for model in models}:
            self.atlases.forget(name)

    # --- jobs --------------------------------------------------------------------------------------------

    async def follow(self, job: str) -> Training:
        """Return a job's training, built from its log so far and then kept current by events."""
        training = self.trainings.setdefault(job, Training(job))
        while True:
            answer = await self.ask(GetJobLog(job=job, after=training.next_entry))
            for entry in answer.body.entries:
                training.take_entry(entry)
            training.next_entry = answer.body.next
            self._changed("training", job)
            if not answer.body.entries:
                return training

    # --- strands in files --------------------------------------------------------------------------------

    async def open_strand(self, path: Path, model: str | None) -> tuple[str, list[str]]:
        """Open an audio file or an .alle file as a strand. Returns its id and the daemon's notes on the recording."""
        if path.suffix.lower() == ".alle":
            strand = await asyncio.to_thread(read_strand, path)
            answer = await self.ask(OpenStrand(meta=strand.meta), buffers=strand.buffers, timeout_s=60.0)
        else:
            if model is None:
                raise AlleleError(
                    "E_NOT_FOUND", "there is no model yet", hint="train one: choose a corpus in the library, then t"
                )
            answer = await self.ask(OpenStrand(path=str(path), model=model), timeout_s=120.0)
        self.strands[answer.body.id] = replace(answer.body, notes=[])
        return answer.body.id, answer.body.notes

    async def save_alle(self, strand: str, target: Target, frames: FrameRange | None = None) -> int:
        """Write a strand's codes, or only some frames of them, to an .alle file. Returns its size in bytes.

        Raises:
            AlleleError: E_IO, E_DISK_FULL, E_EXISTS or E_CONFLICT naming the file.
        """
        answer = await self.ask(GetStrand(strand=strand))
        meta, buffers = answer.body.meta, answer.buffers
        if frames is not None:
            crop = EditSnapshot(meta=meta, edits=[Edit(op="crop", frames=frames)])
            part = await self.ask(crop, buffers=buffers)
            meta, buffers = part.body.meta, part.buffers
        data = pack_strand(check_strand(meta, *buffers))
        await asyncio.to_thread(target.write, data, hint=EDITOR.another)
        return len(data)

    # --- workspace ---------------------------------------------------------------------------------------

    async def put_workspace(self, workspace: str, timeout_s: float = 5.0) -> None:
        """Save the workspace in the daemon if it changed."""
        self.workspace = workspace
        if workspace and workspace != self._kept:
            await self.ask(PutWorkspace(state=workspace), timeout_s=timeout_s)
            self._kept = workspace
