"""The size and source of the daemon's registers that this client filled, for the status line."""

from dataclasses import dataclass, field

from protocol.ranges import LevelRange


@dataclass(frozen=True)
class Register:
    """Cells stored under a letter: levels × frames, and the strand from which they were copied."""

    levels: LevelRange
    frames: int
    source: str

    @property
    def words(self) -> str:
        return f"{len(self.levels)} × {self.frames} cells of {self.source}"


@dataclass
class Registers:
    """The registers that this client filled. `unnamed` is the one that y and p use without a letter."""

    unnamed: str = "a"
    known: dict[str, Register] = field(default_factory=dict[str, Register])

    def keep(self, name: str, register: Register) -> None:
        """Record a register after the daemon acknowledged its copy."""
        self.known[name] = register
