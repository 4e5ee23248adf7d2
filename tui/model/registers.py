"""What this screen knows of the daemon's registers: their size and where they came from, for the status line."""

from dataclasses import dataclass, field

from protocol.ranges import LevelRange


@dataclass(frozen=True)
class Register:
    """Cells kept under a letter: levels × frames, and the strand they were copied from."""

    levels: LevelRange
    frames: int
    source: str

    @property
    def words(self) -> str:
        return f"{len(self.levels)} × {self.frames} cells of {self.source}"


@dataclass
class Registers:
    """Registers copied from here. `unnamed` is the one y and p use when none is named."""

    unnamed: str = "a"
    known: dict[str, Register] = field(default_factory=dict[str, Register])

    def keep(self, name: str, register: Register) -> None:
        """A copy was acknowledged."""
        self.known[name] = register
