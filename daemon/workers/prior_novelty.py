"""Judges how new the sounds of a prior are: the preview of each evaluation, and a few sounds when its training ends."""

import contextlib
from collections import Counter
from pathlib import Path

from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.prior.card import FOLDER, read_card, write_card
from daemon.prior.prior import Prior
from daemon.prior.sampling import Sampling, sample
from daemon.workers.clips import read_clip
from protocol.errors import AlleleError

SOUNDS, FRAMES = 6, 192
"""Sounds from nothing that are judged at the end, and their length in frames, 4.1 s: two or three CPU-seconds."""
_SEED = 1001


def preview_novelty(model_dir: Path, preview: Path) -> str:
    """The verdict on an evaluation's preview; "" for a model without an index of its recordings."""
    with contextlib.suppress(NoveltyError, AlleleError):
        codec = Codec.load(model_dir)
        index = NoveltyIndex.load(model_dir, codec.codec_id)
        return Judge(index).judge(read_clip(preview, codec.config.channels).audio).verdict
    return ""


def judge_prior(model_dir: Path) -> str:
    """Write into the card of a model's prior which share of its sounds is copied, close or new; returns a sentence.

    The shares are of windows of about a second, in which something can be heard.
    """
    codec, card = Codec.load(model_dir), read_card(model_dir)
    if card is None:
        return "the prior's sounds were not judged: it has no card"
    try:
        judge = Judge(NoveltyIndex.load(model_dir, codec.codec_id))
    except NoveltyError as problem:
        return f"the prior's sounds were not judged: {problem.message}"
    prior = Prior.load(model_dir / FOLDER, codec)
    grids = sample(prior, FRAMES, range(_SEED, _SEED + SOUNDS), Sampling(temperature=card.temperature))
    moments = [moment for grid in grids for moment in judge.judge(codec.decode(grid)).moments]
    counts = Counter(moment.verdict for moment in moments if moment.verdict != "silent")
    heard = sum(counts.values())
    if not heard:
        return "the prior's sounds were not judged: nothing can be heard in them"
    shares = {verdict: round(counts[verdict] / heard, 3) for verdict in ("copy", "close", "new")}
    write_card(model_dir / FOLDER, replace(card, novelty=shares))
    words = ", ".join(f"{share:.0%} {verdict}" for verdict, share in shares.items())
    return f"novelty of {SOUNDS} sounds from the prior: {words}"
