"""Reading a file whole, as tests of the reader want it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.corpus.reading import Decoding, open_decoding
from daemon.corpus.remarks import remarks_on


@dataclass(frozen=True)
class Heard:
    """A file that was read: its samples (C, L), what the decoding found, and the sentences about it."""

    audio: NDArray[np.float32]
    decoding: Decoding
    remarks: list[str]

    @property
    def seconds(self) -> float:
        return self.audio.shape[1] / self.decoding.sample_rate_hz


def hear(path: Path) -> Heard:
    decoding, blocks = open_decoding(path)
    pieces = list(blocks)
    audio = np.concatenate(pieces, axis=1) if pieces else np.zeros((1, 0), np.float32)
    return Heard(audio, decoding, [remark.message for remark in remarks_on(decoding)])


@pytest.fixture(scope="session")
def read_whole() -> Callable[[Path], Heard]:
    return hear
