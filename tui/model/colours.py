"""Which colour or letter a code gets. How they are drawn is left to tui.widgets.

A code's rank within its level (from the daemon's palette) falls into one of `BINS` bins. At 256 colours and above a
bin is one of twelve values of the 6x6x6 colour cube along cividis: monotone in lightness, safe for colour-blind
eyes, and sent as an index, so a 256-colour terminal and a truecolor one show the same picture for the same bytes.
With fewer colours a bin is a letter. What can go wrong: a palette has another shape than the strand. `bins_of` then
uses the code number, and `label_of` names it.
"""

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 12
# Indices of the xterm colour cube; lightness (CIE L*) 7 14 20 38 42 54 56 59 71 74 84 97.
CUBE: tuple[int, ...] = (17, 18, 19, 24, 60, 66, 102, 137, 144, 179, 185, 227)
# The other palettes have the same property: lightness rises by at least 2 per bin, so hue carries no information.
PALETTES: dict[str, tuple[int, ...]] = {
    "cividis": CUBE,
    "batlow": (17, 24, 59, 29, 65, 101, 136, 172, 209, 180, 217, 225),
    "magma": (16, 17, 53, 54, 89, 125, 167, 203, 209, 216, 222, 229),
    "viridis": (53, 54, 25, 61, 30, 66, 37, 108, 42, 113, 184, 220),
    "grey": tuple(range(233, 256, 2)),
}
MUTED: tuple[int, ...] = (233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 244, 246)
LIGHT, DARK = 231, 16  # text colours on light and dark cells
DARK_BINS = {"cividis": 6, "batlow": 5, "magma": 6, "viridis": 5, "grey": 6}  # how many dark bins need light text
LETTERS = "abcdefghijkl"


class Tier(IntEnum):
    """How much colour the terminal shows. Below CUBE256, cells are letters."""

    NONE = 0
    ANSI16 = 1
    CUBE256 = 2
    TRUECOLOR = 3

    @property
    def glyphs(self) -> bool:
        """Whether a letter, not a colour, shows the value of a cell."""
        return self < Tier.CUBE256

    @property
    def words(self) -> str:
        """The name of the tier for the status line and the help."""
        return ("no colour", "16 colours", "256 colours", "truecolor")[self]


def bins_of(ranks: npt.NDArray[Any] | None, levels: int, codebook: int) -> npt.NDArray[np.uint8]:
    """Return the colour bin of every code.

    Args:
        ranks: (Q, K) rank of each code within its level, 0 lowest, or None when none is known.

    Returns:
        (levels, codebook) uint8 in [0, BINS).
    """
    if ranks is None or ranks.shape != (levels, codebook):
        ranks = np.broadcast_to(np.arange(codebook), (levels, codebook))
    return (ranks.astype(np.int64) * BINS // max(1, codebook)).astype(np.uint8)


def label_of(descriptor: str | None) -> str:
    """Return in words what the colours mean."""
    if not descriptor:
        return "colour: code number"
    return f"colour: {descriptor}"
