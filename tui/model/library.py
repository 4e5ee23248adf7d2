"""The lists of the library as rows of text in columns. Does no I/O."""

import textwrap
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from protocol.messages.corpora import Corpus, CorpusInfo
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo
from protocol.strands import StrandMeta
from tui.model.training import clock
from tui.model.words import plural

Chosen = tuple[str, str]
NAME_COLUMNS = 14
NARROWEST_TEXT = 20


@dataclass(frozen=True)
class Item:
    """One row of a list. `key` is None when the row cannot be chosen."""

    text: str
    key: Hashable | None = None
    heading: bool = False
    follows: bool = False
    """Whether the row continues the row above."""


def list_rows(
    models: list[ModelInfo],
    corpora: list[CorpusInfo],
    strands: Mapping[str, StrandInfo],
    panes: Mapping[str, str],
    width: int,
) -> list[Item]:
    """Return the models, corpora and strands, each under a heading, in rows of `width` columns."""
    rows = [Item(" MODELS", heading=True)]
    for model in models:
        mel = model.held_out.get("mel")
        heard = "" if mel is None else f"  mel {mel:.2f}"
        if model.problem:
            heard = "  of no use"
        rows.append(Item(f"{model.name:<14} {model.levels} × {model.codebook}{heard}", ("model", model.name)))
    if not models:
        rows.append(Item("none yet"))
    rows += [Item(""), Item(" CORPORA", heading=True)]
    for corpus in corpora:
        rows += _corpus_rows(corpus, width)
    if not corpora:
        rows.append(Item("none yet: n makes one"))
    rows += [Item(""), Item(" STRANDS", heading=True)]
    for strand in strands.values():
        pane = panes.get(strand.id, " ")
        edits = plural(strand.undo_depth, "edit") if strand.undo_depth else ""
        seconds = strand.meta.frames / strand.meta.frame_rate
        rows.append(Item(f"{pane} {strand.meta.name:<16} {seconds:.2f} s  {edits}", ("strand", strand.id)))
    if not strands:
        rows.append(Item("none open"))
    return rows


def _corpus_rows(corpus: CorpusInfo, width: int) -> list[Item]:
    """Return the rows of a corpus. A long name is shortened; skipped files move to a second row if they do not fit."""
    size = f"{plural(corpus.files, 'file')}  {clock(corpus.seconds)}"
    room = max(NAME_COLUMNS, width - len(size) - 1)
    name = corpus.name if len(corpus.name) <= room else f"{corpus.name[: room - 3]}..."
    text, key = f"{name:<{NAME_COLUMNS}} {size}", ("corpus", corpus.name)
    bad = f"{corpus.skipped} skipped" if corpus.skipped else ""
    if bad and len(text) + 2 + len(bad) > width:
        return [Item(text, key), Item(f"{'':<{NAME_COLUMNS}} {bad}", follows=True)]
    return [Item(f"{text}  {bad}".rstrip(), key)]


def model_of(meta: StrandMeta, models: list[ModelInfo]) -> ModelInfo | None:
    """Return the installed model with the strand's codec, whatever its name, or None.

    Another model may have taken the name since, so the codec decides. Among several models with this codec, the one
    with the name in the strand is preferred.
    """
    same = [model for model in models if model.codec_id == meta.codec_id]
    return next((model for model in same if model.name == meta.model), same[0] if same else None)


def missing_words(meta: StrandMeta) -> str:
    """Report that a strand's model is not installed."""
    return f"the model of {meta.name} is not here: {meta.model}, codec {meta.codec_id[:12]}"


def corpus_of(chosen: Chosen, models: list[ModelInfo], strands: Mapping[str, StrandInfo]) -> str:
    """Return the name of the corpus that the chosen item uses, or ""."""
    kind, name = chosen
    if kind == "corpus":
        return name
    if kind == "strand":
        model = model_of(strands[name].meta, models) if name in strands else None
    else:
        model = next((model for model in models if kind and model.name == name), None)
    return "" if model is None else model.corpus


def model_facts(chosen: Chosen, models: list[ModelInfo], strands: Mapping[str, StrandInfo]) -> list[str]:
    """Return a few lines about the chosen model or strand."""
    kind, name = chosen
    if kind == "strand" and name in strands:
        meta = strands[name].meta
        own = model_of(meta, models)
        now = ", which is not here" if own is None else f", now called {own.name}" if own.name != meta.model else ""
        size = f"{meta.name}: {meta.levels} levels × {meta.frames} frames"
        return [f"{size}, made by {meta.model}{now}", meta.source.path, ""]
    model = next((model for model in models if kind == "model" and model.name == name), None)
    if model is None:
        return []
    measures = ", ".join(f"{key} {value:.3f}" for key, value in model.held_out.items() if value is not None)
    used = " ".join(f"{share * 100:.0f}" for share in model.utilisation)
    return [
        f"{model.name}: {model.levels} levels × {model.codebook} codes, {model.frame_rate:.1f} frames/s"
        + (", stereo" if model.channels == 2 else ""),
        f"{model.steps} steps in {clock(model.seconds)} on {model.corpus}",
        f"held out: {measures or 'not measured'}",
        f"codes in use, % per level: {used or '?'}",
        *(line for line in (model.problem, model.hint) if line),
        "",
    ]


def not_read_line(corpus: str, jobs: Iterable[JobInfo]) -> str:
    """Return the daemon's summary of files that the newest ingest into a corpus did not read; "" if there were none."""
    own = [job for job in jobs if job.kind == "ingest" and job.subject == corpus and job.result is not None]
    newest = max(own, key=lambda job: job.created_s, default=None)
    return "" if newest is None else (newest.result or {}).get("not_read", {}).get("line", "")


def file_rows(corpus: Corpus, width: int, not_read: str = "") -> list[Item]:
    """Return the files of a corpus, the reason for each skipped or damaged one, and a line about files not read."""
    info = corpus.info
    head = f"{info.name}: {plural(info.files, 'file')}, {clock(info.seconds)}, {info.frames} frames"
    rows = [Item(head, heading=True), *map(Item, textwrap.wrap(not_read, max(NARROWEST_TEXT, width)))]
    roomy = width >= 48
    column = max(12, width - (32 if roomy else 18))
    for file in corpus.files:
        name = file.path.rsplit("/", 1)[-1]
        if len(name) > column:
            name = name[: column - 3] + "..."
        if file.status == "ok":
            kind = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} ch")
            clip = " clipped" if file.clipped else ""
            rate = f" {file.sample_rate / 1000:5.1f}k" if roomy else ""
            text = f"{name:<{column}} {file.seconds:7.2f} s{rate} {kind}{clip}"
            rows.append(Item(text, file.path))
            remarks = textwrap.wrap(file.problem, max(NARROWEST_TEXT, width - 2))
            rows += [Item(f"  {line}", follows=True) for line in remarks]
        else:
            why = f"{file.problem} ({file.hint})" if file.hint else file.problem
            rows.append(Item(f"{name:<{column}} {file.status}: {why}"))
    return rows
