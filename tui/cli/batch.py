"""Commands on several files: where each result goes, standard output, trial runs, and takes of random edits.

Data flow: a command's arguments become `Job`s, one for each file that is written. A job runs the function of a single
file with arguments of its own and keeps what that prints; `run` prints all of it as one result. In a batch of several,
a file that fails is reported and the others go on; the exit status is then 1.
"""

import copy
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.errors import AlleleError
from protocol.situations import situation
from tui.cli.output import Output
from tui.targets import shown

STDOUT = "-"
Work = Callable[[Namespace, Output], int]


@dataclass(frozen=True)
class Job:
    """One file to write.

    Attributes:
        name: what it is made of, for messages.
        arguments: those of a command on a single file, except for `out`.
        out: where the result goes; None lets the command choose, and "-" is standard output.
    """

    name: str
    arguments: Namespace
    out: Path | None


class _Kept(Output):
    """An output that keeps the result of one job. Notes are printed at once."""

    def __init__(self, output: Output) -> None:
        super().__init__(as_json=output.as_json)
        self.facts: dict[str, Any] = {}
        self.lines: list[str] = []

    def result(self, facts: Mapping[str, Any], text: str | Sequence[str]) -> None:
        self.facts, self.lines = dict(facts), [text] if isinstance(text, str) else list(text)


def jobs_of(arguments: Namespace, field: str, files: Sequence[Path], suffix: str) -> list[Job]:
    """Return a job for each file of a command.

    Args:
        field: the argument of a command on a single file that names it.
        suffix: of the written files, with its dot.
    """
    folder = arguments.out_dir
    jobs: list[Job] = []
    for file in files:
        out = arguments.out if folder is None else folder / f"{file.stem}{suffix}"
        jobs.append(Job(str(file), changed(arguments, **{field: file}), out))
    return jobs


def changed(arguments: Namespace, **values: Any) -> Namespace:
    """Return a copy of arguments with other values."""
    made = copy.copy(arguments)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def run(jobs: Sequence[Job], work: Work, output: Output, *, key: str, is_trial: bool) -> int:
    """Run jobs one after the other and print one result.

    Args:
        key: the fact that names the written file.
        is_trial: do everything except write.

    Raises:
        AlleleError: the only job failed, or two would write the same file.
    """
    _check_names(jobs)
    made: list[_Kept] = []
    problems: list[dict[str, str]] = []
    for job in jobs:
        try:
            made.append(_run(job, work, output, key=key, is_trial=is_trial))
        except Exception as failure:
            known = situation(failure)
            if known is None or len(jobs) == 1:
                raise
            problems.append({"file": job.name, "problem": known.message, "hint": known.hint})
            output.note(f"error: {known}")
    if all(job.out is None or str(job.out) != STDOUT for job in jobs):
        facts = made[0].facts if made else {}
        begin = "would write " if is_trial else ""
        lines = [begin + line for kept in made for line in kept.lines]
        more = {"outputs": [kept.facts for kept in made], "problems": problems, "dry_run": is_trial}
        output.result({**facts, **more}, lines)
    return 1 if problems else 0


def _run(job: Job, work: Work, output: Output, *, key: str, is_trial: bool) -> _Kept:
    kept = _Kept(output)
    to_stdout = job.out is not None and str(job.out) == STDOUT
    is_missing = job.out is not None and not job.out.parent.exists() and not is_trial
    if is_missing and job.out is not None and getattr(job.arguments, "out_dir", None) is not None:
        job.out.parent.mkdir(parents=True)
    if not to_stdout and not (is_trial and job.out is not None and not job.out.parent.exists()):
        work(changed(job.arguments, out=job.out, dry_run=is_trial), kept)
        return kept
    with tempfile.TemporaryDirectory(prefix="allele-") as folder:
        suffix = ".wav" if key == "wav" else ".alle"
        out = Path(folder) / (f"out{suffix}" if to_stdout or job.out is None else job.out.name)
        work(changed(job.arguments, out=out, dry_run=is_trial), kept)
        if to_stdout and not is_trial:
            sys.stdout.buffer.write(out.read_bytes())
            sys.stdout.buffer.flush()
        named = "standard output" if to_stdout else shown(job.out or out)
        kept.facts[key] = named
        kept.lines = [line.replace(str(out), named) for line in kept.lines]
    return kept


def _check_names(jobs: Sequence[Job]) -> None:
    """Refuse two jobs that would write the same file."""
    seen: dict[str, str] = {}
    for job in jobs:
        if job.out is None:
            continue
        if str(job.out) in seen:
            problem = f"{seen[str(job.out)]} and {job.name} would both be written to {shown(job.out)}"
            raise AlleleError("E_BAD_REQUEST", problem, hint="write them in two calls, with another --out-dir")
        seen[str(job.out)] = job.name
