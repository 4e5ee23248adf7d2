"""The trainings of scripts/chaos.py: started one after another, and resumed if interrupted."""

from collections import Counter

from msgspec.structs import replace

from chaos_parts.requests import LostError, until_answered
from protocol.errors import AlleleError
from protocol.messages.jobs import ListJobs, StartTraining
from protocol.training import TrainingOptions
from tui.transport.client import Client


class Trainings:
    """A client that starts toy trainings, one after another, and resumes interrupted ones."""

    def __init__(self, client: Client, tally: Counter[str]) -> None:
        self.client, self.tally = client, tally
        self.requested: dict[str, str] = {}  # request's job id -> model

    async def go_on(self) -> None:
        """Start the next training, or resume an interrupted one, if none is queued or running."""
        jobs = (await until_answered(self.client, ListJobs())).body.jobs
        under_way = [job for job in jobs if job.state in ("queued", "running")]
        if len({job.subject for job in under_way}) != len(under_way):
            raise LostError(f"one model is trained twice at once: {[(job.id, job.subject) for job in under_way]}")
        if under_way:
            return
        latest = max((job for job in jobs if job.kind == "train"), key=lambda job: job.created_s, default=None)
        resume = latest is not None and latest.state == "interrupted"
        name = latest.subject if latest is not None and resume else f"made{len(set(self.requested.values()))}"
        options = TrainingOptions(preset="toy", steps=60)
        request = StartTraining(corpus="tones", model=name, options=options, resume=resume)
        try:
            accepted = await until_answered(self.client, request)
        except AlleleError as error:
            if not resume or error.code != "E_NOT_FOUND":
                raise
            # It was killed before it had a checkpoint, as the daemon reports: start again under the same name.
            accepted = await until_answered(self.client, replace(request, resume=False))
        self.requested[accepted.body.job] = name
        self.tally["trainings resumed" if resume else "trainings"] += 1

    async def check(self) -> None:
        """Check that every job was requested, and that every model was made by one job."""
        jobs = (await until_answered(self.client, ListJobs())).body.jobs
        ids = [job.id for job in jobs if job.kind == "train"]
        if sorted(ids) != sorted(self.requested):
            raise LostError(f"jobs {sorted(ids)} exist, {sorted(self.requested)} were requested")
        done = Counter(job.subject for job in jobs if job.kind == "train" and job.state == "done")
        if any(count > 1 for count in done.values()):
            raise LostError(f"a model was made twice: {done}")
