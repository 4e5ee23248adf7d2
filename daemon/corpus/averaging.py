"""What averaging does to the channels of a recording, in words: one rule for a corpus and for a single sound."""

from daemon.corpus.remarks import Remark
from daemon.dsp.mixdown import MOST_SIDE_DB, Loss, Mixdown

FLIP = "Flip the polarity of one of them, or keep one channel alone."


def cancelled(mixdown: Mixdown) -> Remark | None:
    """Why a recording cannot be used, if its channels cancel each other out; neither mono nor stereo models can."""
    if mixdown.loss is None or not mixdown.is_gone:
        return None
    levels = _levels(mixdown.loss.mean_db, mixdown.loss.loudest_db)
    return Remark(f"Its channels cancel each other out: averaging leaves {levels}.", FLIP)


def averaging_remarks(mixdown: Mixdown, *, is_stereo: bool = False) -> list[Remark]:
    """What there is to say where averaging loses sound; nothing of a recording that it does no harm.

    Args:
        is_stereo: for a model in two channels, which averages no pair, but cannot carry one that has hardly a middle.
    """
    if mixdown.channels == 1 or mixdown.is_silent:
        return []
    loss, stretch = mixdown.loss, mixdown.stretch
    is_carried = is_stereo and mixdown.channels == 2 and mixdown.side_db <= MOST_SIDE_DB
    if loss is not None and not is_carried:
        return [_lost(loss, mixdown)]
    if stretch is not None:
        where = f"for {stretch.total_s:.1f} s, first at {stretch.start_s:.0f} s"
        levels = _levels(stretch.mean_db, stretch.loudest_db)
        return [Remark(f"Its channels cancel each other {where}: averaging leaves {levels}.", FLIP)]
    return []


def silence_remark(mixdown: Mixdown, *, is_stereo: bool) -> str:
    """Which channels are left out of the average because they are silent; "" if none is."""
    if not mixdown.silent:
        return ""
    if mixdown.channels == 2:
        silent, heard = (("left", "right")[channel] for channel in (*mixdown.silent, *mixdown.heard))
        return f"its {silent} channel is silent" + ("" if is_stereo else f": the {heard} one is used alone")
    count = len(mixdown.silent)
    return f"{count} of its {mixdown.channels} channels {'is' if count == 1 else 'are'} silent and left out"


def _lost(loss: Loss, mixdown: Mixdown) -> Remark:
    levels = _levels(loss.mean_db, loss.loudest_db)
    if not loss.is_cancelling:
        hint = f"Keep channel {loss.channels[0] + 1} alone, or mix the file down by hand."
        return Remark(f"Its channels differ: averaging leaves {levels}.", hint)
    one, other = sorted(channel + 1 for channel in loss.channels[:2])
    which = "Its channels" if len(loss.channels) == mixdown.channels else f"Its channels {one} and {other}"
    return Remark(f"{which} partly cancel each other: averaging leaves {levels}.", FLIP)


def _levels(mean_db: float, loudest_db: float) -> str:
    return f"{mean_db:.0f} dB of a {loudest_db:.0f} dB channel"
