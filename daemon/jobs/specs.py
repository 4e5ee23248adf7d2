"""What a job is to do: one typed spec for each kind of job, told apart by its tag.

A spec is made by the handler of the request, kept in the catalogue as JSON, and received by the job's process.
"""

from dataclasses import asdict
from pathlib import Path
from shlex import join, quote

import msgspec

from daemon.runs.spec import TrainingSpec
from protocol.messages.jobs import JobKind, StartTraining
from protocol.training import OPTIONS, TrainingOptions

NAMED_PATHS = 3


class IngestSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="ingest"):
    """Read files and folders into a corpus."""

    corpus_dir: str
    paths: list[str]

    @property
    def kind(self) -> JobKind:
        """The kind of job."""
        return "ingest"

    @property
    def subject(self) -> str:
        """The corpus."""
        return Path(self.corpus_dir).name

    @property
    def command(self) -> str:
        """What to type to do it again."""
        command = f"allele corpus add {quote(self.subject)} {join(self.paths[:NAMED_PATHS])}"
        return f"{command} ..." if len(self.paths) > NAMED_PATHS else command


class TrainSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="train"):
    """Train a model on a corpus."""

    corpus_dir: str
    run_dir: str
    """Where the run lies, which becomes the model's folder."""
    training: TrainingSpec
    is_stopped: bool = False
    """A person ended the training: only the model of what it learnt is still to be made."""

    @property
    def kind(self) -> JobKind:
        """The kind of job."""
        return "train"

    @property
    def subject(self) -> str:
        """The model."""
        return Path(self.run_dir).name

    @property
    def corpus(self) -> str:
        """The corpus."""
        return Path(self.corpus_dir).name

    @property
    def command(self) -> str:
        """What to type to do it again from its beginning."""
        return train_command(self.corpus, self.subject)


class AtlasSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="atlas"):
    """Measure what each code of a finished model does to the sound."""

    model_dir: str
    corpus_dir: str

    @property
    def kind(self) -> JobKind:
        """The kind of job."""
        return "atlas"

    @property
    def subject(self) -> str:
        """The model."""
        return Path(self.model_dir).name

    @property
    def command(self) -> str:
        """What to type to do it again."""
        return f"allele model atlas {quote(self.subject)}"


JobSpec = IngestSpec | TrainSpec | AtlasSpec


def train_command(corpus: str, model: str, *, resume: bool = False) -> str:
    """What to type for a training."""
    command = f"allele train {quote(corpus)} --name {quote(model)}"
    return f"{command} --resume" if resume else command


def training_of(request: StartTraining) -> TrainingSpec:
    """What a request asks of a training, as the training takes it."""
    return TrainingSpec(**asdict(request.options), resume=request.resume)


def options_of(training: TrainingSpec) -> TrainingOptions:
    """The options that a training was started with, as requests carry them."""
    return TrainingOptions(**{option.name: getattr(training, option.name) for option in OPTIONS})
