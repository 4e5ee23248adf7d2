"""The strand file format: an `.alle` file is a zip of `strand.json`, `codes.npy` (Q,T) uint16 and `columns.npy` (4,T).

The functions convert between objects and bytes and open no files. Any program with numpy can read the format, and write
it: without `columns.npy` every frame has the strand's own level and recording. Pickled data is never loaded.
"""

import io
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from protocol.columns import MAX_GAIN_DB, MAX_SOURCES, SOURCE, Columns, check_columns, encoded_columns, renumbered
from protocol.errors import AlleleError
from protocol.tempo import Tempo, tempo_fault
from protocol.units import SAMPLE_RATE_HZ

Codes = npt.NDArray[np.uint16]

FORMAT = 2
MAX_STRAND_BYTES = 64 * 1024 * 1024  # unpacked: 5 h at 8 levels; more is a zip bomb
MAX_LEVELS = 32
MAX_CODEBOOK = 65_536


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The recording that a strand was encoded from."""

    path: str = ""
    sha256: str = ""
    sample_rate: int = 0
    channels: int = 0


class StrandMeta(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a strand: everything that is stored except its codes.

    samples: exact length of the sound at `sample_rate`. gain_db: added when decoding to restore the source's level,
    unless columns give each frame its own. sources: further recordings that frames came from (`protocol.columns`).
    edits: the text of every applied edit, oldest first. channels: 1 or 2; the codes of both are one grid. tempo: the
    grid of bars and beats over the sound, or None. other: the second model that it was generated with, or "".
    """

    format: int = FORMAT
    name: str
    model: str
    codec_id: str
    levels: int
    codebook: int
    frames: int
    samples: int
    sample_rate: int = SAMPLE_RATE_HZ
    hop_length: int = 1024
    frame_rate: float = 46.875
    channels: int = 1
    gain_db: float = 0.0
    source: Source = Source()
    sources: list[Source] = []
    tempo: Tempo | None = None
    edits: list[str] = []
    created: str = ""
    other: str = ""


class Strand(NamedTuple):
    """A strand as a value: its description, its codes (Q, T) and its columns (4, T)."""

    meta: StrandMeta
    codes: Codes
    columns: Columns

    @property
    def buffers(self) -> tuple[npt.NDArray[Any], ...]:
        """The buffers with which a message contains the strand: codes, then columns."""
        return self.codes, self.columns


def as_encoded(meta: StrandMeta, codes: Codes) -> Strand:
    """Return a strand whose frames all have the level and the recording that its description gives."""
    return Strand(meta, codes, encoded_columns(codes.shape[1], meta.hop_length, meta.gain_db))


def check_strand(meta: StrandMeta, codes: npt.NDArray[Any], columns: npt.NDArray[Any] | None) -> Strand:
    """Return a strand if its codes and columns match its description. Without columns it is as it was encoded.

    Raises:
        AlleleError: E_BAD_STRAND or E_BAD_CODE.
    """
    check_meta(meta)
    checked = check_codes(meta, codes)
    if columns is None:
        return as_encoded(meta, checked)
    return Strand(meta, checked, check_columns(columns, meta.frames, len(meta.sources)))


def with_sources(meta: StrandMeta, others: Sequence[Source], columns: Columns) -> tuple[StrandMeta, Columns]:
    """Let a strand take columns over from another one.

    Args:
        others: the recordings of the other strand, its own first, then those of its `sources`.
        columns: columns of the other strand.

    Returns:
        The description, with the recordings that the columns use, and the columns with this strand's numbers.

    Raises:
        AlleleError: E_RANGE if the strand would come from more than MAX_SOURCES recordings.
    """
    mine, numbers = [meta.source, *meta.sources], list(range(len(others)))
    for number in np.unique(columns[SOURCE]).tolist():
        if number >= 0 and others[number] not in mine:
            mine.append(others[number])
        if number >= 0:
            numbers[number] = mine.index(others[number])
    if len(mine) > MAX_SOURCES:
        raise AlleleError("E_RANGE", f"{meta.name} would come from more than {MAX_SOURCES} recordings")
    return msgspec.structs.replace(meta, sources=mine[1:]), renumbered(columns, numbers)


