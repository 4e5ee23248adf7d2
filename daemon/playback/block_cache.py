"""Cache of decoded blocks of strands, keyed by content, so that the same block is not decoded twice.

Data flow: a grid and a range of frames become a `Block` (the codes in that range, with the codec's receptive field as
margin). Its digest is the key of the PCM in the cache; on a miss the engine decodes the block once for all waiting
callers. An edit therefore costs only the blocks it touched, an undo costs nothing, and two strands that share cells
share PCM. The cache has a limit in bytes.

The engine is passed in as an awaitable. The cache runs on the event loop: hashing a block of about 1 KiB takes 5 µs. If
the engine fails, every caller waiting for that block gets its error, and nothing is cached.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from daemon.dsp.audio import Decoded
from protocol.columns import gains_db
from protocol.strands import Codes, Strand

PCM = npt.NDArray[np.float32]

BLOCK_FRAMES = 32  # 0.68 s: long enough that the margins cost little, short enough that an edit does
MAX_BYTES = 256 * 1024 * 1024  # 23 minutes of mono float32


class CodecRef(NamedTuple):
    """The model of a strand's codec, and the frames of context that it needs on either side."""

    model: str
    margin: int


@dataclass(frozen=True, kw_only=True)
class Block:
    """A range of frames to decode, with everything that its sound depends on.

    Attributes:
        codes: (Q, n) window of codes, margins included.
        gains_db: (n,) gain of each frame of the window.
        lo: first frame to decode within the window.
        hi: one past the last frame to decode within the window.
        levels: levels to decode; None for all.
        key: digest of everything above.
    """

    model: str
    codec_id: str
    codes: Codes
    lo: int
    hi: int
    levels: tuple[int, ...] | None
    gains_db: npt.NDArray[np.float32]
    key: bytes


Decode = Callable[[Block], Awaitable[Decoded]]


def block_of(strand: Strand, lo: int, hi: int, *, codec: CodecRef, levels: tuple[int, ...] | None) -> Block:
    """Make the block of frames [lo, hi) of a strand. Levels that are not decoded do not affect its key."""
    meta, codes, columns = strand
    first, past = max(0, lo - codec.margin), min(codes.shape[1], hi + codec.margin)
    gains = gains_db(columns[:, first:past])
    window = np.ascontiguousarray(codes[:, first:past])
    used = window if levels is None else window[list(levels)]
    digest = hashlib.blake2b(used.tobytes(), digest_size=16)
    digest.update(f"{meta.codec_id} {used.shape} {lo - first} {hi - first} {levels}".encode() + gains.tobytes())
    return Block(
        model=codec.model,
        codec_id=meta.codec_id,
        codes=window,
        lo=lo - first,
        hi=hi - first,
        levels=levels,
        gains_db=gains,
        key=digest.digest(),
    )


class PreviewCache:
    """Cache of decoded blocks that evicts the least recently used ones.

    Args:
        decode: returns the sound of a block, ((hi - lo) * hop_length,) samples.
        max_bytes: limit of the PCM kept.
    """

    def __init__(self, decode: Decode, max_bytes: int = MAX_BYTES) -> None:
        self._decode, self._max_bytes = decode, max_bytes
        self._kept: OrderedDict[bytes, Decoded] = OrderedDict()
        self._coming: dict[bytes, asyncio.Task[Decoded]] = {}
        self.bytes = 0
        self.decoded = 0

    def peek(self, block: Block) -> Decoded | None:
        """Sound of a block if it is cached, otherwise None. The PCM is read-only, because callers share it."""
        decoded = self._kept.get(block.key)
        if decoded is not None:
            self._kept.move_to_end(block.key)
        return decoded

    async def fetch(self, block: Block) -> Decoded:
        """Sound of a block, decoded if it is not cached.

        Raises:
            AlleleError: the engine could not decode it.
        """
        decoded = self.peek(block)
        return decoded if decoded is not None else await asyncio.shield(self._begin(block))

    def prefetch(self, block: Block) -> None:
        """Start decoding a block in the background. An error reaches the caller that fetches the block."""
        if self.peek(block) is None:
            self._begin(block)

    async def close(self) -> None:
        """Cancel all decoding and empty the cache."""
        for task in list(self._coming.values()):
            task.cancel()
        await asyncio.gather(*self._coming.values(), return_exceptions=True)
        self._kept.clear()
        self.bytes = 0

    def _begin(self, block: Block) -> "asyncio.Task[Decoded]":
        task = self._coming.get(block.key)
        if task is None:
            task = asyncio.create_task(self._fill(block))
            self._coming[block.key] = task
            task.add_done_callback(_retrieve)
        return task

    async def _fill(self, block: Block) -> Decoded:
        try:
            decoded = await self._decode(block)
            pcm = np.asarray(decoded.pcm, np.float32)
            pcm.setflags(write=False)
            self.decoded += 1
            decoded = decoded._replace(pcm=pcm)
            self._keep(block.key, decoded)
            return decoded
        finally:
            self._coming.pop(block.key, None)

    def _keep(self, key: bytes, decoded: Decoded) -> None:
        self._kept[key] = decoded
        self.bytes += decoded.pcm.nbytes
        while self.bytes > self._max_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= oldest.pcm.nbytes


def _retrieve(task: "asyncio.Task[Decoded]") -> None:
    """Mark the error of a prefetch as seen; a later fetch of the block retries and raises it."""
    if not task.cancelled():
        task.exception()
