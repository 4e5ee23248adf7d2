"""What codes are measured for, in words that both sides use: descriptors, directions, and what is said of a code.

`daemon.atlas` measures; a test keeps its names and these equal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """One quality of sound. `more` and `less`: what a code or an edit makes of it; both are directions of nudge."""

    name: str
    unit: str
    more: str
    less: str
    meaning: str


DESCRIPTORS: dict[str, Descriptor] = {
    one.name: one
    for one in (
        Descriptor(name="loudness", unit="dB", more="louder", less="softer", meaning="K-weighted level"),
        Descriptor(name="brightness", unit="octaves", more="brighter", less="darker", meaning="spectral centroid"),
        Descriptor(name="spread", unit="octaves", more="wider", less="narrower", meaning="width of the spectrum"),
        Descriptor(name="noisiness", unit="dB", more="noisier", less="purer", meaning="spectral flatness"),
        Descriptor(name="roughness", unit="share", more="rougher", less="smoother", meaning="beating at 20 to 150 Hz"),
        Descriptor(name="warmth", unit="dB", more="warmer", less="thinner", meaning="below 500 Hz over above 2 kHz"),
        Descriptor(name="attack", unit="share", more="sharper", less="blunter", meaning="steepest rise in level"),
        Descriptor(name="pitch", unit="share", more="clearer", less="hazier", meaning="confidence of a pitch"),
    )
}

DIRECTIONS: dict[str, tuple[str, int]] = {
    word: (one.name, sign) for one in DESCRIPTORS.values() for word, sign in ((one.more, 1), (one.less, -1))
}
"""Direction to descriptor and sign."""

DEFAULT = "brightness"
FIRST_COMPONENT = "first principal component"
"""What codes are ordered by where there is no atlas: an order of their vectors, not of their sound."""

RELIABLE = 0.8
"""Least split-half reliability of a descriptor on a level; below it the level's codes are unknown."""
UNKNOWN = -128
MOST_WORDS = 3


def words_of(verdicts: dict[str, int], strengths: dict[str, float]) -> str:
    """What one code does, in words: `brighter, noisier (sure)`.

    Args:
        verdicts: by descriptor 0 nothing remarkable, ±1 more or less than the level's average code, ±2 surely so,
            UNKNOWN.
        strengths: how strong each is beside the other codes, any scale that is the same for all.

    Returns:
        The strongest three at most; "average" when none stands out; "unknown" when none could be told.
    """
    if all(verdict == UNKNOWN for verdict in verdicts.values()):
        return "unknown"
    said = [name for name, verdict in verdicts.items() if verdict not in (0, UNKNOWN)]
    said = sorted(said, key=lambda name: -abs(strengths[name]))[:MOST_WORDS]
    if not said:
        return "average"
    words = [DESCRIPTORS[name].more if verdicts[name] > 0 else DESCRIPTORS[name].less for name in said]
    sure = all(abs(verdicts[name]) == 2 for name in said)
    return ", ".join(words) + (" (sure)" if sure else " (likely)")
