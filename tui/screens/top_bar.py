"""The right side of the bar on top: the daemon, what it is doing, and the sound, which is never left out."""

from tui.model.training import clock
from tui.session.session import Session
from tui.widgets.lines import BOLD, DIM, PLAIN, Part


def top_line(words: str, session: Session, sound: str, width: int) -> tuple[str, list[Part]]:
    """Both sides in `width` columns: the left gives way by up to a half of them, then it is cut."""
    words = f"  {words}"
    right = top_right(session, sound, width - min(len(words), width // 2))
    return words[: max(0, width - sum(len(text) for text, _ in right))], right


def top_right(session: Session, sound: str, room: int) -> list[Part]:
    """What fits into `room` columns: device, job and sound; the last two; the job in few words; the sound alone."""
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
