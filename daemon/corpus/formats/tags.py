"""Tags before, after and between the frames of MPEG audio: ID3v2, ID3v1, APE and Lyrics3."""

from daemon.corpus.formats.layout import Bytes, number

ID3V1_BYTES = 128
APE_BYTES = 32
MOST_TAGS = 100


def tag_size(data: Bytes, at: int) -> int:
    """Size in bytes of the tag that begins at an offset; 0 if none does."""
    head = bytes(data[at : at + 10])
    if head[:3] == b"ID3" and len(head) == 10 and not any(byte & 0x80 for byte in head[6:]):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if bytes(data[at : at + 8]) == b"APETAGEX":
        is_header = number(data, at + 20, "<I") >> 29 & 1
        return APE_BYTES + (number(data, at + 12, "<I") if is_header else 0)
    if head[:3] == b"TAG":
        return ID3V1_BYTES
    if bytes(data[at : at + 11]) == b"LYRICSBEGIN":
        end = max(data.find(b"LYRICS200", at), data.find(b"LYRICSEND", at))
        return end + 9 - at if end > 0 else 11
    return 0


def skip_tags(data: Bytes, at: int) -> int:
    """Offset after the consecutive tags that begin at an offset."""
    for _ in range(MOST_TAGS):
        size = tag_size(data, at)
        if not size:
            break
        at += size
    return min(at, len(data))


def end_of_sound(data: Bytes) -> int:
    """Offset at which the tags at the end of the file begin."""
    stop = len(data)
    if bytes(data[max(0, stop - ID3V1_BYTES) :])[:3] == b"TAG":
        stop -= ID3V1_BYTES
    if bytes(data[max(0, stop - 9) : stop]) in (b"LYRICS200", b"LYRICSEND"):
        begin = data.rfind(b"LYRICSBEGIN", 0, stop)
        stop = begin if begin > 0 else stop
    if stop >= APE_BYTES and bytes(data[stop - APE_BYTES : stop - 24]) == b"APETAGEX":
        size = number(data, stop - 20, "<I")
        has_header = number(data, stop - 12, "<I") >> 31
        stop = max(0, stop - size - (APE_BYTES if has_header else 0))
    return stop
