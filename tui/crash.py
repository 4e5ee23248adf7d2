"""What is left of a crash: the traceback in `logs/`, and one line for the person.

What can go wrong: the home cannot be written; then the line says what happened without saying where to read more.
"""

import sys
import time
import traceback
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.app import App

from protocol.places import places_of
from protocol.situations import situation


def write_crash(home: Path, failure: BaseException | str) -> str:
    """Append a failure (or its traceback as text) to logs/tui.log of a home; the sentence to say. Never raises."""
    if isinstance(failure, BaseException):
        text = "".join(traceback.format_exception(failure))
        known = situation(failure)
        what = f"{type(failure).__name__}: {failure}".splitlines()[0]
    else:
        text, what, known = failure, "the keyboard could not be read", None
    try:
        logs = places_of(home).logs
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "tui.log").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} the editor crashed\n{text}\n")
    except OSError:
        if known:
            return f"{known}; strands and jobs are safe in the daemon"
        return f"a defect: {what} (please report it; strands and jobs are safe in the daemon)"
    if known:
        return f"{known}; strands and jobs are safe in the daemon, {logs / 'tui.log'} has more"
    return f"a defect: {what} (strands and jobs are safe; please report it with {logs / 'tui.log'})"


class CrashReportingApp(App[int], inherit_bindings=False):
    """An application that reports a crash in one line and exits with status 1. home: where the log goes."""

    def __init__(self, home: Path, **more: Any) -> None:
        super().__init__(**more)
        self.home = home
        self.crash: str | None = None

    def _handle_exception(self, error: Exception) -> None:
        """A defect: Textual ends the program; the traceback goes to a file instead of the terminal."""
        if not self.is_headless and self.crash is None:
            self.crash = write_crash(self.home, error)
        super()._handle_exception(error)

    def panic(self, *renderables: RenderableType) -> None:
        """The input thread fell over; Textual gives no exception, only its picture."""
        if not self.is_headless and self.crash is None:
            with self.console.capture() as drawn:
                self.console.print(*renderables)
            self.crash = write_crash(self.home, drawn.get())
        self._return_code = 1
        super().panic(*renderables)

    def _print_error_renderables(self) -> None:
        """One line in place of Textual's page of source text."""
        if self.crash is not None:
            self._exit_renderables.clear()
            print(f"error: {self.crash}", file=sys.stderr, flush=True)
        else:
            super()._print_error_renderables()
