"""The meter holds what is short, changes a few times a second, and keeps its width."""

from tui.model.meter import EVERY_S, HOLD_S, Meter, Reading


def test_a_short_peak_and_reduction_are_held_long_enough_to_be_read() -> None:
    meter = Meter()
    assert (meter.words, meter.limited) == ("", "")
    meter.take(Reading(-0.1, -12.34, 1.2), 10.0)
    assert (meter.words, meter.limited) == ("peak  -0.1  -12.3 LUFS", "limited 1.2")
    for step in range(1, 8):
        meter.take(Reading(-20.0, -30.0, 0.0), 10.0 + step * EVERY_S)
    assert (meter.words, meter.limited) == ("peak  -0.1  -30.0 LUFS", "limited 1.2"), "loudness moves, peaks hold"
    meter.take(Reading(-20.0, -30.0, 0.0), 10.0 + HOLD_S + EVERY_S)
    assert (meter.words, meter.limited) == ("peak -20.0  -30.0 LUFS", "")
    meter.clear()
    assert meter.words == ""


def test_it_changes_at_most_five_times_a_second_and_only_if_a_number_does() -> None:
    meter = Meter()
    changes = [meter.take(Reading(-20.0, -30.0 + step / 10, 0.0), step * 0.05) for step in range(100)]
    assert 20 <= sum(changes) <= 26
    meter.clear()
    assert [meter.take(Reading(-3.0, -18.0, 0.0), step * 0.5) for step in range(4)] == [True, False, False, False]


def test_the_width_of_the_numbers_never_changes() -> None:
    meter = Meter()
    readings = [Reading(-120.0, -70.0, 0.0), Reading(0.0, -3.0, 11.0), Reading(-99.99, -9.96, 0.04)]
    widths = set()
    for at, reading in enumerate(readings):
        meter.take(reading, at * 10.0)
        widths.add(len(meter.words))
    assert widths == {len("peak  -3.1  -18.2 LUFS")}
    assert meter.limited == "", "a reduction that would read 0.0 is none"
