"""The card of a finished prior: what was measured when its training ended. No torch, so the broker can read it."""

from pathlib import Path

import msgspec

from protocol.atomic import write_bytes

CARD_NAME = "card.json"
FOLDER = "prior"
"""Folder of the prior inside a model's folder."""


class PriorCard(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `prior/card.json`, which is written last. Its presence means that the prior can be used."""

    version: int = 1
    kind: str = "causal with copies"
    parameters: int
    steps: int
    seconds: float
    bits_per_frame: float
    """Bits that a frame of training codes costs."""
    held_out_bits_per_frame: float | None
    """The same of held-out codes; None if nothing was held out."""
    network_bits_per_frame: float | None
    """The same without copies of the sequence's own past."""
    unigram_bits_per_frame: float
    """The same if only the use of each code were known."""
    temperature: float
    """The temperature at which level 0 repeats itself as often as in the recordings."""
    repeat_rate: float
    """How often it then repeats itself, as a share of the frames."""
    corpus_repeat_rate: float
    novelty: dict[str, float] | None = None
    """Shares of a few sounds made from nothing that are copy, close and new; None if that was not measured."""
    ended: str = ""
    """Why the training ended before its budget was used; empty if it was used."""


def write_card(folder: Path, card: PriorCard) -> None:
    """Write `card.json` into a prior's folder."""
    write_bytes(folder / CARD_NAME, msgspec.json.format(msgspec.json.encode(card), indent=1))


def read_card(model_dir: Path) -> PriorCard | None:
    """Read the card of a model's prior; None if the model has no finished prior or its card is damaged."""
    try:
        return msgspec.json.decode((model_dir / FOLDER / CARD_NAME).read_bytes(), type=PriorCard)
    except (OSError, msgspec.DecodeError):
        return None
