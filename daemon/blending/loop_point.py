"""The levels at both ends of a loop, which the operation `seamless` lets meet."""

import numpy as np
import numpy.typing as npt
import torch

from daemon.codec.codec import Codec, Codes
from daemon.codec.level import hop_levels_db


def seamless(codec: Codec, head: Codes, tail: Codes, *, frames: int) -> npt.NDArray[np.float32]:
    """Return the K-weighted levels in dB of the first `frames` of the head and the last of the tail, (2, frames).

    Args:
        head, tail: codes (Q, n) of both ends of a loop, with what comes after and before.
    """
    hop = codec.config.hop_length
    first, last = (hop_levels_db(torch.from_numpy(np.atleast_2d(codec.decode(codes))), hop) for codes in (head, tail))
    return np.stack([first[:frames], last[-frames:]]).astype(np.float32)
