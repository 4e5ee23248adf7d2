"""Write and read training checkpoints atomically.

A checkpoint is a folder `step-NNNNNNNN`: the learner's tensors, with a safetensors file for each group (weights,
averaged weights, optimiser, random state), `state.json`, and finally `manifest.json` with the SHA-256 of each file. It
is written under a temporary name and renamed when everything is on disk.
"""

import errno
import hashlib
import shutil
from pathlib import Path

import msgspec

from daemon.runs.clock import LastEvaluation
from daemon.runs.errors import TrainingError
from protocol.atomic import TEMP_PREFIX, sync_folder, write_bytes

MANIFEST = "manifest.json"
STATE = "state.json"
KEPT = 2
VERSION = 2


class Progress(msgspec.Struct, kw_only=True):
    """Progress of a run, saved as `state.json` in each checkpoint."""

    step: int = 0
    """Steps done; also the sampler's position, which is a function of seed and step."""
    elapsed_s: float = 0.0
    evaluated: LastEvaluation | None = None
    """Last evaluation, so that a resumed run evaluates when this one would have."""
    is_ready: bool = False
    """Whether the network can be evaluated: a codec's codebooks have been initialised."""
    best_step: int = -1
    best_error: float | None = None
    skipped_in_a_row: int = 0
    terms: dict[str, float] = {}
    """Terms of the last step's loss."""
    stalled: int = 0
    """Evaluations since the held-out error last fell enough."""
    level_error: float | None = None
    """Held-out error at that evaluation."""
    ends_at_s: float | None = None
    """Elapsed seconds at which the run will end early, if that was decided."""
    cut_budget_s: float | None = None
    """Budget that the early end shortens. A run resumed with another budget or with steps ignores it."""
    ended_early: str = ""
    """Reason of the early end, in a sentence."""
    stage_from: int | None = None
    """Step at which the last stage began (a codec's adversarial one); its checkpoint is kept."""
    stage_error: float | None = None
    """Held-out error at the beginning of that stage."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `manifest.json`: hashes of all files of a checkpoint."""

    version: int = VERSION
    step: int
    files: dict[str, str]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """State of a run that a checkpoint holds."""

    progress: Progress
    groups: dict[str, bytes]
    """Groups of tensors by the name of their file, each in the safetensors format; the learner decides on them."""


_TENSORS = ".safetensors"


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, then delete all but the newest two, the best, and the one before the last stage.

    Raises:
        TrainingError: the checkpoint could not be written; the earlier ones are unchanged.
    """
    step = checkpoint.progress.step
    temp = folder / f"{TEMP_PREFIX}{step:08d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir()
        _write(temp, checkpoint)
        final = folder / f"step-{step:08d}"
        if final.exists():
            shutil.rmtree(final)
        temp.rename(final)
        sync_folder(folder)
    except OSError as error:
        shutil.rmtree(temp, ignore_errors=True)
        raise _cannot_write(folder, error) from error
    _drop_old(folder, {checkpoint.progress.best_step, checkpoint.progress.stage_from})


def _write(folder: Path, checkpoint: Checkpoint) -> None:
    hashes: dict[str, str] = {}
    contents = {f"{name}{_TENSORS}": content for name, content in checkpoint.groups.items()}
    contents[STATE] = msgspec.json.encode(checkpoint.progress)
    for name, content in contents.items():
        write_bytes(folder / name, content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    write_bytes(folder / MANIFEST, msgspec.json.encode(Manifest(step=checkpoint.progress.step, files=hashes)))


def _cannot_write(folder: Path, error: OSError) -> TrainingError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = f"{folder}: the disk is full, a checkpoint could not be written."
        if complete(folder):
            return TrainingError(f"{full} The previous one is intact.", "Free some space, then resume.")
        return TrainingError(f"{full} It was the first one.", "Free some space, then train again.")
    return TrainingError(f"{folder}: a checkpoint could not be written ({error.strerror}).", _what_to_do(error))


def _what_to_do(error: OSError) -> str:
    """Hint by cause. Every cause may be temporary, so no hint discards data."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "Raise the limit of open files (ulimit -n 4096), restart the daemon, then resume."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Check the folder's permissions, then resume."
    return "Check the disk, then resume."


def _drop_old(folder: Path, steps: set[int | None]) -> None:
    kept = {f"step-{step:08d}" for step in steps if step is not None}
    for old in complete(folder)[KEPT:]:
        if old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)


def complete(folder: Path) -> list[Path]:
    """Checkpoint folders with a manifest, newest first."""
    return sorted((path.parent for path in folder.glob(f"step-*/{MANIFEST}")), reverse=True)


def load_newest(folder: Path) -> Checkpoint | None:
    """Load the newest checkpoint whose hashes match; incomplete and temporary ones are deleted.

    Raises:
        TrainingError: a checkpoint cannot be read for now, or another version of Allele wrote it; nothing is deleted
            then.
    """
    for temp in folder.glob(f"{TEMP_PREFIX}*"):
        shutil.rmtree(temp, ignore_errors=True)
    for path in sorted(folder.glob("step-*"), reverse=True):
        checkpoint = _read(path)
        if checkpoint is not None:
            return checkpoint
        shutil.rmtree(path, ignore_errors=True)
    return None


def load_step(folder: Path, step: int) -> Checkpoint | None:
    """Load the checkpoint of one step; None if it is missing or incomplete.

    Raises:
        TrainingError: the checkpoint cannot be read for now, or another version of Allele wrote it.
    """
    return _read(folder / f"step-{step:08d}")


def _read(path: Path) -> Checkpoint | None:
    try:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
        if manifest.version != VERSION:
            raise _other_version(path)
        contents = {name: (path / name).read_bytes() for name in manifest.files}
        if any(hashlib.sha256(contents[name]).hexdigest() != digest for name, digest in manifest.files.items()):
            return None
        groups = {name.removesuffix(_TENSORS): data for name, data in contents.items() if name.endswith(_TENSORS)}
        return Checkpoint(progress=msgspec.json.decode(contents[STATE], type=Progress), groups=groups)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, KeyError, ValueError):
        return None
    except OSError as error:  # no permission, no descriptor, a disk error: the checkpoint itself may be intact
        raise TrainingError(f"{path}: the checkpoint cannot be read ({error.strerror}).", _what_to_do(error)) from error


def _other_version(path: Path) -> TrainingError:
    return TrainingError(
        f"{path}: the checkpoint was written by another version of Allele.",
        "Resume it with that version, or start a new model.",
        can_resume=False,
    )
