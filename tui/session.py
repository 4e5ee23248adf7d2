"""One daemon as the screens see it: connection, lists, strands with their grids, trainings, and edits on their way.

Data flow: events and snapshots of `tui.client` change this object, then `changed(topic, key)` tells the app what to
draw again. Screens read attributes and call the coroutines below. No Textual here.

Topics: state, jobs, corpora, models, strands (lists); strand, wave, training (key: an id); error (key: a sentence).

What can go wrong: no daemon, a dying daemon, a dying engine: `state` and `engine` say so in words, reconnecting goes
on by itself, and a resync fetches again what changed meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol import messages as m
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta
from tui.model.grid import Applied, StrandGrid
from tui.model.pending import EditChain
from tui.model.registers import Register, Registers
from tui.model.training import Training
from tui.model.waveform import Waveform

RETRY_S = 1.0
WAVE_MARGIN = 24  # frames around an edit whose sound changes too; generous, the daemon decodes with its own margin


class Session:
    """State and requests of one client. `open` connects and never raises; `close` ends it."""

    def __init__(self, home: Path, changed: Callable[[str, str], None]) -> None:
        self.home = home
        self._changed = changed
        self.state, self.detail = "starting", "starting the daemon"
        self.engine, self.engine_detail, self.device = "starting", "", ""
        self.jobs: dict[str, m.JobInfo] = {}
        self.corpora: list[m.CorpusInfo] = []
        self.models: list[m.ModelInfo] = []
        self.strands: dict[str, m.StrandInfo] = {}
        self.grids: dict[str, StrandGrid] = {}
        self.waves: dict[str, Waveform] = {}
        self.trainings: dict[str, Training] = {}
        self.registers = Registers()
        self.chains: dict[str, EditChain] = {}
        self.workspace = ""
        self._ranks: dict[str, tuple[str, npt.NDArray[np.uint16] | None]] = {}
        self._client: Any = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._decoding: set[str] = set()
        self._kept = ""

    @property
    def connected(self) -> bool:
        return self.state == "connected"

    @property
    def client_id(self) -> bytes:
        return self._client.client_id if self._client is not None else b""

    # --- connection --------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Find or start the daemon and follow it; tries again until it works."""
        from tui.client import Client
        from tui.embedded import ensure_daemon

        while self._client is None:
            client: Client | None = None
            try:
                places = await asyncio.to_thread(ensure_daemon, self.home)
                client = Client(places, "tui", on_state=self._on_state, revive=lambda: ensure_daemon(self.home))
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

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine; what it raises is shown as a sentence."""
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except AlleleError as error:
            self._changed("error", str(error))

    async def ask(self, body: m.Struct, *, timeout_s: float | None = 30.0, **more: Any) -> Any:
        """A request's answer.

        Raises:
            AlleleError: as the client does; E_UNAVAILABLE before the first connection.
        """
        if self._client is None:
            raise AlleleError("E_UNAVAILABLE", "not connected to the daemon yet")
        return await self._client.request(body, timeout_s=timeout_s, **more)

    # --- events ------------------------------------------------------------------------------------------

    def _on_resync(self, snapshot: m.Snapshot) -> None:
        self.engine, self.engine_detail = snapshot.status.engine, snapshot.status.engine_detail
        self.device = snapshot.status.device
        self.jobs = {job.id: job for job in snapshot.jobs}
        self.corpora, self.models = snapshot.corpora, snapshot.models
        self.strands = {strand.id: strand for strand in snapshot.strands}
        self.workspace = self._kept = self.workspace or snapshot.workspace
        for strand in list(self.grids):
            if strand not in self.strands:
                self.grids.pop(strand)
            elif self.strands[strand].rev != self.grids[strand].rev:
                self.spawn(self.fetch(strand))
        self.chains.clear()
        for topic in ("state", "jobs", "corpora", "models", "strands"):
            self._changed(topic, "resync")
        for job in self.trainings:
            self.spawn(self.follow(job))

    def _on_event(self, event: Any) -> None:
        body = event.body
        if isinstance(body, m.StrandChanged):
            self._strand_changed(body, event.buffers)
        elif isinstance(body, m.StepCompleted | m.EvaluationCompleted | m.JobLogged):
            if body.job in self.trainings:
                self.trainings[body.job].take(body)
                self._changed("training", body.job)
        elif isinstance(body, m.JobChanged):
            self.jobs[body.job.id] = body.job
            self._changed("jobs", body.job.id)
        elif isinstance(body, m.StrandOpened):
            self.strands[body.strand.id] = body.strand
            self._changed("strands", body.strand.id)
        elif isinstance(body, m.StrandClosed):
            self.strands.pop(body.strand, None)
            self.grids.pop(body.strand, None)
            self._changed("strands", body.strand)
        elif isinstance(body, m.CorporaChanged):
            self.corpora = body.corpora
            self._changed("corpora", "")
        elif isinstance(body, m.ModelsChanged):
            self.models = body.models
            self._changed("models", "")
        elif isinstance(body, m.EngineChanged):
            self.engine, self.engine_detail = body.engine, body.detail
            self.device = body.device or self.device
            self._changed("state", "engine")
        elif isinstance(body, m.DaemonStopping):
            self._set_state("lost", f"the daemon stops{': ' + body.reason if body.reason else ''}; reconnecting")

    def _strand_changed(self, body: m.StrandChanged, buffers: list[Any]) -> None:
        self.strands[body.strand.id] = body.strand
        grid = self.grids.get(body.strand.id)
        if grid is None:
            return
        outcome = grid.apply(body, buffers[0] if buffers else None)
        if outcome is Applied.REFETCH:
            self.spawn(self.fetch(body.strand.id))
        elif outcome is Applied.WRITTEN:
            self.waves[grid.id].stale(*body.frames, WAVE_MARGIN, grid.frames)
            self._changed("strand", grid.id)

    # --- strands -----------------------------------------------------------------------------------------

    async def fetch(self, strand: str) -> StrandGrid:
        """The grid of a strand, whole."""
        answer = await self.ask(m.GetStrand(strand=strand))
        info, codes = answer.body, answer.buffers[0]
        grid = self.grids.get(strand)
        if grid is None:
            grid = self.grids[strand] = StrandGrid(info, codes)
            self.waves[strand] = Waveform(grid.frames)
        elif info.rev >= grid.rev:
            grid.replace(info, codes)
            self.waves[strand].stale(0, grid.frames, 0, grid.frames)
        self.strands[strand] = info
        self._changed("strand", strand)
        return grid

    async def open_strand(self, path: Path, model: str | None) -> str:
        """A living strand of an audio file or an .alle; its id."""
        if path.suffix.lower() == ".alle":
            meta, codes = await asyncio.to_thread(read_alle, path)
            answer = await self.ask(m.OpenStrand(meta=meta), buffers=[codes], timeout_s=60.0)
        else:
            if model is None:
                raise AlleleError("E_NOT_FOUND", "there is no model yet", hint="train one: library, choose a corpus, t")
            answer = await self.ask(m.OpenStrand(path=str(path), model=model), timeout_s=120.0)
        self.strands[answer.body.id] = answer.body
        return answer.body.id

    async def save_alle(self, strand: str, path: Path) -> int:
        """Write a strand's codes to an .alle file; its size in bytes.

        Raises:
            AlleleError: E_IO naming the file.
        """
        from protocol.strands import pack_strand

        answer = await self.ask(m.GetStrand(strand=strand))
        data = pack_strand(answer.body.meta, answer.buffers[0])
        await asyncio.to_thread(write_file, path, data)
        return len(data)

    async def edit(self, strand: str, edit: Edit) -> m.EditApplied | None:
        """Apply an edit; None when it fell with an earlier one of its burst, which was reported."""
        other = edit.args[0] if edit.op == "swap" and edit.args and edit.args[0] in self.grids else None
        applied = await self._chained(
            strand, other, lambda rev, after: m.ApplyEdit(strand=strand, edit=edit, if_rev=rev, after=after)
        )
        if applied is not None and edit.op == "copy" and strand in self.grids:
            grid = self.grids[strand]
            levels = edit.levels or (0, grid.levels - 1)
            first, past = edit.frames or (0, None)
            width = (grid.frames if past is None else past) - (first or 0)
            self.registers.keep(edit.args[0], Register(levels, width, grid.name))
        return applied

    async def undo(self, strand: str) -> m.EditApplied | None:
        """Undo the newest edit."""
        return await self._chained(strand, None, lambda rev, after: m.UndoEdit(strand=strand, if_rev=rev, after=after))

    async def redo(self, strand: str) -> m.EditApplied | None:
        """Redo what was undone last."""
        return await self._chained(strand, None, lambda rev, after: m.RedoEdit(strand=strand, if_rev=rev, after=after))

    async def _chained(
        self, strand: str, other: str | None, body: Callable[[int | None, bytes | None], m.Struct]
    ) -> m.EditApplied | None:
        touched = [strand] if other is None or other == strand else [strand, other]
        chains = [self.chains.setdefault(name, EditChain()) for name in touched]
        ticket = chains[0].next(self.grids[strand].rev)
        for chain in chains[1:]:
            chain.joined(ticket.request_id)
        try:
            answer = await self.ask(body(ticket.if_rev, ticket.after), request_id=ticket.request_id)
        except AlleleError as error:
            refused = [chain.failed(ticket.request_id) for chain in chains]
            if error.code == "E_CONFLICT":
                await self.fetch(strand)
            if refused[0]:
                raise
            return None
        revs = {info.id: info.rev for info in answer.body.strands}
        for name, chain in zip(touched, chains, strict=True):
            chain.done(ticket.request_id, revs.get(name, -1))
        return answer.body

    async def ranks(self, model: str) -> tuple[str, npt.NDArray[np.uint16] | None]:
        """What a model's colours mean, and the rank (Q, K) of every code."""
        if model not in self._ranks:
            try:
                answer = await self.ask(m.GetPalette(model=model))
                self._ranks[model] = (answer.body.descriptor, answer.buffers[0])
            except AlleleError:
                return "", None
        return self._ranks[model]

    def ranks_now(self, model: str) -> tuple[str, npt.NDArray[np.uint16] | None]:
        """The same, as far as it is known by now."""
        return self._ranks.get(model, ("", None))

    async def fill_wave(self, strand: str, first: int, past: int) -> None:
        """Decode the frames of [first, past) whose peaks are missing; one at a time per strand."""
        if strand in self._decoding or self.engine != "ready":
            return
        self._decoding.add(strand)
        try:
            while (grid := self.grids.get(strand)) and (
                wanted := self.waves[strand].wanted(first, min(past, grid.frames))
            ):
                answer = await self.ask(m.DecodeRegion(strand=strand, frames=wanted))
                low, high = answer.body.frames
                if answer.body.rev != grid.rev and self.grids.get(strand) is not grid:
                    return
                self.waves[strand].fill(low, high, answer.buffers[0], grid.info.meta.hop_length)
                if answer.body.rev != grid.rev:
                    self.waves[strand].stale(low, high, 0, grid.frames)
                    await asyncio.sleep(0.1)
                self._changed("wave", strand)
        except AlleleError:
            return  # the picture of the sound is a courtesy; playing says what is wrong
        finally:
            self._decoding.discard(strand)

    # --- jobs --------------------------------------------------------------------------------------------

    async def follow(self, job: str) -> Training:
        """The training of a job: its log so far, then live."""
        training = self.trainings.setdefault(job, Training(job))
        while True:
            answer = await self.ask(m.GetJobLog(job=job, after=training.next_entry))
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
            await self.ask(m.PutWorkspace(state=workspace), timeout_s=timeout_s)
            self._kept = workspace


def read_alle(path: Path) -> tuple[StrandMeta, npt.NDArray[np.uint16]]:
    """The strand in an .alle file.

    Raises:
        AlleleError: naming the file.
    """
    from protocol.strands import unpack_strand

    try:
        return unpack_strand(path.read_bytes())
    except OSError as problem:
        raise AlleleError("E_IO", f"{path}: {problem.strerror}") from None
    except AlleleError as error:
        raise AlleleError(error.code, f"{path}: {error.message}", hint=error.hint) from None


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        AlleleError: E_IO or E_DISK_FULL, naming the file.
    """
    import errno
    import os

    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        code = "E_DISK_FULL" if problem.errno == errno.ENOSPC else "E_IO"
        raise AlleleError(code, f"{path}: {problem.strerror}", hint="choose another place") from None
