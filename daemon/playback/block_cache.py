"""Decoded blocks of strands, kept by content: what was heard before is never decoded again.

Data flow: a grid and a range of frames become a `Block` (the codes that sound there, with the codec's receptive field
as margin); its digest finds the PCM, or the engine decodes it once however many ask. So an edit costs only the
blocks it touched, an undo costs nothing, two strands that share cells share PCM, and memory has a cap in bytes.

Boundary: numpy in, numpy out; the engine is an awaitable. Runs on the loop: hashing a block is about 1 KiB, 5 µs.
What can go wrong: the engine fails; whoever waits for that block gets its error, and nothing is kept.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from protocol.strands import Codes, StrandMeta

PCM = npt.NDArray[np.float32]

BLOCK_FRAMES = 32  # 0.68 s: a margin's worth of extra work is small beside it, an edit's cost is too
MAX_BYTES = 256 * 1024 * 1024  # 23 minutes of mono float32


class CodecRef(NamedTuple):
    """Where a strand's codec is, and how many frames of context it needs on either side."""

    model: str
    margin: int


@dataclass(frozen=True, kw_only=True)
class Block:
    """A range of frames to decode: all that its sound depends on.

    codes: (Q, n) window; lo, hi: the wanted frames within it; levels: those heard, None for all.
    """

    model: str
    codec_id: str
    codes: Codes
    lo: int
    hi: int
    levels: tuple[int, ...] | None
    gain_db: float
    key: bytes


Decode = Callable[[Block], Awaitable[PCM]]


def block_of(
    meta: StrandMeta, codes: Codes, lo: int, hi: int, *, codec: CodecRef, levels: tuple[int, ...] | None
) -> Block:
    """The block of frames [lo, hi) of a grid (Q, T); codes of levels that are not heard do not matter to its key."""
    first, past = max(0, lo - codec.margin), min(codes.shape[1], hi + codec.margin)
    window = np.ascontiguousarray(codes[:, first:past])
    heard = window if levels is None else window[list(levels)]
    digest = hashlib.blake2b(heard.tobytes(), digest_size=16)
    digest.update(f"{meta.codec_id} {heard.shape} {lo - first} {hi - first} {levels} {meta.gain_db!r}".encode())
    return Block(
        model=codec.model,
        codec_id=meta.codec_id,
        codes=window,
        lo=lo - first,
        hi=hi - first,
        levels=levels,
        gain_db=meta.gain_db,
        key=digest.digest(),
    )


class PreviewCache:
    """Least recently heard blocks go first.

    Args:
        decode: gives the PCM ((hi - lo) * hop_length,) of a block.
        max_bytes: cap on the PCM kept.
    """

    def __init__(self, decode: Decode, max_bytes: int = MAX_BYTES) -> None:
        self._decode, self._max_bytes = decode, max_bytes
        self._kept: OrderedDict[bytes, PCM] = OrderedDict()
        self._coming: dict[bytes, asyncio.Task[PCM]] = {}
        self.bytes = 0
        self.decoded = 0

    def peek(self, block: Block) -> PCM | None:
        """The block's PCM if it is there already. Read-only: others hear it too."""
        pcm = self._kept.get(block.key)
        if pcm is not None:
            self._kept.move_to_end(block.key)
        return pcm

    async def fetch(self, block: Block) -> PCM:
        """The block's PCM, decoded if need be.

        Raises:
            AlleleError: what the engine says.
        """
        pcm = self.peek(block)
        return pcm if pcm is not None else await asyncio.shield(self._begin(block))

    def prefetch(self, block: Block) -> None:
        """Have the block decoded; a failure is left to whoever fetches it."""
        if self.peek(block) is None:
            self._begin(block)

    async def close(self) -> None:
        """Give up what is being decoded and forget everything."""
        for task in list(self._coming.values()):
            task.cancel()
        await asyncio.gather(*self._coming.values(), return_exceptions=True)
        self._kept.clear()
        self.bytes = 0

    def _begin(self, block: Block) -> "asyncio.Task[PCM]":
        task = self._coming.get(block.key)
        if task is None:
            task = asyncio.create_task(self._fill(block))
            self._coming[block.key] = task
            task.add_done_callback(_retrieve)
        return task

    async def _fill(self, block: Block) -> PCM:
        try:
            pcm = np.asarray(await self._decode(block), np.float32)
            pcm.setflags(write=False)
            self.decoded += 1
            self._keep(block.key, pcm)
            return pcm
        finally:
            self._coming.pop(block.key, None)

    def _keep(self, key: bytes, pcm: PCM) -> None:
        self._kept[key] = pcm
        self.bytes += pcm.nbytes
        while self.bytes > self._max_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= oldest.nbytes


def _retrieve(task: "asyncio.Task[PCM]") -> None:
    """A prefetch that nobody waits for may fail; whoever needs the block asks again and is told."""
    if not task.cancelled():
        task.exception()
