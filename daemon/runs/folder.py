"""The folder of a run, which becomes the model's folder: `run.json`, `log.jsonl`, checkpoints, the finished codec."""

import errno
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any, Generic, Literal, TextIO, TypeVar

import msgspec

from daemon.errors import passing_hint
from daemon.runs.errors import TrainingError
from daemon.runs.reports import EvaluationReport, HeldOut, LogLine, PriorReport, PriorStepReport, Report, StepReport
from daemon.runs.spec import Plan, TrainingSpec
from protocol.atomic import replacing, sweep, write_bytes

RUN_NAME = "run.json"
MODEL_NAME = "model.json"
LOG_NAME = "log.jsonl"
CHECKPOINTS = "checkpoints"
CODEC = "codec"
PREVIEWS = "previews"
PREVIEW_SOURCE = f"{PREVIEWS}/source.wav"
"""The file of the held-out clip, which every evaluation decodes."""

State = Literal["running", "stopped", "failed", "finished"]


PlanT = TypeVar("PlanT")


class Run(msgspec.Struct, Generic[PlanT], frozen=True, kw_only=True):
    """The contents of `run.json`: the specification of the run, its plan (a codec's or a prior's), and its state."""

    version: int = 1
    state: State
    corpus: str
    created: str
    spec: TrainingSpec
    plan: PlanT
    message: str = ""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of `model.json`, which is written last. Its presence means that the model can be used."""

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
    """None if no audible part could be held out."""
    held_out_kind: str
    held_out_reason: str = ""
    """Why nothing is held out, or which copies of the held-out audio are excluded too."""
    utilisation: list[float]
    train_mel: float | None = None
    """The multi-scale log-mel error on training audio, for comparison with `held_out`."""
    memorisation: str = ""
    """general, leaning, memorised or unknown. `memorisation.json` contains the measurements."""
    memorisation_ratio: float | None = None
    """The held-out error divided by the training error."""
    corpus: str
    preset: str
    seed: int
    parameters: int
    kbps: float
    created: str
    ended: str = ""
    """Why the training ended before its budget was used, as text; empty if it was used."""
    codec_from: str = ""
    """The model whose codec was taken as it is; empty if the codec was trained here."""


def read_run(run_dir: Path) -> Run[Plan] | None:
    """Read the run of a codec in a folder. Returns None if there is none.

    Raises:
        TrainingError: `run.json` is damaged, or cannot be read at the moment.
    """
    return read_run_of(run_dir, Run[Plan])


def read_run_of(run_dir: Path, kind: type[Run[PlanT]]) -> Run[PlanT] | None:
    """Read the run of a kind, such as `Run[Plan]`, in a folder. Returns None if there is none.

    Raises:
        TrainingError: `run.json` is damaged, or cannot be read at the moment.
    """
    try:
        return msgspec.json.decode((run_dir / RUN_NAME).read_bytes(), type=kind)
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


def write_run(run_dir: Path, run: Run[Any]) -> None:
    """Write `run.json`, replacing an earlier one."""
    write_bytes(run_dir / RUN_NAME, msgspec.json.format(msgspec.json.encode(run), indent=1))


def write_card(run_dir: Path, card: ModelCard) -> None:
    """Write `model.json`, which makes the model usable."""
    write_bytes(run_dir / MODEL_NAME, msgspec.json.format(msgspec.json.encode(card), indent=1))


def prepare_folder(run_dir: Path) -> None:
    """Create the folder of a run, and remove temporary files that an interrupted process left."""
    for folder in (run_dir, run_dir / CHECKPOINTS, run_dir / PREVIEWS):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)


def read_log(run_dir: Path) -> list[Report]:
    """Read all reports of a run. An incomplete last line is ignored."""
    return [report for report, _ in _reports(run_dir / LOG_NAME)]


AnyReport = StepReport | EvaluationReport | PriorStepReport | PriorReport | LogLine


def _reports(path: Path) -> Iterator[tuple[Report, bytes]]:
    """Each report with its line, read one at a time, because a night on an accelerator writes a million."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield msgspec.json.decode(line, type=AnyReport), line
            except msgspec.DecodeError:
                continue


def _lines_until(path: Path, step: int) -> Iterator[bytes]:
    """The lines of the reports up to a step."""
    return (line for report, line in _reports(path) if report.step <= step)


def append_log(run_dir: Path, report: Report) -> None:
    """Add a report to the log of a run that has ended."""
    with (run_dir / LOG_NAME).open("ab") as file:
        file.write(msgspec.json.encode(report) + b"\n")


class RunLog:
    """Writes `log.jsonl`, one report per line. Every line is flushed."""

    def __init__(self, run_dir: Path, resumed_at: int | None) -> None:
        """Open the log for appending. For a resumed run, the reports after its checkpoint's step are removed.

        The run repeats those steps, and each step must occur only once in a curve.
        """
        path = run_dir / LOG_NAME
        with replacing(path) as file:
            if resumed_at is not None:
                file.writelines(_lines_until(path, resumed_at))
        self._file: TextIO = path.open("a", encoding="utf-8")

    def add(self, report: Report) -> None:
        """Append one report to the log.

        Raises:
            TrainingError: the log cannot be written, as on a full disk. The checkpoints are not changed.
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
        """Close the log. An error of a full disk is ignored, because `add` has reported it."""
        with suppress(OSError):
            self._file.close()
