"""The right side of the top bar: the meter is what stays when there is little room."""

from types import SimpleNamespace
from typing import Any

from protocol.messages.jobs import JobInfo, JobPhase
from tui.model.meter import Meter, Reading
from tui.screens.top_bar import meter_parts, top_right

DEVICE = "sound pulse 40 ms"


def session(*, job: bool = False, phase: JobPhase = "working") -> Any:
    running = JobInfo(id="1", kind="train", subject="rain", state="running", phase=phase, progress=0.5, eta_s=108.0)
    jobs = {"1": running} if job else {}
    return SimpleNamespace(connected=True, engine="ready", device="cpu", jobs=jobs)


def shown(meter: Meter, room: int, *, job: bool = False) -> str:
    return "".join(text for text, _ in top_right(session(job=job), DEVICE, meter_parts(meter), room))


def test_the_meter_is_shown_while_something_is_heard_and_gives_way_last() -> None:
    meter = Meter()
    assert "LUFS" not in shown(meter, 80) and DEVICE in shown(meter, 20)
    meter.take(Reading(-0.1, -12.3, 1.2), 0.0)
    wide = shown(meter, 120, job=True)
    assert all(words in wide for words in ("limited 1.2", "peak  -0.1  -12.3 LUFS", "train", "cpu", DEVICE)), wide
    assert shown(meter, 36).strip() == "limited 1.2  peak  -0.1  -12.3 LUFS"
    assert "measuring codes of rain 1:48" in "".join(
        text for text, _ in top_right(session(job=True, phase="measuring"), DEVICE, [], 80)
    )
    assert "LUFS" in shown(meter, 10), "without room for it the bar cuts its other side"
