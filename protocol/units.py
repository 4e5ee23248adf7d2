"""Units that are easy to confuse, as types (pyright tells them apart; at run time they are plain numbers)."""

from typing import NewType

Samples = NewType("Samples", int)  # at SAMPLE_RATE_HZ
Frames = NewType("Frames", int)  # columns of the code grid, hop_length samples each
Level = NewType("Level", int)  # depth in the residual chain, 0 coarsest
Code = NewType("Code", int)  # index into one level's codebook

SAMPLE_RATE_HZ = 48_000
