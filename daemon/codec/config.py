"""Everything that shapes a codec, saved whole with its weights."""

import math

import msgspec

from protocol.units import SAMPLE_RATE_HZ


class CodecConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape of the network; with the weights it makes the codec, without them it is only a plan."""

    sample_rate: int = SAMPLE_RATE_HZ
    """Hz. Everything is brought here at ingest."""
    channels: int = 1
    """1: the mono mean. 2: mid and side in one grid; the latent then has `side_bands` twice more."""
    hop_length: int = 1024
    """Samples per latent frame: 46.875 frames/s, the grid a musician edits."""
    magnitude_floor: float = 1e-4
    """Added to magnitudes before their logarithm: 134 dB under the bin of a full-scale sine, which is n_fft / 4.

    The noise of 16 bits lies 17 dB above it. Ten times as much hid that noise, and then it was chance what came of
    sounds that die away (docs/adr/0009-search.md)."""
    width: int = 192
    """Channels of the ConvNeXt blocks. 192 beat 256 and 384 for the same seconds on a CPU."""
    expansion: int = 3
    """Hidden width of a block's perceptron, in widths."""
    kernel: int = 7
    """Frames a block sees, odd."""
    blocks: int = 2
    """Blocks a side."""
    latent: int = 136
    """D, width of the latent."""
    low_bands: int = 24
    """MDCT coefficients a frame that travel as a waveform, 23.4 Hz each from 0 Hz (563 Hz)."""
    envelope_points: int = 8
    """Points of the fine envelope in a latent frame (2.7 ms apart), each a dimension of the latent."""
    side_bands: int = 0
    """Bands in which the side is told from the mid, each by two of D: its part that follows the mid, and the rest."""
    codebook_dim: int = 8
    """Width a level searches in, between its own two projections."""
    levels: int = 10
    """Q."""
    codebook_size: int = 128
    """K."""
    reference_lufs: float = -20.0
    """Loudness every clip is brought to before analysis; the gain travels beside the codes."""
    loudness_strength: float = 1.0
    """How much of the way to the reference: 0 leaves the source's level alone, 1 goes all the way."""

    def __post_init__(self) -> None:
        if self.hop_length % 2 or self.kernel % 2 == 0:
            raise ValueError("the hop is even, the kernel odd")
        if self.envelope_points < 2 or self.envelope_points % 2 or self.hop_length % self.envelope_points:
            raise ValueError("points of the envelope are even in number and divide a hop")
        if not 2 <= self.low_dimensions <= self.latent - self.mel_bands - 2 * self.side_bands - self.envelope_points:
            raise ValueError("the low band and its level take two dimensions to a quarter of the latent")
        if not 0 < self.magnitude_floor < 1:
            raise ValueError("the floor of magnitudes is above 0 and below 1")
        if self.channels not in (1, 2) or (self.side_bands > 0) != (self.channels == 2):
            raise ValueError("one channel without side bands, or two with them")
        if min(self.levels, self.width, self.latent, self.codebook_dim) < 1:
            raise ValueError("levels, width, latent and codebook_dim are positive")
        if not 2 <= self.codebook_size <= 65_536:
            raise ValueError("codes are uint16: 2 to 65 536 a level")

    @property
    def n_fft(self) -> int:
        """Window of the spectra on both sides, samples: two hops, as the low band's transform has; 23 Hz bins."""
        return 2 * self.hop_length

    @property
    def bins(self) -> int:
        """Frequencies of one spectrum."""
        return self.n_fft // 2 + 1

    @property
    def mel_bands(self) -> int:
        """Latent dimensions that begin as the log-magnitude in mel-spaced bands; the low band's follow."""
        return 3 * (self.latent - 2 * self.side_bands - self.envelope_points) // 4

    @property
    def low_dimensions(self) -> int:
        """Latent dimensions that begin as the low band: its coefficients, and after them its level."""
        return self.low_bands + 1

    @property
    def low_levels(self) -> range:
        """Levels whose codes begin as the low band's waveform, every third from the third: 2, 5, 8 …

        All but the first of them begin as the fine envelope too. The others begin as the spectrum; one or two levels in
        all begin as both. It is one residual chain all the same: any level may come to hold some of everything.
        In stereo every fourth: 2, 6, 10 …
        """
        return range(2, self.levels, 2 + self.channels)

    @property
    def side_levels(self) -> range:
        """Levels whose codes begin as the side, every fourth from the fourth: 3, 7, 11 … None in mono.

        Without these levels heard, a decode is about as wide as the codes of the others say, which is hardly.
        """
        return range(3, self.levels if self.channels == 2 else 0, 4)

    @property
    def frame_rate(self) -> float:
        """Latent frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def kbps(self) -> float:
        """Bits of all levels per second, in thousands."""
        return self.levels * math.log2(self.codebook_size) * self.frame_rate / 1000

    @property
    def margin_frames(self) -> int:
        """Latent frames of context on either side that one frame of codes or audio depends on.

        A block reaches `(kernel - 1) / 2` frames. The windows reach half a hop beyond theirs, the low band's as much
        again, and once more where what they gave is looked at for its envelope: two frames.
        """
        return self.blocks * (self.kernel - 1) // 2 + 2
