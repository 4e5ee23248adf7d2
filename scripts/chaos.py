"""Kill -9 everything at random while people edit and train, and see what is lost.

    .venv/bin/python scripts/chaos.py [--rounds 200] [--seed 0] [--home DIR] [--write]

Two writers send edits (set, shift, reverse, swap, undo, redo) to strands of their own; a third asks for toy
trainings, one after another, and resumes what was interrupted; an editor in a real terminal is driven with random
keys. Each round ends with SIGKILL for one of: the broker, an engine worker, the training worker, the editor, the
editor and the broker, or SIGHUP for the editor. Then everything goes on. A request that got no answer is sent again
under its own id until it has one, as the client does by itself.

What must hold, checked after every round and at the end:

- **no edit is lost and none is done twice**: the codes of the writers' strands equal a twin computed here with numpy
  from the acknowledged edits (`shift` is not idempotent: done twice it would show); the editor's strands never go back,
  and it opens again with both of them;
- **undo is the identity**: at the end every strand is undone to its beginning, cell for cell, and redone;
- **no ghost or duplicate job**: as many trainings as were asked for, each model made by one, none running twice;
- **no corrupt file**: SQLite's own integrity check, every JSON, array and weights file can be read, every corpus loads
  with its audio, every finished model loads and its weights have the hash it states. What a killed writer had under a
  temporary name (`.part-…`) is nobody's file: whoever writes to that folder next sweeps it away.

The last line counts what was done. Exit status 1 when anything was lost.
"""

import argparse
import asyncio
import fcntl
import json
import os
import pty
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
from msgspec.structs import replace

from benchmark_page import put_section
from protocol import messages as m
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta
from tui.client import Client
from tui.embedded import ensure_daemon

Q, K, T = 2, 16, 200
KEYS = ("l", "h", "j", "k", "r3\r", "s", "u", "\x12", "v", "\x1b", "y", "p", "w", "5l", "\t", "]", "[", ".", " ", "M")
GONE = ("E_UNAVAILABLE", "E_DEADLINE", "E_CANCELLED", "E_ENGINE")
Codes = npt.NDArray[np.uint16]
PREPARE = """
import sys
from pathlib import Path
import numpy as np, torch
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.corpus.ingest import ingest
from daemon.training.loop import train
from daemon.training.spec import TrainingSpec
import soundfile

home = Path(sys.argv[1])
sounds = home / "sounds"
sounds.mkdir(parents=True)
t = np.arange(48_000) / 48_000
for number in range(6):
    soundfile.write(sounds / f"{number}.wav", 0.3 * np.sin(2 * np.pi * 110 * (number + 1) * t) * np.exp(-3 * t), 48_000)
ingest([sounds], home / "corpora" / "tones")
train(TrainingSpec(preset="toy", steps=2), home / "corpora" / "tones", home / "models" / "toy")
"""
VERIFY = """
import json
import sys
from pathlib import Path

import numpy as np
import safetensors

from daemon.corpus.durable import TEMP_PREFIX
from daemon.corpus.records import load_corpus

home = Path(sys.argv[1])
READS = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".npy": lambda path: np.load(path, mmap_mode="r", allow_pickle=False),
    ".safetensors": lambda path: safetensors.safe_open(path, "np").keys(),
}
for path in sorted(home.rglob("*")):
    if path.suffix in READS and path.is_file() and not path.name.startswith(TEMP_PREFIX):
        try:
            READS[path.suffix](path)
        except Exception as problem:
            raise SystemExit(f"{path}: {type(problem).__name__}: {problem}")
for folder in sorted(home.glob("corpora/*")):
    corpus = load_corpus(folder)
    for record in corpus.usable:
        corpus.audio(record)
for folder in sorted(home.glob("models/*")):
    if (folder / "model.json").exists():
        from daemon.codec.codec import Codec

        Codec.load(folder)
"""


class LostError(Exception):
    """Something that had been promised is not so."""


