"""One daemon as the screens see it: connection, lists, strands with their grids, trainings, and edits on their way.

Data flow: events and snapshots of `tui.transport.client` change this object, then `changed(topic, key)` tells the app
what to draw again. Screens read attributes and call the coroutines below. No Textual here.

Topics: state, jobs, corpora, models, strands (lists); strand, wave, training (key: an id); error and notice (key: a
sentence).

What can go wrong: no daemon, a dying daemon, a dying engine: `state` and `engine` say so in words, reconnecting goes
on by itself, and a resync fetches again what changed meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusInfo
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
from protocol.messages.fields import Request, Struct
from protocol.messages.jobs import GetJobLog, JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.session import Snapshot
from protocol.messages.strands import PutWorkspace
from protocol.situations import situation
from protocol.strands import StrandMeta
from tui.model.library import model_of
from tui.model.training import Training
from tui.session.strand_desk import StrandDesk
from tui.transport.target import Target

if TYPE_CHECKING:
    from tui.transport.client import Answer, Client

RETRY_S = 1.0
R = TypeVar("R", bound=Struct)


class Session(StrandDesk):
    """State and requests of one client. `open` connects and never raises; `close` ends it."""

    def __init__(self, target: Target, changed: Callable[[str, str], None]) -> None:
        super().__init__(changed)
        self.target = target
        self.state, self.detail = "starting", "starting the daemon"
        self.engine_detail, self.device, self.pid = "", "", 0
        self.jobs: dict[str, JobInfo] = {}
        self.corpora: list[CorpusInfo] = []
        self.models: list[ModelInfo] = []
        self.trainings: dict[str, Training] = {}
        self.workspace = ""
        self._client: Client | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept = ""
        self._epoch = ""

    @property
    def connected(self) -> bool:
        return self.state == "connected"

    @property
    def client_id(self) -> bytes:
        return self._client.client_id if self._client is not None else b""

    @property
    def newest_first(self) -> list[ModelInfo]:
        """Models that can make sound."""
        return sorted((model for model in self.models if not model.problem), key=lambda one: one.created, reverse=True)

    def model_of(self, meta: StrandMeta) -> ModelInfo | None:
        """The model here whose codes a strand holds, whatever it is called now; None where there is none."""
        return model_of(meta, self.models)

    # --- connection --------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Find or start the daemon and follow it; tries again until it works."""
        from tui.transport.client import Client

        say = partial(asyncio.get_running_loop().call_soon_threadsafe, self._say_waiting)
        while self._client is None:
            client: Client | None = None
            try:
                endpoint = await asyncio.to_thread(self.target.find, say)
                revive = partial(self.target.find, say)
                client = Client(endpoint, "tui", on_state=self._on_state, revive=revive)
                await client.open()
                self._client = client
                await client.subscribe(self._on_event, self._on_resync)
            except AlleleError as error:
                self._client = None
                if client is not None:
                    await client.close()
                self._set_state("failed", str(error))
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Keep the workspace and drop the connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            with contextlib.suppress(AlleleError):
                await self.keep(self.workspace, timeout_s=0.15)
            await self._client.close()

    def _on_state(self, state: str) -> None:
        self._set_state("connected" if state == "connected" else "lost", "")

    def _set_state(self, state: str, detail: str) -> None:
        self.state = state
        self.detail = detail or {"connected": "", "lost": "the daemon is gone; reconnecting"}.get(state, "")
        self._changed("state", state)

    def _say_waiting(self, line: str) -> None:
        """What is waited for while there is no connection."""
        if not self.connected:
            self._set_state(self.state, line)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine; what it raises is shown as a sentence."""
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 - it is shown, and the screen lives on
            known = situation(problem)
            defect = f"a defect: {type(problem).__name__}: {problem} (please report it)"
            self._changed("error", self.readable(str(known)) if known else defect)

    async def ask(
        self,
        body: Request[R],
        *,
        timeout_s: float | None = 30.0,
        buffers: Sequence[Array] = (),
        request_id: bytes | None = None,
    ) -> "Answer[R]":
        """A request's answer.

        Raises:
            AlleleError: as the client does; E_UNAVAILABLE before the first connection.
        """
        if self._client is None:
            raise AlleleError("E_UNAVAILABLE", "not connected to the daemon yet")
        return await self._client.request(body, timeout_s=timeout_s, buffers=buffers, request_id=request_id)

    # --- events ------------------------------------------------------------------------------------------

    def _on_resync(self, snapshot: Snapshot) -> None:
        self.engine, self.engine_detail = snapshot.status.engine, snapshot.status.engine_detail
        self.device, self.pid = snapshot.status.device, snapshot.status.pid
        self.jobs = {job.id: job for job in snapshot.jobs}
        self.corpora = snapshot.corpora
        self._take_models(snapshot.models)
        self.strands = {strand.id: strand for strand in snapshot.strands}
        self.workspace = self._kept = self.workspace or snapshot.workspace
        for strand in list(self.grids):
            if strand not in self.strands:
                self.grids.pop(strand)
            elif self.strands[strand].rev != self.grids[strand].rev or snapshot.epoch != self._epoch:
                self.spawn(self.fetch_again(strand))  # another daemon may have other cells under the same revision
        self._epoch = snapshot.epoch
        self.chains.clear()
        for topic in ("state", "jobs", "corpora", "models", "strands"):
            self._changed(topic, "resync")
        for job in self.trainings:
            self.spawn(self.follow(job))

    def _on_event(self, event: Any) -> None:
        body = event.body
        if isinstance(body, StrandChanged):
            self.take_change(body, event.buffers)
        elif isinstance(body, StepCompleted | EvaluationCompleted | JobLogged):
            if body.job in self.trainings:
                self.trainings[body.job].take(body)
                self._changed("training", body.job)
        elif isinstance(body, JobChanged):
            self.jobs[body.job.id] = body.job
            self._changed("jobs", body.job.id)
        elif isinstance(body, StrandOpened):
            self.strands[body.strand.id] = body.strand
            self._changed("strands", body.strand.id)
        elif isinstance(body, StrandClosed):
            self.strands.pop(body.strand, None)
            for kept in (self.grids, self.waves, self.chains):
                kept.pop(body.strand, None)
            self._changed("strands", body.strand)
        elif isinstance(body, CorporaChanged):
            self.corpora = body.corpora
            self._changed("corpora", "")
        elif isinstance(body, ModelsChanged):
            self._take_models(body.models)
            self._changed("models", "")
        elif isinstance(body, AtlasChanged):
            self.forget_atlas(body.model)
        elif isinstance(body, EngineChanged):
            self.engine, self.engine_detail = body.engine, body.detail
            self.device = body.device or self.device
            self._changed("state", "engine")
        elif isinstance(body, DaemonStopping):
            self._set_state("lost", f"the daemon stops{': ' + body.reason if body.reason else ''}; reconnecting")

    def _take_models(self, models: list[ModelInfo]) -> None:
        """A name may be another codec's now: what was known of the one before goes."""
        before = {(model.name, model.codec_id) for model in self.models}
        self.models = models
        for name, _ in before - {(model.name, model.codec_id) for model in models}:
            self.forget_atlas(name)

    # --- jobs --------------------------------------------------------------------------------------------

    async def follow(self, job: str) -> Training:
        """The training of a job: its log so far, then live."""
        training = self.trainings.setdefault(job, Training(job))
        while True:
            answer = await self.ask(GetJobLog(job=job, after=training.next_entry))
            for entry in answer.body.entries:
                training.take_entry(entry)
            training.next_entry = answer.body.next
            self._changed("training", job)
            if not answer.body.entries:
                return training

    # --- workspace ---------------------------------------------------------------------------------------

    async def keep(self, workspace: str, timeout_s: float = 5.0) -> None:
        """Keep the workspace in the daemon, when it differs from what is kept."""
        self.workspace = workspace
        if workspace and workspace != self._kept:
            await self.ask(PutWorkspace(state=workspace), timeout_s=timeout_s)
            self._kept = workspace
