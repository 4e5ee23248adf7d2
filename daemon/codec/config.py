"""Configuration of a codec's network, saved in full beside the weights."""

import math

import msgspec

from protocol.units import SAMPLE_RATE_HZ


class CodecConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape of the codec's network. `codec.json` holds it in full."""

    sample_rate: int = SAMPLE_RATE_HZ
    """Hz. Ingest converts every recording to this rate."""
    channels: int = 1
    """1: the mono mean. 2: mid and side in one grid; the latent then holds `2 * side_bands` more dimensions."""
    hop_length: int = 1024
    """Samples per latent frame: 46.875 frames/s, the grid a musician edits."""
    magnitude_floor: float = 1e-4
    """Added to magnitudes before their logarithm: 134 dB under the bin of a full-scale sine, which is n_fft / 4.

    16-bit noise lies 17 dB above it. A floor ten times as high hid that noise, and the codes of fading sounds became
    arbitrary (docs/adr/0009-search.md)."""
    width: int = 192
    """Channels of the ConvNeXt blocks. 192 beat 256 and 384 in the same training time on a CPU."""
    expansion: int = 3
    """Hidden width of a block's perceptron, as a multiple of `width`."""
    kernel: int = 7
    """Frames that a block's convolution spans; odd."""
    blocks: int = 2
    """Blocks in the encoder, and as many in the decoder."""
    latent: int = 136
    """D, width of the latent."""
    low_bands: int = 24
    """MDCT coefficients per frame that carry the low band as a waveform: 23.4 Hz each from 0 Hz (up to 563 Hz)."""
    envelope_points: int = 8
    """Points of the fine envelope in a latent frame (2.7 ms apart), each a dimension of the latent."""
    side_bands: int = 0
    """Bands that describe the side relative to the mid. Each takes two latent dimensions: the part of the side that
    is correlated with the mid, and the rest."""
    codebook_dim: int = 8
    """Width of a level's search space, between its input and output projections."""
    levels: int = 10
    """Q, the number of levels."""
    codebook_size: int = 128
    """K, the number of codes per level."""
    reference_lufs: float = -20.0
    """Loudness to which every clip is normalised before analysis; the gain is stored beside the codes."""
    loudness_strength: float = 1.0
    """Strength of loudness normalisation: 0 keeps the source's level, 1 normalises fully."""

    def __post_init__(self) -> None:
        if self.hop_length % 2 or self.kernel % 2 == 0:
            raise ValueError("hop_length must be even and kernel odd")
        if self.envelope_points < 2 or self.envelope_points % 2 or self.hop_length % self.envelope_points:
            raise ValueError("envelope_points must be even, at least 2 and a divisor of hop_length")
        if not 2 <= self.low_dimensions <= self.latent - self.mel_bands - 2 * self.side_bands - self.envelope_points:
            raise ValueError("low_bands must leave room in the latent: at least 1, at most about a quarter of it")
        if not 0 < self.magnitude_floor < 1:
            raise ValueError("magnitude_floor must be above 0 and below 1")
        if self.channels not in (1, 2) or (self.side_bands > 0) != (self.channels == 2):
            raise ValueError("channels must be 1 without side_bands, or 2 with them")
        if min(self.levels, self.width, self.latent, self.codebook_dim) < 1:
            raise ValueError("levels, width, latent and codebook_dim must be positive")
        if not 2 <= self.codebook_size <= 65_536:
            raise ValueError("codebook_size must be 2 to 65 536: codes are uint16")

    @property
    def n_fft(self) -> int:
        """Window of analysis and synthesis in samples: two hops, as the low band's MDCT uses; bins of 23 Hz."""
        return 2 * self.hop_length

    @property
    def bins(self) -> int:
        """Number of frequency bins of a spectrum."""
        return self.n_fft // 2 + 1

    @property
    def mel_bands(self) -> int:
        """Latent dimensions initialised as the log-magnitude in mel-spaced bands; the low band's follow them."""
        return 3 * (self.latent - 2 * self.side_bands - self.envelope_points) // 4

    @property
    def low_dimensions(self) -> int:
        """Latent dimensions initialised as the low band: its coefficients, then its level."""
        return self.low_bands + 1

    @property
    def low_levels(self) -> range:
        """Levels whose codes are initialised as the low band's waveform: 2, 5, 8 … in mono, 2, 6, 10 … in stereo.

        All but the first of them also hold the fine envelope. The other levels are initialised as the spectrum. The
        levels still form one residual chain: training may move any part of the latent into any level.
        """
        return range(2, self.levels, 2 + self.channels)

    @property
    def side_levels(self) -> range:
        """Levels whose codes are initialised as the side: 3, 7, 11 … in stereo, none in mono.

        A decode without these levels is nearly mono.
        """
        return range(3, self.levels if self.channels == 2 else 0, 4)

    @property
    def frame_rate(self) -> float:
        """Latent frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def kbps(self) -> float:
        """Bit rate of all levels in kilobits per second."""
        return self.levels * math.log2(self.codebook_size) * self.frame_rate / 1000

    @property
    def margin_frames(self) -> int:
        """Latent frames of context on either side that one frame of codes or audio depends on.

        Every block adds `(kernel - 1) / 2` frames. Two more frames cover the STFT windows, the low band's windows and
        the envelope measurement, which each reach half a hop beyond the frame.
        """
        return self.blocks * (self.kernel - 1) // 2 + 2
