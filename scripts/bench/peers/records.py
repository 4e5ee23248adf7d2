"""What names a cell of the benchmark and what is kept of it."""

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from peers.peer import PeerSetting
from peers.roster import Variant

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
    """From 0; `NO_FOLD` when nothing is held out but what the training sets aside."""
    held_out: list[str]
    """Files that nobody learns from, relative to their folder."""
    model: Model
    variant: Variant = "matched"
    budget_s: float | None = None
    steps: int | None = None
    seed: int = 0
    learning_rate: float | None = None
    """Of a peer, instead of its own default."""
    is_heard: bool = True
    """Also judged by ViSQOL and Zimtohrli, where they are installed."""

    @property
    def key(self) -> str:
        """Digest of the settings: the same wish has the same key."""
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
    """What was measured on the held-out files: means over files."""

    mel: float
    stft: float
    sisdr_db: float
    aligned_sisdr_db: float
    """After the shift of up to 21 ms, in steps of a sixteenth of a sample, that fits best."""
    above_20_khz_db: float
    """The worst file."""
    kbps: float
    """Of the codes that were made (Opus: of the packets)."""
    visqol: float | None = None
    zimtohrli: float | None = None
    """Distance; 0 is identical."""


class Speeds(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of audio per second."""

    encode: float
    decode: float
    both: float


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What the training took, and how busy the machine was."""

    steps: int
    wall_s: float
    cpu_s: float
    """Of all threads of the cell's process while it trained."""
    load_before: float
    load_after: float
    peak_mib: float
    """Largest resident size of the cell's process up to the end of training, torch itself included."""
    first_loss: float
    last_loss: float
    """Mean of the first and of the last tenth of the steps: a peer that does not learn shows."""


class OurColumns(msgspec.Struct, frozen=True, kw_only=True):
    """What only Allele's own codec has."""

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
    """On the files or blocks that the training itself set aside: what chooses between two learning rates."""
    note: str = ""
    peer: PeerSetting | None = None
    """How the peer was built."""
    published_speeds: Speeds | None = None
    """Of the same architecture at its published size, with random weights: learning does not change them."""


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
