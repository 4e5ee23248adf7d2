"""The handlers of the commands `allele corpus add|list|show|remove`."""

import os
from argparse import Namespace
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from protocol.errors import AlleleError
from protocol.messages.corpora import (
    AddToCorpus,
    Corpora,
    Corpus,
    CorpusFile,
    CorpusInfo,
    ListCorpora,
    RemoveCorpus,
    ShowCorpus,
)
from protocol.messages.fields import Done
from protocol.messages.jobs import JobInfo
from tui.cli.files import absolute
from tui.cli.follow import LeftRunningError, follow
from tui.cli.output import Output, duration, table
from tui.cli.session import with_daemon
from tui.model.job_words import ended_words
from tui.model.words import plural
from tui.transport.client import Client

USABLE = frozenset({"ok", "duplicate"})
PROBLEMS_SHOWN = 20  # of one call; --json lists all of them
CLIPPED = 0.001  # share of samples; less clipping is not audible
CLIPPED_SHOWN = 5
LITTLE_S = 10.0  # seconds; a training needs two, but so little sound is reported before a training starts
STEREO_NOTE = (
    "a model becomes stereo if most of the sound is stereo, or else averages it to mono (allele train --channels)"
)


def add(arguments: Namespace, output: Output) -> int:
    """Ingest files and folders. Files that cannot be used are reported and skipped."""
    paths = [absolute(path) for path in arguments.paths]

    async def work(client: Client) -> tuple[JobInfo, list[CorpusFile], Corpus | None]:
        before = await _known_files(client, arguments.name)

        async def begin() -> str:
            return (await client.ask(AddToCorpus(corpus=arguments.name, paths=paths))).job

        job = await follow(client, begin, output, cancels=True, title=f"reading into {arguments.name}")
        if job.state == "done":
            return job, before, await client.ask(ShowCorpus(name=arguments.name))
        return job, before, None

    try:
        job, before, corpus = with_daemon(arguments, work)
    except LeftRunningError as left:
        raise AlleleError(
            "E_CANCELLED", f"left while job {left.job} stops", hint=f"allele jobs show {left.job}"
        ) from None
    if corpus is None:
        raise _unfinished(job, arguments.name, output)
    return _report_added(corpus, before, paths, job.result or {}, output)


def _unfinished(job: JobInfo, name: str, output: Output) -> AlleleError:
    """Report the problems of files, and return an error that says why an ingest did not finish and what was kept."""
    errors: list[dict[str, str]] = (job.result or {}).get("errors", [])
    lines = [" ".join(filter(None, (f"{error['path']}: {error['problem']}", error["hint"]))) for error in errors]
    _note_problems(lines if len(lines) > 1 else [], output, "")
    for note in not_read_notes(job.result or {}):
        output.note(note)
    if job.state not in {"cancelled", "interrupted"}:
        return AlleleError("E_CANCELLED", job.error or f"reading into {name} ended as {job.state}", hint=job.hint)
    why = f": {job.error}" if job.error else ""
    return AlleleError("E_CANCELLED", f"reading into {name} was {ended_words(job)}{why}", hint=job.hint)


async def _known_files(client: Client, name: str) -> list[CorpusFile]:
    """Return the files of an existing corpus; empty when it does not exist."""
    try:
        return (await client.ask(ShowCorpus(name=name))).files
    except AlleleError as error:
        if error.code != "E_NOT_FOUND":
            raise
        return []


def _report_added(
    corpus: Corpus, before: list[CorpusFile], paths: list[str], result: dict[str, Any], output: Output
) -> int:
    """Report the result for the files of this call. The job fails when none of them can be used."""
    # Whole records are compared, so a file recorded again under its old path is new.
    known = set(before)
    added = [file.path for file in corpus.files if file.status == "ok" and file not in known]
    files = [file for file in corpus.files if any(_is_below(file.path, path) for path in paths)]
    problems = [file for file in files if file.problem]
    has_all = f" (allele corpus show {quote(corpus.info.name)} lists all)"
    _note_problems(list(map(describe_problem, problems)), output, has_all)
    notes = [] if added else [f"nothing new: {corpus.info.name} has every usable recording of these already"]
    notes += little_notes(corpus.info)
    notes += clipping_notes(files)
    notes += not_read_notes(result)
    notes += [STEREO_NOTE] if any(file.channels > 1 and file.status in USABLE for file in files) else []
    facts = msgspec.to_builtins(corpus.info) | {
        "added": added,
        "problems": [
            {"path": file.path, "status": file.status, "problem": file.problem, "hint": file.hint} for file in problems
        ],
        "not_read": {key: value for key, value in result.get("not_read", {}).items() if key != "line"},
        "notes": notes,
    }
    for note in notes:
        output.note(note)
    output.result(facts, summary(corpus.info))
    return 0


