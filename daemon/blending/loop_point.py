"""The levels at both ends of a loop, which the operation `seamless` lets meet."""

import numpy as np
import numpy.typing as npt
import torch

from daemon.codec.codec import Codec, Codes
from daemon.codec.level import hop_levels_db


def seamless(codec: Codec, head: Codes, tail: Codes, *, first: int, last: int, frames: int) -> npt.NDArray[np.float32]:
    """Return the K-weighted levels in dB of the first and the last frames of a loop, (2, frames).

    Args:
        head, tail: codes (Q, n) around both ends. first, last: where the measured frames begin in each.
    """
    return np.stack([_levels(codec, head)[first : first + frames], _levels(codec, tail)[last : last + frames]])


def _levels(codec: Codec, codes: Codes) -> npt.NDArray[np.float32]:
    sound = torch.from_numpy(np.atleast_2d(codec.decode(codes)))
    return hop_levels_db(sound, codec.config.hop_length).astype(np.float32)
