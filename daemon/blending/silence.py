"""The codes of silence: what a model encodes a silent recording as."""

import numpy as np

from daemon.codec.codec import Codec, Codes


def silence(codec: Codec) -> Codes:
    """Return one frame of silence, (Q, 1) uint16, from the middle of a silent recording.

    The recording is longer than the receptive field on either side, so that its ends do not count.
    """
    config = codec.config
    length = (2 * config.margin_frames + 1) * config.hop_length
    quiet = np.zeros(length if config.channels == 1 else (2, length), np.float32)
    codes = codec.encode(quiet).codes
    return codes[:, config.margin_frames : config.margin_frames + 1]
