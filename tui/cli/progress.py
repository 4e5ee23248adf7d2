"""The progress display of a job: a bar, and below it the measurements of a training at every step.

It is shown only on a terminal; otherwise every call does nothing.
"""

from typing import Any

from protocol.messages.events import StepCompleted
from protocol.messages.jobs import JobInfo
from tui.cli.output import Output, duration, one_line
from tui.model.job_words import state_words
from tui.model.measures import loss_words, pace_words


class Progress:
    """A progress bar with the job's description, and log lines above it, on stderr."""

    def __init__(self, output: Output, title: str) -> None:
        self._title = title
        self._live = output.is_live
        self._bar: Any = None
        self._task: Any = None
        self._facts: list[str] = []

    def __enter__(self) -> "Progress":
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar
            from rich.text import Text

            facts = self._facts

            class BarWithFacts(Bar):
                def get_renderables(self) -> Any:
                    yield self.make_tasks_table(self.tasks)
                    for line in facts:
                        yield Text(f"  {line}", no_wrap=True, overflow="ellipsis")

            self._bar = BarWithFacts(
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
        """Show the job's state and progress."""
        if self._bar is not None:
            total = 1.0 if job.progress > 0 else None
            if job.state == "paused":
                self._facts.clear()
            words = one_line(" · ".join(filter(None, (state_words(job), _to_go(job.eta_s)))))
            self._bar.update(self._task, total=total, completed=job.progress, words=words)

    def step(self, report: StepCompleted) -> None:
        """Show the measurements of a training step."""
        if self._bar is not None:
            words = " · ".join(filter(None, (f"step {report.step}", _to_go(report.eta_s))))
            self._facts[:] = [one_line(loss_words(report.losses)), " · ".join(pace_words(report))]
            self._bar.update(self._task, total=1.0, completed=report.progress, words=words)

    def say_step(self) -> None:
        """Print the measurements of the newest step above the bar."""
        for line in self._facts:
            self.say(line)

    def say(self, text: str) -> None:
        """Print a log line above the bar, with its indentation."""
        if self._bar is not None:
            indent = " " * (len(text) - len(text.lstrip(" ")))
            columns = indent + (text.strip() if text.isprintable() else one_line(text))
            self._bar.console.print(columns, markup=False, highlight=False, soft_wrap=True)


def _to_go(eta_s: float | None) -> str:
    return "" if eta_s is None else f"{duration(eta_s)} to go"
