"""Who is connected, and who makes room for whom."""

import pytest

from daemon.server.wire.peers import FORGET_S, PRESENT_S, Peers
from protocol.errors import AlleleError


def test_the_silent_make_room_and_the_living_do_not() -> None:
    now_s = 0.0
    peers = Peers(2, lambda: now_s)
    peers.hear(b"one", b"c", "tui")
    peers.hear(b"two", b"c", "cli")
    with pytest.raises(AlleleError) as refusal:
        peers.hear(b"three", b"c", "cli")
    assert refusal.value.code == "E_BUSY"
    now_s = FORGET_S / 2
    peers.touch(b"one")
    now_s = FORGET_S + 1
    peers.hear(b"three", b"c", "cli")
    assert len(peers) == 2
    peers.touch(b"one")
    with pytest.raises(AlleleError):
        peers.hear(b"four", b"c", "cli")


def test_a_script_of_many_commands_is_not_refused_and_keeps_nobody_out() -> None:
    now_s = 0.0
    peers = Peers(20, lambda: now_s)
    peers.hear(b"editor", b"c", "tui")
    for number in range(200):  # ten commands a second, each of which ends at once, beside an editor that pings
        now_s = number / 10
        if number % 10 == 0:
            peers.touch(b"editor")
        peers.hear(b"command %d" % number, b"c", "cli")
    assert len(peers) == 20
    with pytest.raises(AlleleError):
        peers.hear(b"stranger", b"")  # without a hello
    now_s += PRESENT_S + 1
    peers.touch(b"editor")  # which adds nobody
    assert peers.present == 1


def test_those_that_fell_silent_are_not_counted_as_present() -> None:
    now_s = 0.0
    peers = Peers(9, lambda: now_s)
    for number in range(3):
        peers.hear(b"command %d" % number, b"c", "cli")
    assert peers.present == 3
    now_s = PRESENT_S + 1
    peers.hear(b"editor", b"c", "tui")
    assert (peers.present, len(peers)) == (1, 4)
    peers.touch(b"command 2")
    assert peers.present == 2


def test_strangers_keep_nobody_out_who_says_hello() -> None:
    peers = Peers(4, lambda: 0.0)
    for number in range(10):
        try:
            peers.hear(b"stranger %d" % number, b"")
        except AlleleError:
            assert number >= 4
    for number in range(4):
        peers.hear(b"client %d" % number, b"c", "tui")
    assert len(peers) == 4
    with pytest.raises(AlleleError):
        peers.hear(b"client 5", b"c", "tui")
