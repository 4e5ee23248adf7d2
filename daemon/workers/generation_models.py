"""The models that the process of a generation has open: those of its last job, if their files are the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from daemon.generation.engines import Engines
from daemon.jobs.specs import GenerateSpec
from daemon.novelty.judging import Judge
from daemon.workers.generation_work import open_engines, open_judges

_PARTS = ("", "codec", "material", "prior", "novelty")
"""Folders of a model whose files engines and judges are made of."""


@dataclass(frozen=True)
class Opened:
    """The engines and judges of a job, and what a user should know of them."""

    key: tuple[Any, ...]
    engines: Engines
    judges: list[Judge]
    words: list[str] = field(default_factory=list[str])


_last: list[Opened] = []


def open_or_reuse(
    spec: GenerateSpec, device: torch.device, *, say: Callable[[str], None], go_on: Callable[[float], bool]
) -> Opened | None:
    """Open what a job needs, or take over that of the last job; None if it was stopped. Errors are those of opening."""
    if _last and _last[0].key == _key(spec):
        for text in _last[0].words:
            say(text)
        return _last[0]
    _last.clear()
    words: list[str] = []

    def note(text: str) -> None:
        words.append(text)
        say(text)

    engines = open_engines(spec, device, say=note, go_on=go_on)
    if engines is None:
        return None
    opened = Opened(_key(spec), engines, open_judges(spec), words)  # opening may have gathered what was missing
    _last.append(opened)
    return opened


def _key(spec: GenerateSpec) -> tuple[Any, ...]:
    """What must be equal for models to be taken over: which they are, their share, and the files they are made of."""
    folders = [Path(spec.model_dir), *([Path(spec.other_dir)] if spec.other_dir else [])]
    files = [
        (str(path), path.stat().st_mtime_ns, path.stat().st_size)
        for folder in folders
        for part in _PARTS
        for path in sorted((folder / part).glob("*"))
        if path.is_file() and path.suffix != ".jsonl"
    ]
    return (spec.model_dir, spec.other_dir, spec.options.mix, *files)
