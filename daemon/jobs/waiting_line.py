"""The queue of jobs of one kind, in the order in which they will run."""

import asyncio


class Line:
    """A queue of jobs whose order users can change."""

    def __init__(self) -> None:
        self._jobs: list[str] = []
        self._some = asyncio.Event()

    @property
    def jobs(self) -> list[str]:
        """The queued jobs, the next one first."""
        return list(self._jobs)

    def join(self, job: str, *, is_next: bool = False) -> None:
        """Add a job at the end of the queue, or at its front."""
        self.move(job, 1 if is_next else len(self._jobs) + 1)

    def move(self, job: str, position: int) -> None:
        """Move a job to a place. 1 is the front; a place beyond the end is the end."""
        self.leave(job)
        self._jobs.insert(max(1, position) - 1, job)
        self._some.set()

    def leave(self, job: str) -> None:
        """Remove a job from the queue if it is in it."""
        if job in self._jobs:
            self._jobs.remove(job)

    async def take(self) -> str:
        """Remove and return the first job, waiting until there is one."""
        while not self._jobs:
            self._some.clear()
            await self._some.wait()
        return self._jobs.pop(0)
