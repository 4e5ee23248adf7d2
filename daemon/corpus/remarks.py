"""Messages about what was not read of a file or is unusual about it, shared by corpora and single sounds."""

from dataclasses import dataclass

from daemon.corpus.reading import LONGEST_S, Decoding

AGAIN = "Copy or export the file again."


@dataclass(frozen=True)
class Remark:
    """A sentence about a file, and a hint on what to do about it ("" for nothing)."""

    message: str
    hint: str = ""


def remarks_on(decoding: Decoding) -> list[Remark]:
    """Remarks on how a file was read, the most serious first; empty for an intact file.

    Args:
        decoding: a file whose blocks have been read to the end.
    """
    found: list[Remark] = []
    read = f"{decoding.read_s:.2f} s"
    claimed_s = decoding.claimed_s
    if decoding.is_over_limit:
        hours = f"{LONGEST_S / 3600:g}"
        found.append(Remark(f"Longer than {hours} hours: the first {hours} are kept.", "Cut it into shorter files."))
    elif decoding.is_cut_short:
        is_known = claimed_s is not None and decoding.read_s < claimed_s < LONGEST_S
        claimed = f" of {claimed_s:.2f} s" if is_known else ""
        found.append(Remark(f"Damaged or truncated: the first {read}{claimed} could be read and are kept.", AGAIN))
    elif decoding.is_holed:
        found.append(Remark(f"Damaged: parts of it cannot be decoded; {read} could be read and are kept.", AGAIN))
    if decoding.unread_links:
        parts = ", ".join(str(place) for place in decoding.unread_links)
        found.append(Remark(f"It consists of {decoding.links} parts; not read: part {parts}.", "Split it into files."))
    if decoding.is_unfinished:
        found.append(Remark(f"The header was never finished: all {read} up to the end of the file were read."))
    if decoding.is_unclosed:
        found.append(Remark(f"The stream is not marked as ended: all {read} that are there were read."))
    if decoding.other_streams:
        total = decoding.other_streams + 1
        found.append(Remark(f"It holds {total} sound tracks: the first is read.", "Export the others as files."))
    return found
