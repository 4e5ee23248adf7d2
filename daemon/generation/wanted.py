"""What a generation is to make, and the strand that it is given."""

import msgspec
import numpy as np
from numpy.typing import NDArray


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to make. Names are those of `protocol.generation.GenerationOptions`; None for the default."""

    samples: int
    engine: str = "auto"
    creativity: float | None = None
    focus: float | None = None
    diversity: float | None = None
    density: float | None = None
    tempo: float | None = None
    repeat: float | None = None
    fullness: float | None = None
    ranks: dict[str, float] = {}
    loop: bool = False


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A strand to continue, to vary or to fill."""

    mode: str
    """continue, vary or infill."""
    codes: NDArray[np.uint16]
    gains_db: NDArray[np.float32]
    samples: int
    amount: float = 0.3
    """Share of the frames to draw again, for vary."""
    frames: tuple[int, int] | None = None
    """Frames to fill, half-open, for infill."""
