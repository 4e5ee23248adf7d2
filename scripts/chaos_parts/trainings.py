"""The trainings of scripts/chaos.py: asked for one after another, resumed where they were interrupted."""

from collections import Counter

from msgspec.structs import replace

from chaos_parts.asking import LostError, until_answered
from protocol.errors import AlleleError
from protocol.messages.jobs import ListJobs, StartTraining
from protocol.training import TrainingOptions
from tui.transport.client import Client


class Trainings:
    """Toy trainings, one asked for after another; what was interrupted is resumed."""

    def __init__(self, client: Client, tally: Counter[str]) -> None:
        self.client, self.tally = client, tally
        self.asked: dict[str, str] = {}  # request's job id -> model

    async def go_on(self) -> None:
        """Ask for the next when none is under way, resume an interrupted one."""
        jobs = (await until_answered(self.client, ListJobs())).body.jobs
        under_way = [job for job in jobs if job.state in ("queued", "running")]
        if len({job.subject for job in under_way}) != len(under_way):
            raise LostError(f"one model is trained twice at once: {[(job.id, job.subject) for job in under_way]}")
        if under_way:
            return
        latest = max((job for job in jobs if job.kind == "train"), key=lambda job: job.created_s, default=None)
        resume = latest is not None and latest.state == "interrupted"
        name = latest.subject if latest is not None and resume else f"made{len(set(self.asked.values()))}"
        wish = StartTraining(corpus="tones", model=name, options=TrainingOptions(preset="toy", steps=60), resume=resume)
        try:
            accepted = await until_answered(self.client, wish)
        except AlleleError as error:
            if not resume or error.code != "E_NOT_FOUND":
                raise
            # it was killed before it had anything to resume, and the daemon says so: begin anew under the same name
            accepted = await until_answered(self.client, replace(wish, resume=False))
        self.asked[accepted.body.job] = name
        self.tally["trainings resumed" if resume else "trainings"] += 1

    async def check(self) -> None:
        """Every job was asked for, and every model that is there was made by one that says so."""
        jobs = (await until_answered(self.client, ListJobs())).body.jobs
        ids = [job.id for job in jobs if job.kind == "train"]
        if sorted(ids) != sorted(self.asked):
            raise LostError(f"jobs {sorted(ids)} are there, {sorted(self.asked)} were asked for")
        done = Counter(job.subject for job in jobs if job.kind == "train" and job.state == "done")
        if any(count > 1 for count in done.values()):
            raise LostError(f"a model was made twice: {done}")
