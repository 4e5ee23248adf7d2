"""The right side of the top bar: the daemon, its current job, the meter while sound plays, else the sound device."""

from tui.model.meter import Meter
from tui.model.training import clock
from tui.session.session import Session
from tui.widgets.lines import BOLD, DIM, PLAIN, Part


def top_line(words: str, session: Session, sound: str, meter: list[Part], width: int) -> tuple[str, list[Part]]:
    """Return both sides in `width` columns. The left side is shortened to at least half of them, then the right."""
    words = f"  {words}"
    right = top_right(session, sound, meter, width - min(len(words), width // 2))
    return words[: max(0, width - sum(len(text) for text, _ in right))], right


def meter_parts(meter: Meter) -> list[Part]:
    """Return the limiter's reduction, if there is one, then the peak and the loudness; nothing while nothing plays."""
    limited: list[Part] = [(f"{meter.limited}  ", BOLD)] if meter.limited else []
    return [*limited, (f"{meter.words} ", PLAIN)] if meter.words else []


def top_right(session: Session, sound: str, meter: list[Part], room: int) -> list[Part]:
    """Return what fits into `room` columns: job, device, meter and sound; or the more important ones of them."""
    if not session.connected:
        return [(f"{session.connection.detail} ", BOLD)]
    job, short = _job(session)
    engine: Part = (f"{session.device} ", DIM)
    if session.engine != "ready":
        engine = (f"engine {session.engine} ", BOLD if session.engine == "failed" else DIM)
    heard: Part = (f"  {sound} ", DIM)
    is_news = session.engine != "ready"
    shorter = [(short, engine, heard) if is_news else (short, heard)]
    if meter:
        shorter = [(short, *meter, heard), (job, *meter), (short, *meter), meter]
    for parts in ((job, engine, *meter, heard), (job, *meter, heard), *shorter):
        if sum(len(text) for text, _ in parts) <= room:
            return [part for part in parts if part[0].strip()]
    return meter or ([heard] if sound else [])


def _job(session: Session) -> tuple[Part, Part]:
    for job in session.jobs.values():
        if job.state == "running":
            if job.phase == "measuring":
                left = "" if job.eta_s is None else f" {clock(job.eta_s)}"
                return (f"measuring codes of {job.subject}{left}   ", PLAIN), (f"measuring{left} ", PLAIN)
            done = f"{job.progress * 100:.0f} %"
            long = f"{job.kind} > {job.subject} {done} {clock(job.eta_s)}   "
            return (long, PLAIN), (f"{job.kind} {done} ", PLAIN)
    return ("", PLAIN), ("", PLAIN)
