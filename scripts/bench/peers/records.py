"""Records of the benchmark: the settings that identify a cell, and its results."""

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from peers.networks import Variant
from peers.peer import PeerSetting

ROOT = Path(__file__).resolve().parents[3]
Model = Literal["ours", "encodec", "snac", "dac-like", "rave-like", "opus", "nearest frame"]
MODELS: tuple[Model, ...] = ("ours", "encodec", "snac", "dac-like", "rave-like", "opus", "nearest frame")
UNTRAINED: tuple[Model, ...] = ("opus", "nearest frame")
NO_FOLD = -1


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """corpus × fold × model × budget, with everything that shapes its figures."""

    corpus: str
    audio: str
    """Digest over the names and contents of the corpus's files."""
    fold: int
    """Number of the fold from 0; `NO_FOLD` if only the training's own held-out set is used."""
    held_out: list[str]
    """Held-out files, relative to their folder."""
    model: Model
    variant: Variant = "matched"
    budget_s: float | None = None
    steps: int | None = None
    seed: int = 0
    learning_rate: float | None = None
    """Learning rate of a peer, instead of its default."""
    is_heard: bool = True
    """Whether ViSQOL and Zimtohrli evaluate it too, if they are installed."""

    @property
    def key(self) -> str:
        """Digest of the settings; the same settings have the same key."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:16]

    @property
    def amount(self) -> str:
        """The budget in words."""
        if self.model in UNTRAINED:
            return "none"
        return f"{self.steps} steps" if self.steps is not None else f"{self.budget_s:g} s"

    @property
    def title(self) -> str:
        """One line for a person."""
        rate = f" at {self.learning_rate:g}" if self.learning_rate is not None else ""
        fold = "own split" if self.fold == NO_FOLD else f"fold {self.fold}"
        return f"{self.corpus} · {fold} · {self.amount} · {self.name}{rate}"

    @property
    def name(self) -> str:
        """The model in words."""
        if self.variant == "matched":
            return self.model
        return "opus at 6 kbps" if self.model == "opus" else f"{self.model} as published"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Measurements on the held-out files: means over files."""

    mel: float
    stft: float
    sisdr_db: float
    aligned_sisdr_db: float
    """After the shift of up to 21 ms, in steps of a sixteenth of a sample, that fits best."""
    above_20_khz_db: float
    """The largest value of any file."""
    kbps: float
    """Bitrate of the actual codes (Opus: of the packets)."""
    visqol: float | None = None
    zimtohrli: float | None = None
    """Distance; 0 is identical."""


class Speeds(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of audio per second."""

    encode: float
    decode: float
    both: float


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of the training, and the load of the machine."""

    steps: int
    wall_s: float
    cpu_s: float
    """Processor seconds of all threads of the cell's process during training."""
    load_before: float
    load_after: float
    peak_mib: float
    """Largest resident size of the cell's process up to the end of training, torch itself included."""
    first_loss: float
    last_loss: float
    """Mean of the first and of the last tenth of the steps: a peer that does not learn shows."""


class OurColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Measurements that only Allele's own codec has."""

    utilisation: list[float]
    prefix_mel: list[float]
    silence_db: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one cell found."""

    figures: Figures
    parameters: int = 0
    speeds: Speeds | None = None
    effort: Effort | None = None
    ours: OurColumns | None = None
    bypass: Figures | None = None
    """Allele's own network with its quantiser left out."""
    validation_mel: float | None = None
    """Mel distance on the training's own held-out set, which decides between two learning rates."""
    note: str = ""
    peer: PeerSetting | None = None
    """Description of how the peer was built."""
    published_speeds: Speeds | None = None
    """Speeds of the same architecture at its published size, with random weights, which do not affect speed."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger: a cell that ended, well or not."""

    key: str
    code: str
    cell: Cell
    finished: str
    machine: str
    outcome: Outcome | None = None
    failure: str = ""


def machine(torch_version: str) -> str:
    """The machine in a few words."""
    return f"{os.cpu_count()} cores, {os.uname().machine}, torch {torch_version}"
