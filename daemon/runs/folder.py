"""The folder of a run, which becomes the model's: `run.json`, `log.jsonl`, checkpoints, the finished codec."""

import errno
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Literal, TextIO

import msgspec

from daemon.errors import passing_hint
from daemon.files.atomic import replacing, sweep, write_bytes
from daemon.runs.errors import TrainingError
from daemon.runs.reports import EvaluationReport, HeldOut, LogLine, Report, StepReport
from daemon.runs.spec import Plan, TrainingSpec

RUN_NAME = "run.json"
MODEL_NAME = "model.json"
LOG_NAME = "log.jsonl"
CHECKPOINTS = "checkpoints"
CODEC = "codec"
PREVIEWS = "previews"
PREVIEW_SOURCE = f"{PREVIEWS}/source.wav"
"""The held-out clip itself, which every evaluation decodes."""

State = Literal["running", "stopped", "failed", "finished"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`: what was asked, what was planned, how it stands."""

    version: int = 1
    state: State
    corpus: str
    created: str
    spec: TrainingSpec
    plan: Plan
    message: str = ""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """`model.json`, written last: its presence means the model can be used."""

    version: int = 1
    model: str
    codec_id: str
    steps: int
    seconds: float
    levels: int
    codebook: int
    sample_rate: int
    hop_length: int
    frame_rate: float
    channels: int = 1
    held_out: HeldOut | None
    """None where nothing that is heard could be held out."""
    held_out_kind: str
    held_out_reason: str = ""
    """Why nothing is held out, or what copies of it are left out too."""
    utilisation: list[float]
    train_mel: float | None = None
    """Official multi-scale log-mel on training audio, beside `held_out`."""
    memorisation: str = ""
    """general, leaning, memorised or unknown: `memorisation.json` has the figures."""
    memorisation_ratio: float | None = None
    """Held-out over training error."""
    prior: None = None
    corpus: str
    preset: str
    seed: int
    parameters: int
    kbps: float
    created: str
    ended: str = ""
    """Why before its budget was spent, in words; empty when it was spent."""


def read_run(run_dir: Path) -> Run | None:
    """The run in a folder, or None when there is none.

    Raises:
        TrainingError: `run.json` is damaged, or cannot be read now.
    """
    try:
        return msgspec.json.decode((run_dir / RUN_NAME).read_bytes(), type=Run)
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = passing_hint(error, "Check the disk it is on and try again.")
        raise TrainingError(f"{run_dir / RUN_NAME}: cannot be read ({error.strerror}).", hint) from error
    except msgspec.DecodeError as error:
        raise TrainingError(
            f"{run_dir / RUN_NAME}: cannot be read ({error}).",
            f"Train it again, after: allele model delete {quote(run_dir.name)}",
            can_resume=False,
        ) from error


def write_run(run_dir: Path, run: Run) -> None:
    """Replace `run.json`."""
    write_bytes(run_dir / RUN_NAME, msgspec.json.format(msgspec.json.encode(run), indent=1))


def write_card(run_dir: Path, card: ModelCard) -> None:
    """Declare the model usable."""
    write_bytes(run_dir / MODEL_NAME, msgspec.json.format(msgspec.json.encode(card), indent=1))


def prepare_folder(run_dir: Path) -> None:
    """Create the folder, sweep what an interrupted writer left."""
    for folder in (run_dir, run_dir / CHECKPOINTS, run_dir / PREVIEWS):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)


def read_log(run_dir: Path) -> list[Report]:
    """Every report of a run; a torn last line is left out."""
    return [report for report, _ in _reports(run_dir / LOG_NAME)]


def _reports(path: Path) -> Iterator[tuple[Report, bytes]]:
    """Each report with its line; one at a time, as a night on an accelerator writes a million."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield msgspec.json.decode(line, type=StepReport | EvaluationReport | LogLine), line
            except msgspec.DecodeError:
                continue


def _lines_until(path: Path, step: int) -> Iterator[bytes]:
    """The lines of what was said up to a step."""
    return (line for report, line in _reports(path) if report.step <= step)


def append_log(run_dir: Path, report: Report) -> None:
    """Add a report to the log of a run that has ended."""
    with (run_dir / LOG_NAME).open("ab") as file:
        file.write(msgspec.json.encode(report) + b"\n")


class RunLog:
    """`log.jsonl`, one report a line, flushed at every line."""

    def __init__(self, run_dir: Path, resumed_at: int | None) -> None:
        """Open for appending; when resumed, what was said after that step is dropped.

        Those steps will be taken again, and a curve must not go back in time.
        """
        path = run_dir / LOG_NAME
        with replacing(path) as file:
            if resumed_at is not None:
                file.writelines(_lines_until(path, resumed_at))
        self._file: TextIO = path.open("a", encoding="utf-8")

    def add(self, report: Report) -> None:
        """Append one report.

        Raises:
            TrainingError: the log cannot be written, as on a full disk; the checkpoints are as they were.
        """
        try:
            self._file.write(msgspec.json.encode(report).decode() + "\n")
            self._file.flush()
        except OSError as error:
            what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            hint = "Free some space, then resume." if error.errno == errno.ENOSPC else "Check the disk, then resume."
            message = f"{self._file.name}: {what}, the log of the training could not be written."
            raise TrainingError(message, hint) from error

    def close(self) -> None:
        """No more reports; a full disk, which a report has told of, is no second failure."""
        with suppress(OSError):
            self._file.close()
