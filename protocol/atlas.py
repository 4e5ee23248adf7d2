"""The vocabulary of the atlas: descriptors of sound, directions of `nudge`, and the words that describe a code.

`daemon.atlas` measures the descriptors. A test checks that both use the same names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """One measured quality of sound. `more` and `less` name the two directions in which a code or `nudge` moves."""

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
"""The descriptor and the sign of each direction of `nudge`."""


def amount_words(descriptor: str, change: float) -> str:
    """Write the change of a descriptor in its unit, as in `brightness ×1.15` or `loudness -0.2 dB`."""
    unit = DESCRIPTORS[descriptor].unit
    if unit == "octaves":
        return f"{descriptor} ×{2**change:.2f}"
    return f"{descriptor} {change:+.1f} dB" if unit == "dB" else f"{descriptor} {change:+.2f}"


DEFAULT = "brightness"
FIRST_COMPONENT = "first principal component"
"""The order of codes if a model has no atlas. It compares their vectors, not their sound."""

RELIABLE = 0.8
"""The lowest split-half reliability of a descriptor on a level at which its codes are not reported as unknown."""
UNKNOWN = -128
MOST_WORDS = 3


def words_of(verdicts: dict[str, int], strengths: dict[str, float]) -> str:
    """Describe what one code does to the sound, as in `brighter, noisier (sure)`.

    Args:
        verdicts: for each descriptor 0 if the code is unremarkable, ±1 if it has more or less of it than the level's
            average code, ±2 if that is certain, or UNKNOWN.
        strengths: the size of each effect compared with the other codes, on any scale common to all descriptors.

    Returns:
        At most the three strongest descriptors; "average" if none stands out; "unknown" if none could be measured.
    """
    if all(verdict == UNKNOWN for verdict in verdicts.values()):
        return "unknown"
    notable = [name for name, verdict in verdicts.items() if verdict not in (0, UNKNOWN)]
    notable = sorted(notable, key=lambda name: -abs(strengths[name]))[:MOST_WORDS]
    if not notable:
        return "average"
    words = [DESCRIPTORS[name].more if verdicts[name] > 0 else DESCRIPTORS[name].less for name in notable]
    sure = all(abs(verdicts[name]) == 2 for name in notable)
    return ", ".join(words) + (" (sure)" if sure else " (likely)")
