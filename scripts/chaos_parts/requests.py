"""Shared parts of scripts/chaos.py: toy strands, and requests that are retried until they are answered."""

import asyncio
import os

import numpy as np
import numpy.typing as npt

from protocol.errors import AlleleError
from protocol.messages.fields import Struct
from protocol.messages.models import ModelInfo
from protocol.messages.strands import OpenStrand
from protocol.strands import StrandMeta, as_encoded
from tui.transport.client import Client

Q, K, T = 2, 16, 200
GONE = ("E_UNAVAILABLE", "E_DEADLINE", "E_CANCELLED", "E_ENGINE")
Codes = npt.NDArray[np.uint16]


class LostError(Exception):
    """A guarantee of the daemon was broken."""


async def open_strand(client: Client, model: ModelInfo, name: str, codes: Codes) -> str:
    """Open a strand with these codes; returns its id."""
    meta = StrandMeta(
        name=name, model=model.name, codec_id=model.codec_id, levels=Q, codebook=K, frames=T,
        samples=T * model.hop_length, sample_rate=model.sample_rate, hop_length=model.hop_length,
    )  # fmt: skip
    return (await until_answered(client, OpenStrand(meta=meta), [*as_encoded(meta, codes).buffers])).body.id


async def until_answered(client: Client, body: Struct, buffers: list[Codes] | None = None):
    """Send a request with one id until it has a reply; returns the reply."""
    identity = os.urandom(16)
    while True:
        try:
            return await client.request(body, buffers=buffers or [], request_id=identity, timeout_s=20.0)
        except AlleleError as error:
            if error.code not in GONE:
                raise
            await asyncio.sleep(0.05)