class Writer:
    """Two strands, edits without end, and a twin of what they must hold."""

    def __init__(self, client: Client, rng: np.random.Generator, tally: Counter[str]) -> None:
        self.client, self.rng, self.tally = client, rng, tally
        self.ids: list[str] = []
        self.first: list[Codes] = []
        self.now: list[Codes] = []
        self.history: list[list[tuple[dict[int, Codes], dict[int, Codes]]]] = [[], []]  # per strand: done
        self.undone: list[list[tuple[dict[int, Codes], dict[int, Codes]]]] = [[], []]

    async def begin(self, model: m.ModelInfo) -> None:
        """Open both strands."""
        for name in ("one", "two"):
            codes = self.rng.integers(0, K, (Q, T)).astype(np.uint16)
            self.ids.append(await open_strand(self.client, model, name, codes))
            self.first.append(codes)
            self.now.append(codes.copy())

    async def write(self) -> None:
        """One edit, or an undo or redo, until it is acknowledged; then the twin follows."""
        at = int(self.rng.integers(2))
        choice = self.rng.random()
        if choice < 0.15 and self.history[at]:
            await self._step(at, m.UndoEdit(strand=self.ids[at]), self.history, self.undone, 0)
        elif choice < 0.25 and self.undone[at]:
            await self._step(at, m.RedoEdit(strand=self.ids[at]), self.undone, self.history, 1)
        else:
            await self._edit(at)

    async def _step(self, at: int, body: m.Struct, source: list, target: list, side: int) -> None:
        """Undo (side 0) or redo (side 1); a swap's other strand may have gone on, then it is refused."""
        changed = source[at][-1]
        if any(not source[other] or source[other][-1] is not changed for other in changed[0]):
            return  # E_CONFLICT is right here, and tested elsewhere
        await until_answered(self.client, body)
        for strand, codes in changed[side].items():
            self.now[strand] = codes
            source[strand].pop()
            target[strand].append(changed)
        self.tally["undo" if side == 0 else "redo"] += 1

    async def _edit(self, at: int) -> None:
        first = int(self.rng.integers(0, T - 8))
        past = int(self.rng.integers(first + 2, T + 1))
        level = int(self.rng.integers(Q))
        made = {strand: self.now[strand].copy() for strand in (0, 1)}
        op = ("set", "shift", "reverse", "swap")[int(self.rng.integers(4))]
        part = np.s_[level, first:past]
        if op == "set":
            code = int(self.rng.integers(K))
            text = f"set {code} q{level} @{first}:{past}"
            made[at][part] = code
        elif op == "shift":
            text = f"shift +3 q{level} @{first}:{past}"
            made[at][part] = np.roll(made[at][part], 3)
        elif op == "reverse":
            text = f"reverse q{level} @{first}:{past}"
            made[at][part] = made[at][part][::-1].copy()
        else:
            text = f"swap {self.ids[1 - at]} q{level} @{first}:{past} at={first}"
            made[0][part], made[1][part] = self.now[1][part], self.now[0][part]
        await until_answered(self.client, m.ApplyEdit(strand=self.ids[at], edit=parse_edit(text)))
        touched = (0, 1) if op == "swap" else (at,)
        change = ({s: self.now[s] for s in touched}, {s: made[s] for s in touched})
        for strand in touched:
            self.now[strand] = made[strand]
            self.history[strand].append(change)
            self.undone[strand].clear()
        self.tally["edits"] += 1

    async def check(self) -> None:
        """The daemon has what the twin has."""
        for strand, codes in zip(self.ids, self.now, strict=True):
            answer = await until_answered(self.client, m.GetStrand(strand=strand))
            if not np.array_equal(answer.buffers[0], codes):
                cells = int((answer.buffers[0] != codes).sum())
                raise LostError(f"strand {strand} differs from its acknowledged edits in {cells} cells")

    async def unwind(self) -> None:
        """Undo everything and compare with the beginning; then redo as much, and compare with the end."""
        answers = [await until_answered(self.client, m.GetStrand(strand=strand)) for strand in self.ids]
        depths = {answer.body.id: answer.body.undo_depth for answer in answers}
        await self._go_to(m.UndoEdit, depths, dict.fromkeys(self.ids, 0), self.first)
        await self._go_to(m.RedoEdit, dict.fromkeys(self.ids, 0), depths, self.now)

    async def _go_to(
        self, body: type[m.UndoEdit | m.RedoEdit], depths: dict[str, int], wanted: dict[str, int], codes: list[Codes]
    ) -> None:
        while depths != wanted:
            before = depths
            for strand in self.ids:
                if depths[strand] == wanted[strand]:
                    continue
                try:
                    answer = await until_answered(self.client, body(strand=strand))
                except AlleleError as error:
                    if error.code != "E_CONFLICT":
                        raise
                    continue  # a swap waits until the other strand is back at it
                depths = depths | {info.id: info.undo_depth for info in answer.body.strands}
            if depths == before:
                raise LostError(f"strands {self.ids} stay at {depths} edits instead of {wanted}")
        for strand, expected in zip(self.ids, codes, strict=True):
            answer = await until_answered(self.client, m.GetStrand(strand=strand))
            if not np.array_equal(answer.buffers[0], expected):
                raise LostError(f"strand {strand} differs once {body.__name__} brought it to {wanted} edits")


