"""Messages about what averaging to mono does to a recording, shared by corpora and single sounds."""

from daemon.corpus.remarks import Remark
from daemon.dsp.mixdown import MOST_SIDE_DB, Loss, Mixdown

FLIP = "Flip the polarity of one of them, or keep one channel alone."


def cancelled(mixdown: Mixdown) -> Remark | None:
    """Why a recording whose channels cancel each other out cannot be used by any model; None if they do not."""
    if mixdown.loss is None or not mixdown.is_gone:
        return None
    levels = _levels(mixdown.loss.mean_db, mixdown.loss.loudest_db)
    return Remark(f"Its channels cancel each other out: averaging leaves {levels}.", FLIP)


def averaging_remarks(mixdown: Mixdown, *, is_stereo: bool = False) -> list[Remark]:
    """Remarks on what averaging loses of a recording; empty if it does no harm.

    Args:
        is_stereo: whether a stereo model uses the recording. It does not average a pair, but cannot code a pair whose
            side is much louder than its mid.
    """
    if mixdown.channels == 1 or mixdown.is_silent:
        return []
    loss, stretch = mixdown.loss, mixdown.stretch
    is_coded = is_stereo and mixdown.channels == 2 and mixdown.side_db <= MOST_SIDE_DB
    if loss is not None and not is_coded:
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
        silent, used = (("left", "right")[channel] for channel in (*mixdown.silent, *mixdown.heard))
        return f"its {silent} channel is silent" + ("" if is_stereo else f": only the {used} one is used")
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
