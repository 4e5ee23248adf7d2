"""`.alle` files: what is packed comes back, anyone with numpy can read it, and no hostile file is believed."""

import io
import json
import pickle
import zipfile
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import strands
from protocol.errors import AlleleError
from protocol.strands import Codes, Source, StrandMeta, as_encoded, check_codes, pack_strand, unpack_strand

META = StrandMeta(name="rain", model="demo", codec_id="c" * 64, levels=2, codebook=16, frames=5, samples=5000)
CODES: Codes = np.arange(10, dtype=np.uint16).reshape(2, 5)
STRAND = as_encoded(META, CODES)


@st.composite
def metas(draw: st.DrawFn) -> tuple[StrandMeta, Codes]:
    levels, frames, codebook = draw(st.integers(1, 8)), draw(st.integers(0, 30)), draw(st.integers(2, 65_536))
    seed = draw(st.integers(0, 2**32 - 1))
    codes = np.random.default_rng(seed).integers(0, codebook, (levels, frames)).astype(np.uint16)
    meta = StrandMeta(
        name=draw(st.text(max_size=20)),
        model=draw(st.text(max_size=20)),
        codec_id=draw(st.text(max_size=64)),
        levels=levels,
        codebook=codebook,
        frames=frames,
        samples=draw(st.integers(0, frames * 1024)),
        gain_db=draw(st.floats(-100, 100)),
        source=Source(path=draw(st.text(max_size=30)), sample_rate=draw(st.integers(0, 192_000))),
        edits=draw(st.lists(st.text(max_size=20), max_size=3)),
    )
    return meta, codes


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def npy_of(array: Any, *, allow_pickle: bool = False) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=allow_pickle)
    return out.getvalue()


def refusal(data: bytes) -> AlleleError:
    with pytest.raises(AlleleError) as caught:
        unpack_strand(data)
    return caught.value


@given(metas())
def test_what_is_packed_comes_back(strand: tuple[StrandMeta, Codes]) -> None:
    meta, codes = strand
    data = pack_strand(as_encoded(meta, codes))
    came = unpack_strand(data)
    assert came.meta == meta
    assert came.codes.dtype == np.uint16 and np.array_equal(came.codes, codes)
    assert pack_strand(came) == data


def test_anyone_with_numpy_can_read_it() -> None:
    parts = members(pack_strand(STRAND))
    assert set(parts) == {"strand.json", "codes.npy", "columns.npy"}
    assert np.array_equal(np.load(io.BytesIO(parts["codes.npy"])), CODES)
    assert json.loads(parts["strand.json"])["model"] == "demo"


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert refusal(data).code == "E_BAD_STRAND"


@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(pack_strand(STRAND))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        unpack_strand(bytes(damaged))
    except AlleleError as error:
        assert error.code in {"E_BAD_STRAND", "E_BAD_CODE"}


@pytest.mark.parametrize("past", range(0, 400, 37))
def test_truncated_files_are_refused(past: int) -> None:
    assert refusal(pack_strand(STRAND)[:past]).code == "E_BAD_STRAND"


def test_a_zip_bomb_is_refused_unread() -> None:
    meta = members(pack_strand(STRAND))["strand.json"]
    bomb = archive_of(strand__json=meta, codes__npy=bytes(strands.MAX_STRAND_BYTES + 1))
    assert len(bomb) < strands.MAX_STRAND_BYTES // 100
    assert "too many" in refusal(bomb).message


def test_a_zip_that_lies_about_its_size_is_read_no_further_than_it_says() -> None:
    data = bytearray(archive_of(strand__json=b"{}", codes__npy=bytes(1 << 20)))
    real = (1 << 20).to_bytes(4, "little")
    assert data.count(real) == 2
    assert refusal(bytes(data.replace(real, (10).to_bytes(4, "little")))).code == "E_BAD_STRAND"