class Trainings:
    """Toy trainings, one asked for after another; what was interrupted is resumed."""

    def __init__(self, client: Client, tally: Counter[str]) -> None:
        self.client, self.tally = client, tally
        self.asked: dict[str, str] = {}  # request's job id -> model

    async def go_on(self) -> None:
        """Ask for the next when none is under way, resume an interrupted one."""
        jobs = (await until_answered(self.client, m.ListJobs())).body.jobs
        under_way = [job for job in jobs if job.state in ("queued", "running")]
        if len({job.subject for job in under_way}) != len(under_way):
            raise LostError(f"one model is trained twice at once: {[(job.id, job.subject) for job in under_way]}")
        if under_way:
            return
        latest = max((job for job in jobs if job.kind == "train"), key=lambda job: job.created_s, default=None)
        resume = latest is not None and latest.state == "interrupted"
        name = latest.subject if latest is not None and resume else f"made{len(set(self.asked.values()))}"
        wish = m.StartTraining(corpus="tones", model=name, preset="toy", steps=60, resume=resume)
        try:
            accepted = await until_answered(self.client, wish)
        except AlleleError as error:
            if not resume or error.code != "E_NOT_FOUND":
                raise
            # it was killed before it had anything to resume, and the daemon says so: begin anew under the same name
            accepted = await until_answered(self.client, replace(wish, resume=False))
        self.asked[accepted.body.job] = name
        self.tally["trainings resumed" if resume else "trainings"] += 1

    async def check(self) -> None:
        """Every job was asked for, and every model that is there was made by one that says so."""
        jobs = (await until_answered(self.client, m.ListJobs())).body.jobs
        ids = [job.id for job in jobs if job.kind == "train"]
        if sorted(ids) != sorted(self.asked):
            raise LostError(f"jobs {sorted(ids)} are there, {sorted(self.asked)} were asked for")
        done = Counter(job.subject for job in jobs if job.kind == "train" and job.state == "done")
        if any(count > 1 for count in done.values()):
            raise LostError(f"a model was made twice: {done}")


class EditorInTerminal:
    """The program in a pty on two strands, its keys at random."""

    def __init__(self, home: Path, rng: random.Random, client: Client) -> None:
        self.home, self.rng, self.client = home, rng, client
        self.pid, self.master = 0, -1
        self.revs: dict[str, int] = {}

    async def begin(self, model: m.ModelInfo) -> None:
        """Open two strands, show them, start."""
        codes = np.zeros((Q, T), np.uint16)
        self.revs = {await open_strand(self.client, model, name, codes): 0 for name in ("three", "four")}
        panes = [{"strand": strand, "cursor": [0, 0]} for strand in self.revs]
        state = json.dumps({"format": 1, "screen": "editor", "panes": panes})
        await until_answered(self.client, m.PutWorkspace(state=state))
        self.start()

    def start(self) -> None:
        """As `allele` on the command line."""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            more = {"ALLELE_HOME": str(self.home), "ALLELE_SOUND": "none", "TERM": "xterm-256color"}
            os.execve(sys.executable, [sys.executable, "-P", "-m", "tui"], {**os.environ, **more})
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        threading.Thread(target=_drain, args=(self.master,), daemon=True).start()

    def type(self) -> None:
        """A few keys."""
        try:
            for _ in range(3):
                os.write(self.master, self.rng.choice(KEYS).encode())
        except OSError:
            pass  # it was killed; the round ends

    def end(self, number: int) -> None:
        """Send a signal and wait for the end."""
        os.kill(self.pid, number)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    async def check(self) -> None:
        """Both strands are there and did not go back, and both are shown."""
        for strand, rev in self.revs.items():
            info = (await until_answered(self.client, m.GetStrand(strand=strand))).body
            if info.rev < rev:
                raise LostError(f"the editor's strand {strand} went back from revision {rev} to {info.rev}")
            self.revs[strand] = info.rev
        state = (await until_answered(self.client, m.GetWorkspace())).body.state
        if not all(strand in state for strand in self.revs):
            raise LostError(f"the editor forgot what it showed: {state}")


def _drain(master: int) -> None:
    try:
        while os.read(master, 1 << 16):
            pass
    except OSError:
        return


async def open_strand(client: Client, model: m.ModelInfo, name: str, codes: Codes) -> str:
    """A living strand of these codes; its id."""
    meta = StrandMeta(
        name=name, model=model.name, codec_id=model.codec_id, levels=Q, codebook=K, frames=T,
        samples=T * model.hop_length, sample_rate=model.sample_rate, hop_length=model.hop_length,
    )  # fmt: skip
    return (await until_answered(client, m.OpenStrand(meta=meta), [codes])).body.id


async def until_answered(client: Client, body: m.Struct, buffers: list[Codes] | None = None):
    """The answer to a request that is sent under one id until it has one."""
    identity = os.urandom(16)
    while True:
        try:
            return await client.request(body, buffers=buffers or [], request_id=identity, timeout_s=20.0)
        except AlleleError as error:
            if error.code not in GONE:
                raise
            await asyncio.sleep(0.05)


