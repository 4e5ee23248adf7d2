"""Measure the memory of ingest and training on a corpus of long recordings: by default 500 files of 5 minutes.

    nice python scripts/bench/bench_memory.py [--files 500] [--minutes 5] [--steps 40] [--scratch DIR] [--write]

Makes the files (44.1 kHz, mono, 16 bit; crops of `scripts/demo` in random order, so no two are alike), reads them into
a corpus and trains on it for `--steps` steps with the real `allele` command in a home of its own. The worker's memory
is sampled four times a second. **resident** counts everything, including mapped pages of audio files, which the system
reclaims when it needs them; **own** is the memory of the process alone. Budgets: 1 GiB for ingest, 2.5 GiB for training
on the host. Needs 90 MB of disk for each file of five minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from benchmark_page import put_section

ROOT = Path(__file__).resolve().parents[2]
RATE = 44_100
LOOK_S = 0.25
BUDGETS_GIB = {"ingest": 1.0, "training": 2.5}


@dataclass
class Peak:
    """Peak memory in bytes, and duration."""

    resident: int = 0
    own: int = 0
    seconds: float = 0.0


def make_files(folder: Path, files: int, minutes: float) -> None:
    """Recordings of `minutes` minutes from crops of the demo's."""
    folder.mkdir(parents=True)
    sources = [
        soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0]
        for path in sorted((ROOT / "scripts" / "demo").glob("*.flac"))
    ]
    random = np.random.default_rng(0)
    for number in range(files):
        with soundfile.SoundFile(folder / f"{number:03}.wav", "w", RATE, 1, "PCM_16") as file:
            left = int(minutes * 60 * RATE)
            while left > 0:
                source = sources[random.integers(len(sources))]
                length = int(min(left, len(source), random.integers(RATE // 2, 4 * RATE)))
                first = int(random.integers(len(source) - length + 1))
                file.write(source[first : first + length] * np.float32(random.uniform(0.3, 1.0)))
                left -= length


def watch(home: Path, worker: str, *words: str) -> Peak:
    """Run `allele` and keep the most memory that processes of `worker` had at once.

    Raises:
        SystemExit: the command failed.
    """
    peak, began_s = Peak(), time.monotonic()
    command = [sys.executable, "-P", "-m", "tui", *words, "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "ALLELE_HOME": str(home)}, stdout=subprocess.PIPE
    ) as running:
        while running.poll() is None:
            resident = own = 0
            for process in psutil.process_iter(["cmdline"]):
                line = " ".join(process.info["cmdline"] or [])
                if worker not in line:
                    continue
                try:
                    if str(home) not in _home_of(process):
                        continue
                    memory = process.memory_full_info()
                except psutil.Error:
                    continue
                resident, own = resident + memory.rss, own + memory.uss
            peak.resident, peak.own = max(peak.resident, resident), max(peak.own, own)
            time.sleep(LOOK_S)
        output = running.stdout.read() if running.stdout is not None else b""
    if running.returncode:
        raise SystemExit(f"bench_memory: {' '.join(words)} failed: {output.decode()[:300]}")
    print(
        json.dumps({key: value for key, value in json.loads(output).items() if not isinstance(value, list)}),
        file=sys.stderr,
    )
    peak.seconds = time.monotonic() - began_s
    return peak


def _home_of(process: psutil.Process) -> str:
    """The command line of the daemon that started a worker: it names the home."""
    parent = process.parent()
    return "" if parent is None else " ".join(parent.cmdline())


def main() -> None:
    """Make the files, ingest them, train, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--scratch", type=Path, help="where files and home are made; default: the system's")
    parser.add_argument("--write", action="store_true", help="put the table into docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="allele-memory-", dir=arguments.scratch) as folder:
        home, sounds = Path(folder) / "home", Path(folder) / "sounds"
        make_files(sounds, arguments.files, arguments.minutes)
        try:
            found = {
                "ingest": watch(home, "daemon.workers.ingest", "corpus", "add", "many", str(sounds)),
                "training": watch(
                    home, "daemon.workers.training", "train", "many", "--name", "many", "--steps", str(arguments.steps)
                ),
            }
        finally:
            stop = [sys.executable, "-P", "-m", "tui", "daemon", "stop"]
            subprocess.run(
                stop, cwd=ROOT, env={**os.environ, "ALLELE_HOME": str(home)}, check=False, capture_output=True
            )
    lines = [
        f"| {arguments.files} files of {arguments.minutes:g} min "
        "| resident, at most | own, at most | seconds | budget |",
        "|---|---:|---:|---:|---:|",
        *(row(name, peak) for name, peak in found.items()),
        "",
        f"{os.cpu_count()} cores; "
        f"`scripts/bench/bench_memory.py --files {arguments.files} --minutes {arguments.minutes:g} "
        f"--steps {arguments.steps} --write`.",
    ]
    print("\n".join(lines))
    if arguments.write:
        put_section("bench_memory", "Memory on long recordings", "\n".join(lines))


def row(name: str, peak: Peak) -> str:
    """A line of the table."""
    most = " | ".join(f"{size / 2**30:.2f} GiB" for size in (peak.resident, peak.own))
    return f"| {name} | {most} | {peak.seconds:.0f} | {BUDGETS_GIB[name]:g} GiB |"


if __name__ == "__main__":
    main()