class Exploding:
    """What a pickle would run if anybody unpickled it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickled_array_is_refused_unexecuted() -> None:
    meta = members(pack_strand(STRAND))["strand.json"]
    boxed = np.empty((2, 5), object)
    boxed[:] = Exploding()
    assert refusal(archive_of(strand__json=meta, codes__npy=npy_of(boxed, allow_pickle=True))).code == "E_BAD_STRAND"
    assert refusal(archive_of(strand__json=meta, codes__npy=pickle.dumps(Exploding()))).code == "E_BAD_STRAND"


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (CODES.astype(np.float32), "E_BAD_STRAND"),
        (CODES.astype(complex), "E_BAD_STRAND"),
        (CODES[:1], "E_BAD_STRAND"),
        (CODES[:, :4], "E_BAD_STRAND"),
        (CODES.reshape(-1), "E_BAD_STRAND"),
        (CODES[None], "E_BAD_STRAND"),
        (CODES + np.uint16(7), "E_BAD_CODE"),
        (CODES.astype(np.int64) - 1, "E_BAD_CODE"),
        (np.array([["a"] * 5] * 2), "E_BAD_STRAND"),
    ],
)
def test_codes_that_do_not_fit_are_refused(codes: Any, code: str) -> None:
    with pytest.raises(AlleleError) as caught:
        check_codes(META, codes)
    assert caught.value.code == code and (caught.value.hint or code != "E_BAD_CODE")
    meta = members(pack_strand(STRAND))["strand.json"]
    assert refusal(archive_of(strand__json=meta, codes__npy=npy_of(codes))).code == code


@pytest.mark.parametrize(
    "change",
    [
        {"levels": 0},
        {"levels": 33},
        {"codebook": 0},
        {"codebook": 65_537},
        {"levels": -2, "frames": -5},
        {"frames": "many"},
        {"format": 99},
    ],
)
def test_lying_headers_are_refused(change: dict[str, Any]) -> None:
    parts = members(pack_strand(STRAND))
    header = json.loads(parts["strand.json"]) | change
    lying = archive_of(strand__json=json.dumps(header).encode(), codes__npy=parts["codes.npy"])
    assert refusal(lying).code == "E_BAD_STRAND"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gain_db": 100.5}, "gain of 100.5 dB"),
        ({"gain_db": -4000.0}, "gain of -4000 dB"),
        ({"channels": 3}, "3 channels"),
        ({"channels": 0}, "0 channels"),
        ({"sample_rate": 44_100}, "44100"),
        ({"samples": 5 * 1024 + 1}, "5121 samples"),
        ({"samples": -1}, "-1 samples"),
        ({"hop_length": 0}, "samples each"),
        ({"hop_length": -1024}, "samples each"),
        ({"frame_rate": 1.0}, "1 frames a second"),
    ],
)
def test_a_header_of_a_sound_that_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    parts = members(pack_strand(STRAND))
    header = json.loads(parts["strand.json"]) | change
    error = refusal(archive_of(strand__json=json.dumps(header).encode(), codes__npy=parts["codes.npy"]))
    assert (error.code, said in error.message) == ("E_BAD_STRAND", True), error
    assert "allele encode" in error.hint


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_gain_that_is_no_number_is_refused(number: str) -> None:
    parts = members(pack_strand(STRAND))
    text = parts["strand.json"].replace(b'"gain_db": 0.0', f'"gain_db": {number}'.encode())
    assert text != parts["strand.json"]
    assert refusal(archive_of(strand__json=text, codes__npy=parts["codes.npy"])).code == "E_BAD_STRAND"


def test_an_npy_that_claims_terabytes_is_refused() -> None:
    meta = members(pack_strand(STRAND))["strand.json"]
    header = npy_of(CODES).replace(b"(2, 5), }", b"(99999999,99999999), }")
    assert b"99999999" in header
    assert refusal(archive_of(strand__json=meta, codes__npy=header)).code == "E_BAD_STRAND"


def test_a_newer_format_says_so() -> None:
    parts = members(pack_strand(STRAND))
    newer = msgspec.json.encode(json.loads(parts["strand.json"]) | {"format": strands.FORMAT + 1})
    assert "newer" in refusal(archive_of(strand__json=newer, codes__npy=parts["codes.npy"])).message


def test_other_whole_number_types_are_taken_and_kept_as_uint16() -> None:
    meta = members(pack_strand(STRAND))["strand.json"]
    other = npy_of(np.asfortranarray(CODES.astype(">i4")))
    cells = unpack_strand(archive_of(strand__json=meta, codes__npy=other)).codes
    assert cells.dtype == np.uint16 and cells.flags.c_contiguous
    assert np.array_equal(cells, CODES)