def kill(victim: str, broker: int, editor: EditorInTerminal) -> bool:
    """SIGKILL (or SIGHUP); False when there is no such process now."""
    if victim == "hang-up":
        editor.end(signal.SIGHUP)
        return True
    if victim in ("editor", "editor and broker"):
        editor.end(signal.SIGKILL)
    if victim in ("broker", "editor and broker"):
        os.kill(broker, signal.SIGKILL)
        return True
    if victim in ("engine", "trainer"):
        wanted = "daemon.engine.worker" if victim == "engine" else "training_worker"
        for child in psutil.Process(broker).children(recursive=True):
            try:
                if any(wanted in word for word in child.cmdline()):
                    child.kill()
                    return True
            except psutil.Error:
                continue
        return False
    return True


async def run(home: Path, rounds: int, seed: int) -> Counter[str]:
    """All rounds; what was done.

    Raises:
        LostError: with the round it happened in.
    """
    rng, tally = np.random.default_rng(seed), Counter[str]()
    places = ensure_daemon(home)
    clients = [Client(places, revive=lambda: ensure_daemon(home)) for _ in range(3)]
    for client in clients:
        await client.open()
    models = (await until_answered(clients[0], m.ListModels())).body.models
    writers = [Writer(client, np.random.default_rng([seed, i]), tally) for i, client in enumerate(clients[:2])]
    for writer in writers:
        await writer.begin(models[0])
    trainings = Trainings(clients[2], tally)
    editor = EditorInTerminal(home, random.Random(seed), clients[0])
    await editor.begin(models[0])
    victims = ("broker", "engine", "trainer", "editor", "editor and broker", "hang-up")
    for round_ in range(rounds):
        stop = asyncio.Event()
        at_work = [asyncio.create_task(_until(stop, w.write)) for w in writers]
        at_work.append(asyncio.create_task(_until(stop, trainings.go_on, 0.1)))
        pid = (await until_answered(clients[0], m.GetStatus())).body.pid
        until_s = asyncio.get_running_loop().time() + float(rng.uniform(0.1, 1.5))
        while asyncio.get_running_loop().time() < until_s:
            editor.type()
            await asyncio.sleep(0.05)
        victim = victims[int(rng.integers(len(victims)))]
        tally["killed: " + victim] += kill(victim, pid, editor)
        if victim in ("editor", "editor and broker", "hang-up"):
            editor.start()
        stop.set()
        await asyncio.gather(*at_work)
        for check in (*(writer.check for writer in writers), editor.check, trainings.check):
            try:
                await check()
            except LostError as lost:
                raise LostError(f"round {round_}, after {victim}: {lost}") from None
        print(f"\rround {round_ + 1}/{rounds}  {victim:<20}", end="", flush=True, file=sys.stderr)
    for writer in writers:
        await writer.unwind()
    tally["edits by keys"] = sum(editor.revs.values())
    editor.end(signal.SIGKILL)
    await until_answered(clients[0], m.StopDaemon())
    for client in clients:
        await client.close()
    return tally


async def _until(stop: asyncio.Event, work, pause_s: float = 0.0) -> None:
    while not stop.is_set():
        await work()
        await asyncio.sleep(pause_s)


def check_files(home: Path) -> None:
    """Databases, corpora, models and every other file under its final name, once everything has ended.

    Raises:
        LostError: one is damaged.
    """
    for path in home.rglob("*.sqlite"):
        with sqlite3.connect(path) as database:
            said = database.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise LostError(f"{path}: {said}")
    done = subprocess.run([sys.executable, "-c", VERIFY, str(home)], capture_output=True, text=True)
    if done.returncode:
        raise LostError(f"a file is damaged: {done.stderr.strip().splitlines()[-1]}")


def main() -> int:
    """Prepare a home, run, check, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the count into docs/BENCHMARKS.md")
    parser.add_argument("--home", type=Path, help="a folder that is kept; default: a temporary one")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    home = args.home or Path(tempfile.mkdtemp(prefix="allele-chaos-"))
    subprocess.run([sys.executable, "-c", PREPARE, str(home)], check=True)
    try:
        tally = asyncio.run(run(home, args.rounds, args.seed))
        check_files(home)
    except LostError as lost:
        print(f"\nlost: {lost} (seed {args.seed}; {home} is kept)")
        return 1
    counted = ", ".join(f"{name} {count}" for name, count in sorted(tally.items()))
    print(f"\n{counted}; nothing lost")
    if args.write:
        done = f"{args.rounds} rounds, seed {args.seed}, {os.cpu_count()} cores: {counted}; nothing lost."
        put_section("chaos", "Killed at random (`scripts/chaos.py --write`)", done)
    if args.home is None:
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
