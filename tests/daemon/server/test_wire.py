"""The broker's wire: garbage costs nothing, repeated and reordered requests have one effect, events have no gaps."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import psutil
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.edits import parse_edit
from protocol.errors import ErrorBody
from protocol.frames import Header, Kind, pack, unpack, unpack_body
from protocol.messages.session import GetSnapshot, GetStatus, Hello, Snapshot, Status, Welcome
from protocol.messages.strands import ApplyEdit, EditApplied, ListStrands, OpenStrand, StrandInfo, Strands, UndoEdit
from protocol.strands import StrandMeta, as_encoded
from protocol.version import PROTOCOL_MAX

Live = Any  # the conftest's LiveDaemon and Wire
Wire = Any

PREFIX = b"AL\x03\x03"
HEADER = msgpack.packb({"op": "GetStatus", "id": b"i" * 16, "cid": b"c" * 16})
SOME_BYTES = st.binary(max_size=300)
VALUES = st.recursive(
    st.none() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=20) | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OPS = st.sampled_from(["GetStatus", "ApplyEdit", "StartTraining", "OpenStrand", "EditSnapshot", "DecodeRegion", "Nope"])


@pytest.fixture(scope="module")
def live(new_home: Callable[[], Path], launch: Callable[[Path], Live]) -> Iterator[Live]:
    """A daemon of this module's own: its log is counted, and its memory measured."""
    daemon = launch(new_home())
    yield daemon
    assert daemon.is_alive
    assert daemon.stop() == 0


@st.composite
def near_misses(draw: st.DrawFn) -> list[bytes]:
    """Messages that are right in most of their parts."""
    kind = draw(st.integers(0, 12))
    header: dict[str, Any] = {"op": draw(OPS), "id": os.urandom(16), "cid": b"c" * 16}
    header |= draw(
        st.dictionaries(st.sampled_from(["op", "id", "cid", "re", "deadline_ms", "bufs"]), VALUES, max_size=2)
    )
    body = msgpack.packb(draw(st.dictionaries(st.text(max_size=8), VALUES, max_size=4)))
    frames = [b"AL" + bytes((1, kind)), msgpack.packb(header), body]
    return [*frames, *draw(st.lists(SOME_BYTES, max_size=3))]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.lists(SOME_BYTES, min_size=1, max_size=25) | near_misses(), socket=st.sampled_from(["ctl", "aud"]))
def test_no_bytes_harm_the_daemon(live: Live, new_wire: Callable[..., Wire], frames: list[bytes], socket: str) -> None:
    hostile = new_wire(live, socket)
    hostile.send(frames)
    hostile.ping(any_answer=True)  # aud refuses a ping of a player that has not said hello
    hostile.close()
    assert live.is_alive


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"AL"],
        [PREFIX],
        [PREFIX, HEADER],
        [PREFIX, HEADER, b"\xc1"],
        [PREFIX, HEADER, b"\x91" * 200_000],  # arrays in arrays
        [PREFIX, HEADER, b"\xdd\xff\xff\xff\xff"],  # an array that says it has 4 G elements
        [PREFIX, b"\xdf\xff\xff\xff\xff", b""],
        [PREFIX, HEADER, b"\x81" * 1000],
        [PREFIX, b"\x00" * 5000, b""],
        [PREFIX, HEADER, b"\x00" * (1024 * 1024 + 1)],
        [PREFIX, HEADER, b"", *[b"x"] * 17],
        [PREFIX, msgpack.packb({"op": "x", "bufs": [{"dt": "<f4", "shape": [2**40, 2**40]}]}), b"", b"x"],
        [b"AL\x63\x03", HEADER, b""],
    ],
    ids=range(14),
)
def test_lies_and_truncations_are_dropped_or_refused(live: Live, wire: Wire, frames: list[bytes]) -> None:
    wire.send(frames)
    wire.ping()
    assert isinstance(wire.ask(GetStatus()), Status)
    assert live.is_alive