def not_read_notes(result: dict[str, Any]) -> list[str]:
    """Return a line that counts files in folders that were not read, if there were any."""
    line = result.get("not_read", {}).get("line", "")
    return [line] if line else []


def little_notes(info: CorpusInfo) -> list[str]:
    """Return a line that warns if the corpus has very little sound."""
    if info.seconds >= LITTLE_S:
        return []
    return [f"{duration(info.seconds)} of sound in total is little to learn from: add more, a minute is a good start"]


def clipping_notes(files: list[CorpusFile]) -> list[str]:
    """Return a line that names clipped recordings, if any, because a model learns the clipping too."""
    shares = {file.path: file.clipped / max(1.0, file.seconds * file.sample_rate * file.channels) for file in files}
    clipped = [f"{path} ({shares[path]:.1%})" for path in shares if shares[path] >= CLIPPED]
    if not clipped:
        return []
    more = f" and {plural(len(clipped) - CLIPPED_SHOWN, 'more file')}" if len(clipped) > CLIPPED_SHOWN else ""
    named = ", ".join(clipped[:CLIPPED_SHOWN])
    return [f"clipped, which a model learns too (share of samples at full scale): {named}{more}"]


def _note_problems(lines: list[str], output: Output, where: str) -> None:
    for line in lines[:PROBLEMS_SHOWN]:
        output.note(line)
    if len(lines) > PROBLEMS_SHOWN:
        output.note(f"and {plural(len(lines) - PROBLEMS_SHOWN, 'more file')} with a note{where}")


def list_(arguments: Namespace, output: Output) -> int:
    """List all corpora, one per line."""

    async def work(client: Client) -> Corpora:
        return await client.ask(ListCorpora())

    corpora = with_daemon(arguments, work).corpora
    rows = [(info.name, info.files, info.skipped, duration(info.seconds), info.frames) for info in corpora]
    lines = table(("corpus", "files", "skipped", "length", "frames"), rows)
    output.result(
        {"corpora": msgspec.to_builtins(corpora)}, lines if rows else "no corpora yet: allele corpus add NAME PATH..."
    )
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show one corpus, file by file."""

    async def work(client: Client) -> Corpus:
        return await client.ask(ShowCorpus(name=arguments.name))

    corpus = with_daemon(arguments, work)
    rows = [
        (
            Path(file.path).name,
            file.status,
            duration(file.seconds),
            file.sample_rate,
            file.channels,
            round(file.peak_db, 1),
            round(file.loudness_db, 1),
            " ".join(filter(None, (file.problem, file.hint))),
        )
        for file in corpus.files
    ]
    lines = table(("file", "status", "length", "Hz", "channels", "peak dB", "loudness dB", ""), rows)
    facts = msgspec.to_builtins(corpus.info) | {"recordings": msgspec.to_builtins(corpus.files)}
    output.result(facts, [summary(corpus.info), *lines])
    return 0


def remove(arguments: Namespace, output: Output) -> int:
    """Move a corpus to the trash."""

    async def work(client: Client) -> Done:
        return await client.ask(RemoveCorpus(name=arguments.name))

    detail = with_daemon(arguments, work).detail
    output.result({"removed": arguments.name, "detail": detail}, f"{arguments.name} is in the trash. {detail}".strip())
    return 0


def summary(info: CorpusInfo) -> str:
    """Return a one-line summary of a corpus."""
    skipped = f", {info.skipped} skipped" if info.skipped else ""
    return (
        f"{info.name}: {plural(info.files, 'file')}, {duration(info.seconds)}, {info.frames} training frames{skipped}"
    )


def describe_problem(file: CorpusFile) -> str:
    """Return a file, its problem and the hint in one line."""
    return " ".join(filter(None, (f"{file.path}: {file.problem}", file.hint)))


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
