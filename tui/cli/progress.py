"""The line that moves while a job runs. On a terminal only; otherwise every call does nothing."""

from typing import Any

from protocol.messages import JobInfo, StepCompleted
from tui.cli.output import Output, duration, one_line


class Progress:
    """A bar with the job's words, and log lines above it, on stderr."""

    def __init__(self, output: Output, title: str) -> None:
        self._title = title
        self._live = output.is_live
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                SpinnerColumn("line"),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[words]}", markup=False),
                console=Console(stderr=True, highlight=False),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=None, words="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, job: JobInfo) -> None:
        """The job's own state and progress."""
        if self._bar is not None:
            total = 1.0 if job.progress > 0 else None
            words = one_line(" · ".join(filter(None, (job.detail or job.state, _to_go(job.eta_s)))))
            self._bar.update(self._task, total=total, completed=job.progress, words=words)

    def step(self, report: StepCompleted) -> None:
        """A training step."""
        if self._bar is not None:
            losses = " ".join(f"{name} {value:.3f}" for name, value in list(report.losses.items())[:1])
            words = " · ".join(filter(None, (f"step {report.step}", losses, _to_go(report.eta_s))))
            self._bar.update(self._task, total=1.0, completed=report.progress, words=words)

    def say(self, text: str) -> None:
        """A line of the log, above the bar."""
        if self._bar is not None:
            self._bar.console.print(one_line(text), markup=False, highlight=False)


def _to_go(eta_s: float | None) -> str:
    return "" if eta_s is None else f"{duration(eta_s)} to go"
