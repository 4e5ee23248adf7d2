"""Kill -9 everything at random while people edit and train, and see what is lost.

    .venv/bin/python scripts/chaos.py [--rounds 200] [--seed 0] [--home DIR] [--write]

Two writers send edits (set, shift, reverse, swap, undo, redo) to strands of their own; a third asks for toy
trainings, one after another, and resumes what was interrupted; an editor in a real terminal is driven with random
keys. One writer knows the home by a symbolic link. Each round ends with SIGKILL for one of: the broker, an engine
worker, the training worker, the editor, the editor and the broker; or with SIGHUP for the editor; or the `run/` folder
is removed under load; or the broker is killed and twenty clients at once start it by three names of the home. Then
everything goes on. A request that got no answer is sent again under its own id until it has one, as the client does by
itself.

What must hold, checked after every round and at the end:

- **there is one daemon**: the one that answers is the only process that serves the home, it holds the home's lock, and
  it is the same as before wherever it was not itself killed;
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
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from bench.benchmark_page import put_section
from chaos_parts.asking import LostError, until_answered
from chaos_parts.editor import EditorInTerminal
from chaos_parts.faults import SPARES_BROKER, VICTIMS, Names, check_all_were_struck, check_one_daemon, strike
from chaos_parts.files import PREPARE, check_files
from chaos_parts.trainings import Trainings
from chaos_parts.writer import Writer
from protocol.messages.models import ListModels
from protocol.messages.session import GetStatus, StopDaemon
from tui.transport.client import Client
from tui.transport.embedded import ensure_daemon

WORDS = {"run folder": "run folder removed", "cold starts": "twenty cold starts by three names"}


async def run(home: Path, rounds: int, seed: int) -> Counter[str]:
    """All rounds; what was done.

    Raises:
        LostError: with the round it happened in.
    """
    rng, tally = np.random.default_rng(seed), Counter[str]()
    names = Names(home)
    by_name = [home, names.link, home]  # two names of one home are used at once, all the time
    clients = [Client(ensure_daemon(name), revive=partial(ensure_daemon, name)) for name in by_name]
    for client in clients:
        await client.open()
    models = (await until_answered(clients[0], ListModels())).body.models
    writers = [Writer(client, np.random.default_rng([seed, i]), tally) for i, client in enumerate(clients[:2])]
    for writer in writers:
        await writer.begin(models[0])
    trainings = Trainings(clients[2], tally)
    editor = EditorInTerminal(home, random.Random(seed), clients[0])
    await editor.begin(models[0])
    chosen, struck = Counter[str](), Counter[str]()
    for round_ in range(rounds):
        stop = asyncio.Event()
        at_work = [asyncio.create_task(_until(stop, w.write)) for w in writers]
        at_work.append(asyncio.create_task(_until(stop, trainings.go_on, 0.1)))
        pid = (await until_answered(clients[0], GetStatus())).body.pid
        until_s = asyncio.get_running_loop().time() + float(rng.uniform(0.1, 1.5))
        while asyncio.get_running_loop().time() < until_s:
            editor.type()
            await asyncio.sleep(0.05)
        victim = VICTIMS[int(rng.integers(len(VICTIMS)))]
        chosen[victim] += 1
        struck[victim] += await asyncio.to_thread(strike, victim, pid, editor, names)
        if victim in ("editor", "editor and broker", "hang-up"):
            editor.start()
        stop.set()
        await asyncio.gather(*at_work)
        answering = (await until_answered(clients[0], GetStatus())).body.pid
        for check in (*(writer.check for writer in writers), editor.check, trainings.check):
            try:
                check_one_daemon(home, answering, pid if victim in SPARES_BROKER else answering)
                await check()
            except LostError as lost:
                raise LostError(f"round {round_}, after {victim}: {lost}") from None
        print(f"\rround {round_ + 1}/{rounds}  {victim:<20}", end="", flush=True, file=sys.stderr)
    check_all_were_struck(chosen, struck)
    tally.update({WORDS.get(victim, f"killed: {victim}"): struck[victim] for victim in VICTIMS})
    for writer in writers:
        await writer.unwind()
    tally["edits by keys"] = sum(editor.revs.values())
    editor.end(signal.SIGKILL)
    await until_answered(clients[0], StopDaemon())
    for client in clients:
        await client.close()
    names.remove()
    return tally


async def _until(stop: asyncio.Event, work, pause_s: float = 0.0) -> None:
    while not stop.is_set():
        await work()
        await asyncio.sleep(pause_s)


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