def test_a_message_of_100_000_frames_costs_little(live: Live, wire: Wire, new_wire: Callable[..., Wire]) -> None:
    process = psutil.Process(live.process.pid)
    before_mib = process.memory_info().rss / 2**20
    hostile = new_wire(live)
    for _ in range(3):
        hostile.send([b""] * 100_000)
    slowest_s = max(wire.ping() for _ in range(200))
    hostile.ping()
    assert slowest_s < 0.5
    assert process.memory_info().rss / 2**20 - before_mib < 64


def test_a_message_of_another_version_is_answered(wire: Wire) -> None:
    header = Header(op="GetStatus", id=b"v" * 16, cid=wire.cid)
    wire.send([bytes(frame) for frame in pack(Kind.REQ, header, GetStatus())])
    assert wire.receive().kind is Kind.REP
    frames = [bytes(frame) for frame in pack(Kind.REQ, header, GetStatus())]
    wire.send([b"AL\x09\x03", *frames[1:]])
    error = unpack_body(wire.receive().body, ErrorBody)
    assert (error.code, bool(error.hint)) == ("E_VERSION", True)


@pytest.mark.parametrize(("proto", "kind"), [((1, 7), Kind.WELCOME), ((PROTOCOL_MAX + 1, 7), Kind.ERR)])
def test_hello_settles_on_a_version_or_says_why_not(wire: Wire, proto: tuple[int, int], kind: Kind) -> None:
    header = Header(op="Hello", id=b"h" * 16, cid=wire.cid)
    wire.send([bytes(frame) for frame in pack(Kind.HELLO, header, Hello(proto=proto))])
    message = wire.receive()
    assert message.kind is kind
    if kind is Kind.WELCOME:
        welcome = unpack_body(message.body, Welcome)
        assert (welcome.proto, welcome.limits.buffers) == (PROTOCOL_MAX, 16)
    else:
        assert unpack_body(message.body, ErrorBody).code == "E_VERSION"


def test_an_unknown_request_and_a_malformed_body_are_told_apart(wire: Wire) -> None:
    for op, body, code in (("Dance", {}, "E_UNKNOWN_OP"), ("GetStrand", {"strand": 7}, "E_BAD_REQUEST")):
        header = msgpack.packb({"op": op, "id": os.urandom(16), "cid": wire.cid})
        wire.send([PREFIX, header, msgpack.packb(body)])
        assert unpack_body(wire.receive().body, ErrorBody).code == code


def test_a_request_whose_deadline_passed_is_not_done(live: Live, wire: Wire) -> None:
    strand = open_strand(wire)
    wire.post(ApplyEdit(strand=strand.id, edit=parse_edit("set 1 @0")), deadline_ms=-1)
    assert unpack_body(wire.receive().body, ErrorBody).code == "E_DEADLINE"
    assert rev_of(wire, strand.id) == 0


def open_strand(wire: Wire, frames: int = 12) -> StrandInfo:
    codes = np.zeros((2, frames), np.uint16)
    meta = StrandMeta(
        name="zeros", model="raw", codec_id=codec_id(wire), levels=2, codebook=16, frames=frames, samples=frames * 1024
    )
    identity = os.urandom(16)
    header = Header(op="OpenStrand", id=identity, cid=wire.cid)
    wire.send(
        [bytes(frame) for frame in pack(Kind.REQ, header, OpenStrand(meta=meta), as_encoded(meta, codes).buffers)]
    )
    return unpack_body(wire.receive().body, StrandInfo)


def codec_id(wire: Wire) -> str:
    snapshot = wire.ask(GetSnapshot())
    assert isinstance(snapshot, Snapshot)
    return next(model.codec_id for model in snapshot.models if model.name == "raw")


def rev_of(wire: Wire, strand: str) -> int:
    strands = wire.ask(ListStrands())
    assert isinstance(strands, Strands)
    return next(info.rev for info in strands.strands if info.id == strand)


