"""What depends on a model, for the question before it is deleted. Does no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo
from tui.model.words import plural

NAMED = 3
"""The largest number of things that a sentence names one by one."""


@dataclass(frozen=True)
class Dependents:
    """What needs one model: names of the open strands that only it can play, and the unfinished jobs on it."""

    strands: list[str]
    jobs: list[JobInfo]

    @property
    def strand_words(self) -> str:
        """The strands in words, as in `2 open strands (rain, kick)`; "" if there are none."""
        if not self.strands:
            return ""
        return f"{plural(len(self.strands), 'open strand')} ({named(self.strands)})"

    @property
    def job_words(self) -> str:
        """The jobs in words, as in `train job j12 is running`; "" if there are none."""
        return ", ".join(f"{job.kind} job {job.id} is {job.state}" for job in self.jobs)


def dependents_of(
    name: str, models: Sequence[ModelInfo], strands: Iterable[StrandInfo], jobs: Iterable[JobInfo]
) -> Dependents:
    """Find what depends on a model. A strand does not if another model has the same codec."""
    codec = next((model.codec_id for model in models if model.name == name), None)
    has_twin = any(model.codec_id == codec and model.name != name for model in models)
    held = [] if has_twin else [one.meta.name for one in strands if one.meta.codec_id == codec]
    return Dependents(
        held, [job for job in jobs if job.is_open and job.kind in ("train", "atlas") and job.subject == name]
    )


def named(names: Sequence[str]) -> str:
    """Return at most three names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
