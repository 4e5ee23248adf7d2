"""Jobs of one kind in the order in which they will be run. Pure, but for the event that wakes the runner."""

import asyncio


class Line:
    """A queue that people may rearrange."""

    def __init__(self) -> None:
        self._jobs: list[str] = []
        self._some = asyncio.Event()

    @property
    def jobs(self) -> list[str]:
        """The next one first."""
        return list(self._jobs)

    def join(self, job: str, *, is_next: bool = False) -> None:
        """Stand at the end, or in front of everybody."""
        self.move(job, 1 if is_next else len(self._jobs) + 1)

    def move(self, job: str, position: int) -> None:
        """Stand at this place, 1 is the front; beyond the end is the end."""
        self.leave(job)
        self._jobs.insert(max(1, position) - 1, job)
        self._some.set()

    def leave(self, job: str) -> None:
        """Wait no longer."""
        if job in self._jobs:
            self._jobs.remove(job)

    async def take(self) -> str:
        """The next one, as soon as there is one."""
        while not self._jobs:
            self._some.clear()
            await self._some.wait()
        return self._jobs.pop(0)
