"""Who is connected, and who makes room for whom."""

import pytest

from daemon.server.wire.peers import FORGET_S, PRESENT_S, Roster
from protocol.errors import AlleleError


def test_the_silent_make_room_and_the_living_do_not() -> None:
    now_s = 0.0
    roster = Roster(2, lambda: now_s)
    roster.hear(b"one", b"c", "tui")
    roster.hear(b"two", b"c", "cli")
    with pytest.raises(AlleleError) as refusal:
        roster.hear(b"three", b"c", "cli")
    assert refusal.value.code == "E_BUSY"
    now_s = FORGET_S / 2
    roster.touch(b"one")
    now_s = FORGET_S + 1
    roster.hear(b"three", b"c", "cli")
    assert len(roster) == 2
    with pytest.raises(AlleleError):
        roster.hear(b"four", b"c", "cli")


def test_those_that_fell_silent_are_not_counted_as_present() -> None:
    now_s = 0.0
    roster = Roster(9, lambda: now_s)
    for number in range(3):
        roster.hear(b"command %d" % number, b"c", "cli")
    assert roster.present == 3
    now_s = PRESENT_S + 1
    roster.hear(b"editor", b"c", "tui")
    assert (roster.present, len(roster)) == (1, 4)
    roster.touch(b"command 2")
    assert roster.present == 2


def test_strangers_keep_nobody_out_who_says_hello() -> None:
    roster = Roster(4, lambda: 0.0)
    for number in range(10):
        try:
            roster.hear(b"stranger %d" % number, b"")
        except AlleleError:
            assert number >= 4
    for number in range(4):
        roster.hear(b"client %d" % number, b"c", "tui")
    assert len(roster) == 4
    with pytest.raises(AlleleError):
        roster.hear(b"client 5", b"c", "tui")
