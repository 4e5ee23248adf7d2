"""The specifications of jobs: one type for each kind of job, distinguished by its tag.

The handler of a request creates a specification, the catalogue stores it as JSON, and the job's process receives it.
"""

from dataclasses import asdict
from pathlib import Path
from shlex import join, quote

import msgspec

from daemon.runs.spec import TrainingSpec
from protocol.generation import GenerationOptions
from protocol.messages.generation import Mode
from protocol.messages.jobs import JobKind, StartTraining
from protocol.training import OPTIONS, TrainingOptions

NAMED_PATHS = 3


class IngestSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="ingest"):
    """Read files and folders into a corpus."""

    corpus_dir: str
    paths: list[str]

    @property
    def kind(self) -> JobKind:
        """The kind of this job."""
        return "ingest"

    @property
    def subject(self) -> str:
        """The name of the job's corpus."""
        return Path(self.corpus_dir).name

    @property
    def command(self) -> str:
        """The command that starts the job again."""
        command = f"allele corpus add {quote(self.subject)} {join(self.paths[:NAMED_PATHS])}"
        return f"{command} ..." if len(self.paths) > NAMED_PATHS else command


class TrainSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="train"):
    """Train a model on a corpus."""

    corpus_dir: str
    run_dir: str
    """The folder of the run, which becomes the model's folder."""
    training: TrainingSpec
    is_stopped: bool = False
    """Whether a user ended the training, so that only its model remains to be written."""

    @property
    def kind(self) -> JobKind:
        """The kind of this job."""
        return "train"

    @property
    def subject(self) -> str:
        """The name of the job's model."""
        return Path(self.run_dir).name

    @property
    def corpus(self) -> str:
        """The name of the job's corpus."""
        return Path(self.corpus_dir).name

    @property
    def command(self) -> str:
        """The command that starts the training again from the beginning."""
        return train_command(self.corpus, self.subject)


class AtlasSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="atlas"):
    """Measure what each code of a finished model does to the sound."""

    model_dir: str
    corpus_dir: str

    @property
    def kind(self) -> JobKind:
        """The kind of this job."""
        return "atlas"

    @property
    def subject(self) -> str:
        """The name of the job's model."""
        return Path(self.model_dir).name

    @property
    def command(self) -> str:
        """The command that starts the job again."""
        return f"allele model atlas {quote(self.subject)}"


class GenerateSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="generate"):
    """Make new sounds with a model."""

    model_dir: str
    folder: str
    """The folder that receives the sounds."""
    options: GenerationOptions
    """With a seed, which is drawn before the job is stored."""
    mode: Mode = "new"
    given: str = ""
    """An `.alle` file of the strand to continue, vary or fill."""
    amount: float = 0.3
    frames: tuple[int, int] | None = None
    replace: bool = False
    other_dir: str = ""
    """The folder of the second model; empty for none."""
    is_listed: bool = False
    """Whether the folder is a batch of the home's history, whose sounds are published as they are made."""

    @property
    def kind(self) -> JobKind:
        """The kind of this job."""
        return "generate"

    @property
    def subject(self) -> str:
        """The name of the job's model."""
        return Path(self.model_dir).name

    @property
    def command(self) -> str:
        """The command that makes the sounds that are missing; the knobs are in the folder's manifest."""
        options = self.options
        how = f"--seconds {options.seconds:g} --count {options.count} --seed {options.seed}"
        if options.other is not None:
            how += f" --with {quote(options.other)}" + ("" if options.mix is None else f" --mix {options.mix:g}")
        return f"allele generate {quote(self.subject)} {how} -o {quote(self.folder)}"


JobSpec = IngestSpec | TrainSpec | AtlasSpec | GenerateSpec


def train_command(corpus: str, model: str, *, resume: bool = False) -> str:
    """The command that starts or resumes a training."""
    command = f"allele train {quote(corpus)} --name {quote(model)}"
    return f"{command} --resume" if resume else command


def training_of(request: StartTraining) -> TrainingSpec:
    """Convert the options of a request to the specification that a training receives."""
    return TrainingSpec(**asdict(request.options), resume=request.resume)


def options_of(training: TrainingSpec) -> TrainingOptions:
    """Convert the specification of a training to the options that requests contain."""
    return TrainingOptions(**{option.name: getattr(training, option.name) for option in OPTIONS})