def check_meta(meta: StrandMeta) -> StrandMeta:
    """Return the description if its values are consistent and a sound can be decoded from it.

    Raises:
        AlleleError: E_BAD_STRAND. It names the value that is wrong.
    """
    wrong = ""
    if meta.channels not in (1, 2):
        wrong = f"{meta.channels} channels, a strand has 1 or 2"
    elif meta.sample_rate != SAMPLE_RATE_HZ:
        wrong = f"a sample rate of {meta.sample_rate}, strands are at {SAMPLE_RATE_HZ}"
    elif meta.hop_length < 1 or not abs(meta.frame_rate * meta.hop_length - meta.sample_rate) < 1:
        wrong = f"{meta.frame_rate:g} frames a second of {meta.hop_length} samples each, not {meta.sample_rate} samples"
    elif not 0 <= meta.samples <= meta.frames * meta.hop_length:
        wrong = f"{meta.samples} samples, {meta.frames} frames hold up to {max(0, meta.frames * meta.hop_length)}"
    elif not -MAX_GAIN_DB <= meta.gain_db <= MAX_GAIN_DB:
        wrong = f"a gain of {meta.gain_db:g} dB, it goes from -{MAX_GAIN_DB:g} to {MAX_GAIN_DB:g}"
    wrong = wrong or tempo_fault(meta.tempo)
    if wrong:
        raise AlleleError("E_BAD_STRAND", f"it says {wrong}", hint="encode the recording again: allele encode")
    return meta


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def check_codes(meta: StrandMeta, codes: npt.NDArray[Any]) -> Codes:
    """Return the codes as (Q, T) uint16 if they match the description of their strand.

    Raises:
        AlleleError: E_BAD_STRAND for a wrong shape or type, E_BAD_CODE for a code outside the codebook.
    """
    if not (1 <= meta.levels <= MAX_LEVELS and 1 <= meta.codebook <= MAX_CODEBOOK):
        raise AlleleError("E_BAD_STRAND", f"{meta.levels} levels of {meta.codebook} codes are not a codec's")
    if codes.ndim != 2 or codes.shape != (meta.levels, meta.frames):
        raise AlleleError(
            "E_BAD_STRAND", f"the codes are {_times(codes.shape)}, the strand says {_times((meta.levels, meta.frames))}"
        )
    if codes.dtype.kind not in "ui" or codes.dtype.itemsize > 8:
        raise AlleleError("E_BAD_STRAND", f"codes are whole numbers, not {codes.dtype}")
    if codes.size and not (int(codes.min()) >= 0 and int(codes.max()) < meta.codebook):
        wrong = int(codes.min() if codes.min() < 0 else codes.max())
        problem = f"codes go from 0 to {meta.codebook - 1}, found {wrong}"
        raise AlleleError("E_BAD_CODE", problem, hint="it is damaged or of another model: encode the sound again")
    return np.ascontiguousarray(codes, dtype=np.uint16)


def pack_strand(strand: Strand) -> bytes:
    """Write a strand as the bytes of an `.alle` file. The same strand always gives the same bytes."""
    meta, codes, columns = check_strand(*strand)
    text = msgspec.json.format(msgspec.json.encode(meta), indent=1)
    members = {"strand.json": text, "codes.npy": _npy(codes), "columns.npy": _npy(columns)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack_strand(data: bytes) -> Strand:
    """Read a strand from the bytes of an `.alle` file.

    Raises:
        AlleleError: E_BAD_STRAND or E_BAD_CODE. It names what is wrong with the file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text, raw = (_read_member(archive, name) for name in ("strand.json", "codes.npy"))
            meta = msgspec.json.decode(text, type=StrandMeta)
            if meta.format > FORMAT:
                raise AlleleError(
                    "E_BAD_STRAND", f"it is of format {meta.format}, newer than this Allele", hint="upgrade"
                )
            codes = np.load(io.BytesIO(raw), allow_pickle=False)
            has_columns = "columns.npy" in archive.namelist()
            raw_columns = _read_member(archive, "columns.npy") if has_columns else b""
            columns = np.load(io.BytesIO(raw_columns), allow_pickle=False) if has_columns else None
    except AlleleError:
        raise
    except Exception as problem:  # noqa: BLE001 - readers of zip, json and npy raise many kinds of exception
        raise AlleleError(
            "E_BAD_STRAND", f"it is not an .alle strand: {problem}", hint="make one with: allele encode"
        ) from None
    return check_strand(meta, codes, columns)


def _npy(array: npt.NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > MAX_STRAND_BYTES:
        raise AlleleError("E_BAD_STRAND", f"{name} unpacks to {info.file_size} bytes, too many")
    with archive.open(info) as member:  # the size in the header may be false: read at most the limit
        content = member.read(MAX_STRAND_BYTES + 1)
    if len(content) > MAX_STRAND_BYTES:
        raise AlleleError("E_BAD_STRAND", f"{name} is too large")
    return content
