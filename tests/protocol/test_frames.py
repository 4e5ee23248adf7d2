"""Frames: what is packed comes back, limits hold, and hostile bytes raise nothing but AlleleError."""

from typing import Any

import msgpack
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from protocol import frames
from protocol.arrays import BufferSpec, pack_array, unpack_array
from protocol.errors import AlleleError, ErrorBody
from protocol.frames import Header, Kind, pack, pack_body, unpack, unpack_body
from protocol.messages.events import StepCompleted
from protocol.messages.jobs import JobInfo
from protocol.messages.registry import EVENTS, REQUESTS
from protocol.messages.session import Status

IDS = st.one_of(st.just(b""), st.binary(min_size=16, max_size=16))
TEXTS = st.text(max_size=40)
HEADERS = st.builds(
    Header,
    op=TEXTS,
    id=IDS,
    cid=IDS,
    re=st.none() | st.binary(max_size=16),
    epoch=st.none() | TEXTS,
    seq=st.none() | st.integers(0, 2**53),
    deadline_ms=st.none() | st.integers(0, 2**31),
)
ARRAYS = st.sampled_from(["<u2", "<i2", "<f4", "|u1", "<i4"]).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
)
STEPS = st.builds(
    StepCompleted,
    job=st.text(min_size=1, max_size=64),
    step=st.integers(0, 2**40),
    elapsed_s=st.floats(0, 1e6),
    progress=st.floats(0, 1),
    losses=st.dictionaries(TEXTS, st.floats(allow_nan=False), max_size=5),
)


def as_sent(parts: list[bytes | memoryview]) -> list[bytes]:
    return [bytes(part) for part in parts]


@given(st.sampled_from(Kind), HEADERS, st.none() | STEPS, st.lists(ARRAYS, max_size=4))
def test_what_is_packed_comes_back(kind: Kind, header: Header, body: StepCompleted | None, arrays: list[Any]) -> None:
    message = unpack(as_sent(pack(kind, header, body, arrays)))
    assert message.kind is kind
    assert msgspec.structs.replace(message.header, bufs=[]) == header
    assert len(message.buffers) == len(arrays)
    for came, went in zip(message.buffers, arrays, strict=True):
        assert came.dtype == went.dtype and came.shape == went.shape
        assert came.tobytes() == went.tobytes()
        assert came.flags.aligned
    if body is not None:
        assert unpack_body(message.body, StepCompleted) == body


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_random_frames_raise_only_allele_errors(parts: list[bytes]) -> None:
    with pytest.raises(AlleleError):
        unpack(parts)


@given(HEADERS, STEPS, st.lists(ARRAYS, max_size=2), st.data())
def test_damaged_frames_are_read_or_refused(header: Header, body: StepCompleted, arrays: list[Any], data: Any) -> None:
    parts = as_sent(pack(Kind.REQ, header, body, arrays))
    at = data.draw(st.integers(0, len(parts) - 1))
    damaged = bytearray(parts[at])
    for _ in range(data.draw(st.integers(1, 3))):
        if damaged and data.draw(st.booleans()):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        else:
            damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    parts[at] = bytes(damaged)
    try:
        message = unpack(parts)
        unpack_body(message.body, StepCompleted)
    except AlleleError as error:
        assert error.code in {"E_BAD_FRAME", "E_BAD_REQUEST", "E_VERSION"}


@given(st.binary(max_size=200), st.sampled_from([*(request for request, _ in REQUESTS.values()), *EVENTS.values()]))
def test_random_bodies_raise_only_allele_errors(data: bytes, type_: type[msgspec.Struct]) -> None:
    try:
        unpack_body(data, type_)
    except AlleleError as error:
        assert error.code in {"E_BAD_FRAME", "E_BAD_REQUEST"}


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x91" * 5000,  # nesting without end
        b"\xdd\xff\xff\xff\xff",  # an array that claims 4 G entries
        b"\xdf\xff\xff\xff\xff",  # a map that does
        b"\xc6\xff\xff\xff\xff",  # bytes that do
        b"\x81\x01\x02",  # a key that is no text
        b"\x81\xa4\xff\xff\xff\xff\x01",  # a key that is not UTF-8
        b"\xc1",  # never used
        b"\xd6\xff\xff\xff\xff\xff",  # a timestamp
        b"\xc7\x00\x05",  # an extension
    ],
)
def test_hostile_msgpack_is_refused(hostile: bytes) -> None:
    with pytest.raises(AlleleError):
        unpack([b"AL\x03\x03", hostile, b""])
    with pytest.raises(AlleleError):
        unpack_body(hostile, Status)


