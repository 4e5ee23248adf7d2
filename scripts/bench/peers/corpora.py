"""The recordings of the benchmark: which files, which of them are held out, and where they lie ingested.

Data flow: a folder of recordings → `Recordings` (a name and its files) → folds (which files nobody learns from) → two
ingested corpora a fold, made once and shared by all models. Up to 20 files are held out in turn, five folds at most, so
that every file is judged; of more files one tenth is held out once.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.corpus.ingest import ingest
from peers.synthesis import write_set

AUDIO = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
FOLDERS, FILES_OF_EACH, MIXED, GENERATED = 4, 5, 50, 500
MOST_FOLDS, FOLDED_FILES, MOST_HELD_OUT = 5, 20, 24
_DONE = "complete"


class CorporaError(Exception):
    """A corpus of the benchmark cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """A corpus before it is ingested."""

    name: str
    folder: Path
    files: list[Path]
    """Paths relative to the folder, sorted."""

    @property
    def digest(self) -> str:
        """Digest of the names and contents of the files."""
        made = hashlib.sha256()
        for path in self.files:
            made.update(str(path.relative_to(self.folder)).encode() + hashlib.sha256(path.read_bytes()).digest())
        return made.hexdigest()[:16]

    def folds(self) -> list[list[str]]:
        """Held-out files of each fold; the same names give the same folds."""
        names = [str(path.relative_to(self.folder)) for path in self.files]
        order = [names[i] for i in np.random.default_rng([len(names), 0xF01D]).permutation(len(names))]
        if len(names) > FOLDED_FILES:
            return [sorted(order[: min(MOST_HELD_OUT, max(3, len(names) // 10))])]
        count = min(MOST_FOLDS, len(names))
        return [sorted(order[fold::count]) for fold in range(count)]


def one_folder(folder: Path, name: str | None = None) -> Recordings:
    """All recordings of a folder and the folders in it.

    Raises:
        CorporaError: it is missing, or holds fewer than three.
    """
    if not folder.is_dir():
        raise CorporaError(f"{folder}: there is no such folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO)
    if len(files) < 3:
        raise CorporaError(f"{folder}: {len(files)} recordings are too few; three is the least")
    return Recordings(name=name or folder.name, folder=folder, files=files)


def recordings_folder(folder: Path) -> list[Recordings]:
    """Five files of each of the four largest folders in it, and fifty files mixed from all.

    Raises:
        CorporaError: there are no four folders of five recordings.
    """
    everything = one_folder(folder)
    groups: dict[Path, list[Path]] = {}
    for path in everything.files:
        groups.setdefault(path.parent, []).append(path)
    full = {parent: files for parent, files in groups.items() if len(files) >= FILES_OF_EACH}
    largest = sorted(full, key=lambda parent: (-sum(p.stat().st_size for p in full[parent]), parent))[:FOLDERS]
    if len(largest) < FOLDERS:
        raise CorporaError(
            f"{folder}: it needs {FOLDERS} folders of {FILES_OF_EACH} recordings, and has {len(largest)}"
        )
    few = [
        Recordings(name=f"{parent.name}, 5 files", folder=parent, files=_choose(full[parent], FILES_OF_EACH))
        for parent in sorted(largest)
    ]
    count = min(MIXED, len(everything.files))
    return [*few, Recordings(name=f"mixed, {count} files", folder=folder, files=_choose(everything.files, count))]


def generated(work: Path) -> Recordings:
    """The seeded set of 500 synthesised sounds, written below `work` when it is not there yet."""
    folder = work / f"generated-{GENERATED}"
    if not (folder / _DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_set(folder, GENERATED)
        (folder / _DONE).touch()
    return one_folder(folder, f"generated, {GENERATED} files")


def _choose(files: list[Path], count: int) -> list[Path]:
    random = np.random.default_rng([len(files), count])
    return sorted(files[i] for i in random.choice(len(files), count, replace=False))


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """The two corpus folders of a fold."""

    train: Path
    held_out: Path


def ingested(recordings: Recordings, digest: str, held_out: list[str], work: Path) -> Ingested:
    """Ingest both sides of a fold, once.

    Raises:
        CorporaError: a file cannot be read.
    """
    name = hashlib.sha256("\n".join([digest, *held_out]).encode()).hexdigest()[:16]
    outside = {recordings.folder / path for path in held_out}
    sides = {"held_out": sorted(outside), "train": [path for path in recordings.files if path not in outside]}
    folder = work / "corpora" / name
    if not (folder / _DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        for side, files in sides.items():
            if not files:
                continue
            report = ingest(files, folder / side)
            if report.errors:
                raise CorporaError(f"{report.errors[0].source}: {report.errors[0].message}")
        (folder / _DONE).touch()
    return Ingested(train=folder / "train", held_out=folder / "held_out")
