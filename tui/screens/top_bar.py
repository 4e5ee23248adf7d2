"""The right side of the top bar: the daemon, its current job, and the sound, which is always shown."""

from tui.model.training import clock
from tui.session.session import Session
from tui.widgets.lines import BOLD, DIM, PLAIN, Part


def top_line(words: str, session: Session, sound: str, width: int) -> tuple[str, list[Part]]:
    """Return both sides in `width` columns. The left side is shortened to at least half of them, then the right."""
    words = f"  {words}"
    right = top_right(session, sound, width - min(len(words), width // 2))
    return words[: max(0, width - sum(len(text) for text, _ in right))], right


def top_right(session: Session, sound: str, room: int) -> list[Part]:
    """Return what fits into `room` columns: device, job and sound; job and sound; a short job; or only the sound."""
    if not session.connected:
        return [(f"{session.connection.detail} ", BOLD)]
    job, short = _job(session)
    engine: Part = (f"{session.device} ", DIM)
    if session.engine != "ready":
        engine = (f"engine {session.engine} ", BOLD if session.engine == "failed" else DIM)
    heard: Part = (f"  {sound} ", DIM)
    is_news = session.engine != "ready"
    for parts in ((job, engine, heard), (job, heard), (short, engine, heard) if is_news else (short, heard)):
        if sum(len(text) for text, _ in parts) <= room:
            return [part for part in parts if part[0].strip()]
    return [heard] if sound else []


def _job(session: Session) -> tuple[Part, Part]:
    for job in session.jobs.values():
        if job.state == "running":
            done = f"{job.progress * 100:.0f} %"
            long = f"{job.kind} > {job.subject} {done} {clock(job.eta_s)}   "
            return (long, PLAIN), (f"{job.kind} {done} ", PLAIN)
    return ("", PLAIN), ("", PLAIN)