@pytest.mark.parametrize("count", [0, 1, 2, 3 + frames.MAX_BUFFERS + 1, 1000])
def test_frame_counts_outside_the_limits_are_refused(count: int) -> None:
    with pytest.raises(AlleleError, match="frames"):
        unpack([b"AL\x03\x03"] + [b""] * (count - 1) if count else [])


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        (b"", "E_BAD_FRAME"),
        (b"AL", "E_BAD_FRAME"),
        (b"XX\x01\x03", "E_BAD_FRAME"),
        (b"AL\x03\x00", "E_BAD_FRAME"),
        (b"AL\x03\xff", "E_BAD_FRAME"),
        (b"AL\x03\x03\x00", "E_BAD_FRAME"),
        (b"AL\x00\x03", "E_VERSION"),
        (b"AL\x63\x03", "E_VERSION"),
    ],
)
def test_prefixes_are_checked_first(prefix: bytes, code: str) -> None:
    with pytest.raises(AlleleError) as caught:
        unpack([prefix, b"", b""])
    assert caught.value.code == code


def test_sizes_are_refused_before_anything_is_decoded() -> None:
    head = pack_body(Header(op="x"))
    sizes = [
        (Kind.REQ, [b"\xc1" * (frames.MAX_HEADER_BYTES + 1), b""]),
        (Kind.REQ, [head, b"\xc1" * (frames.MAX_BODY_BYTES + 1)]),
        (Kind.REQ, [head, b"", bytes(frames.MAX_BUFFER_BYTES + 1)]),
        (Kind.CHUNK, [head, b"", bytes(frames.MAX_CHUNK_BYTES + 1)]),
    ]
    for kind, rest in sizes:
        with pytest.raises(AlleleError, match="at most"):
            unpack([b"AL\x03" + bytes((kind,)), *rest])


def test_the_sender_keeps_the_limits_too() -> None:
    big = np.zeros(frames.MAX_BUFFER_BYTES // 4 + 1, np.float32)
    with pytest.raises(AlleleError, match="at most"):
        pack(Kind.REQ, Header(op="x"), buffers=[big])
    with pytest.raises(AlleleError, match="at most"):
        pack(Kind.REQ, Header(op="x" * frames.MAX_HEADER_BYTES))
    with pytest.raises(AlleleError, match="at most"):
        pack(Kind.REQ, Header(op="x"), buffers=[np.zeros(1, np.float32)] * (frames.MAX_BUFFERS + 1))
    with pytest.raises(AlleleError, match="at most"):
        pack(Kind.CHUNK, Header(op="x"), buffers=[np.zeros(frames.MAX_CHUNK_BYTES // 4 + 1, np.float32)])


def test_buffers_and_header_must_agree() -> None:
    parts = as_sent(pack(Kind.REQ, Header(op="x"), buffers=[np.zeros(4, np.float32)]))
    with pytest.raises(AlleleError, match="buffers"):
        unpack(parts[:3])
    with pytest.raises(AlleleError, match="bytes are not an array"):
        unpack([*parts[:3], parts[3][:-1]])


@pytest.mark.parametrize(
    "spec",
    [
        BufferSpec(dt="|O", shape=[1]),
        BufferSpec(dt="<f8", shape=[1]),
        BufferSpec(dt="<f4", shape=[-1]),
        BufferSpec(dt="<f4", shape=[2**40, 2**40]),
        BufferSpec(dt="<f4", shape=[1] * 5),
        BufferSpec(dt="<f4", shape=[3]),
    ],
)
def test_lying_buffer_descriptions_are_refused(spec: BufferSpec) -> None:
    with pytest.raises(AlleleError) as caught:
        unpack_array(spec, b"12345678")
    assert caught.value.code == "E_BAD_FRAME"


@given(ARRAYS)
def test_arrays_come_back_whatever_their_layout(array: Any) -> None:
    for view in (array, array[::-1], np.asfortranarray(array), array.astype(array.dtype.newbyteorder(">"))):
        spec, data = pack_array(view, 48_000)
        came = unpack_array(spec, bytes(data))
        assert spec.sr == 48_000
        assert came.shape == view.shape
        assert came.tobytes() == np.ascontiguousarray(view.astype(array.dtype)).tobytes()


def test_misaligned_bytes_become_an_aligned_array() -> None:
    spec, data = pack_array(np.arange(5, dtype=np.float32))
    shifted = memoryview(b"x" + bytes(data))[1:]
    came = unpack_array(spec, shifted)
    assert came.flags.aligned
    assert came.tolist() == [0, 1, 2, 3, 4]


def test_arrays_of_objects_do_not_travel() -> None:
    with pytest.raises(AlleleError):
        pack_array(np.array([object()]))


def test_unknown_fields_are_ignored_and_missing_ones_get_their_defaults() -> None:
    data = msgpack.packb({"id": "1", "kind": "train", "subject": "s", "state": "done", "from_the_future": [1, 2]})
    assert unpack_body(data, JobInfo) == JobInfo(id="1", kind="train", subject="s", state="done")


def test_errors_travel_whole_and_always_fit() -> None:
    error = AlleleError("E_CONFLICT", "it changed", hint="fetch it")
    assert AlleleError.of(unpack_body(pack_body(error.body()), ErrorBody)).body() == error.body()
    assert error.retryable
    huge = AlleleError("E_IO", "x" * 10_000_000, hint="y" * 10_000_000)
    pack(Kind.ERR, Header(op="x"), huge.body())
    assert AlleleError("E_NO_SUCH_CODE", "x").code == "E_INTERNAL"