def test_duplicates_in_flight_late_and_on_another_connection_have_one_effect(
    live: Live, wire: Wire, new_wire: Callable[..., Wire]
) -> None:
    strand = open_strand(wire)
    edit = ApplyEdit(strand=strand.id, edit=parse_edit("set 3 q0 @0"))
    identity = os.urandom(16)
    for _ in range(5):
        wire.post(edit, identity)
    answers = {bytes(wire.receive().body) for _ in range(1)}
    again = new_wire(live)
    again.cid = wire.cid
    answers.add(bytes(again.receive().body) if again.post(edit, identity) and again.dealer.poll(5000) else b"")
    assert len(answers) == 1
    assert rev_of(again, strand.id) == 1


def test_held_keys_chain_on_their_own_unacknowledged_edits(wire: Wire) -> None:
    strand = open_strand(wire)
    identity = wire.post(ApplyEdit(strand=strand.id, edit=parse_edit("set 1 @0"), if_rev=0))
    sent = [identity]
    for number in range(2, 30):
        identity = wire.post(ApplyEdit(strand=strand.id, edit=parse_edit(f"set {number % 16} @0"), after=identity))
        sent.append(identity)
    answers = [wire.receive() for _ in sent]
    assert {message.kind for message in answers} == {Kind.REP}
    revs = [unpack_body(message.body, EditApplied).strands[0].rev for message in answers]
    assert revs == list(range(1, 30))
    stale = wire.ask(UndoEdit(strand=strand.id, if_rev=3))
    assert isinstance(stale, ErrorBody)
    assert stale.code == "E_CONFLICT"


def test_a_request_without_identity_is_refused(wire: Wire) -> None:
    wire.send([PREFIX, msgpack.packb({"op": "GetStatus", "id": b"i" * 16}), b""])
    assert unpack_body(wire.receive().body, ErrorBody).code == "E_BAD_REQUEST"


@pytest.fixture
def events(live: Live) -> Any:
    context = zmq.Context()
    sub = context.socket(zmq.SUB)
    sub.setsockopt(zmq.LINGER, 0)
    sub.subscribe(b"")
    sub.connect(live.places.endpoint.address("evt"))
    assert sub.poll(5000)
    assert sub.recv_multipart() == [b"AL-welcome"]
    yield sub
    context.destroy(linger=0)


def test_events_follow_the_snapshot_without_a_gap(wire: Wire, events: Any) -> None:
    snapshot = wire.ask(GetSnapshot())
    assert isinstance(snapshot, Snapshot)
    strand = open_strand(wire)
    for number in range(1, 6):
        wire.ask(ApplyEdit(strand=strand.id, edit=parse_edit(f"set {number} q1 @2:4")))
    wanted = snapshot.seq
    names: list[str] = []
    while names.count("StrandChanged") < 5:
        assert events.poll(5000)
        message = unpack(events.recv_multipart())
        if (message.header.seq or 0) <= snapshot.seq:
            continue
        wanted += 1
        assert (message.header.epoch, message.header.seq) == (snapshot.epoch, wanted)
        names.append(message.header.op)
        if names[-1] == "StrandChanged":
            assert message.buffers[0].shape == (1, 2)
            assert (message.buffers[0] == names.count("StrandChanged")).all()
    later = wire.ask(GetSnapshot())
    assert isinstance(later, Snapshot)
    assert later.seq >= wanted
    assert next(info.rev for info in later.strands if info.id == strand.id) == 5


def test_the_clients_of_the_status_are_those_that_spoke(live: Live, new_wire: Callable[..., Wire]) -> None:
    wires = [new_wire(live) for _ in range(3)]
    counts = [wire.ask(GetStatus()) for wire in wires]
    assert all(isinstance(status, Status) for status in counts)
    assert counts[-1].clients >= 3


def test_garbage_is_logged_a_few_times_and_then_counted(live: Live, wire: Wire) -> None:
    for _ in range(300):
        wire.send([b"garbage"])
    wire.ping()
    time.sleep(0.1)
    assert live.log.count("this is not the Allele protocol") + live.log.count("3 to 19 frames") < 120
