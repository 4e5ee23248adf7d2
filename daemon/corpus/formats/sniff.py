"""Identify a sound file by its first bytes, not by its name, and find its layout.

The content of a file never raises an error here. An unknown container gets the plain layout, and the decoder decides
whether it can read the file.
"""

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.corpus.formats.flac import is_flac, lay_out_flac
from daemon.corpus.formats.iff import is_aiff, is_au, is_caf, lay_out_aiff, lay_out_au, lay_out_caf
from daemon.corpus.formats.layout import Bytes, Layout, Link
from daemon.corpus.formats.mpeg import is_mpeg, lay_out_mpeg
from daemon.corpus.formats.ogg import is_ogg, lay_out_ogg
from daemon.corpus.formats.riff import is_wave, is_wave64, lay_out_wave64, lay_out_waves
from daemon.corpus.formats.tags import skip_tags

FAMILIES: tuple[tuple[Callable[[Bytes], bool], Callable[[Bytes], Layout | None]], ...] = (
    (is_wave, lay_out_waves),
    (is_wave64, lay_out_wave64),
    (is_aiff, lay_out_aiff),
    (is_au, lay_out_au),
    (is_caf, lay_out_caf),
    (is_ogg, lay_out_ogg),
    (is_flac, lay_out_flac),
)
FALLBACKS: dict[Callable[..., bool], str] = {
    is_wave: "wav",
    is_ogg: "ogg",
}  # codecs that libsndfile does not know inside containers that it does
FFMPEG_MAGICS: tuple[tuple[int, bytes, str, str], ...] = (
    (4, b"ftyp", "mov", "MP4 or M4A"),
    (4, b"moov", "mov", "MP4 or M4A"),
    (4, b"mdat", "mov", "MP4 or M4A"),
    (0, b"wvpk", "wv", "WavPack"),
    (0, b"\x1a\x45\xdf\xa3", "matroska", "Matroska or WebM"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", "Windows Media"),
    (0, b"TTA1", "tta", "True Audio"),
    (0, b"ADIF", "aac", "AAC"),
)


@dataclass(frozen=True, kw_only=True)
class Container:
    """Kind and layout of a sound file.

    Attributes:
        layout: layout for libsndfile.
        ffmpeg: FFmpeg's name of the format, "" if FFmpeg does not read it.
        name: common name of the format, for messages.
        is_sndfile: whether libsndfile is tried first; otherwise only FFmpeg.
    """

    layout: Layout
    ffmpeg: str = ""
    name: str = ""
    is_sndfile: bool = True


def look_into(path: Path) -> Container:
    """Identify the format and layout of a file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if not file.read(1):
            return Container(layout=Layout())
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _look(data)


def _look(data: Bytes) -> Container:
    for is_kind, lay_out in FAMILIES:
        if is_kind(data):
            return Container(layout=lay_out(data) or Layout(), ffmpeg=FALLBACKS.get(is_kind, ""))
    behind = skip_tags(data, 0)
    for at, magic, ffmpeg, name in FFMPEG_MAGICS:
        if bytes(data[at : at + len(magic)]) == magic:
            return Container(layout=Layout(), ffmpeg=ffmpeg, name=name, is_sndfile=False)
    if behind and is_flac(data, behind):
        return Container(layout=lay_out_flac(data, behind))
    if _is_adts(data, behind):
        return Container(layout=Layout(), ffmpeg="aac", name="AAC", is_sndfile=False)
    if is_mpeg(data):
        return Container(layout=lay_out_mpeg(data) or Layout(links=[Link(is_exact=False)]), ffmpeg="mp3", name="MP3")
    return Container(layout=Layout())


def _is_adts(data: Bytes, at: int) -> bool:
    """Whether AAC in ADTS frames begins at an offset: three headers that lead from one to the next."""
    for _ in range(3):
        head = bytes(data[at : at + 7])
        if at == len(data):
            return True
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            return False
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if size < 7:
            return False
        at += size
    return True
