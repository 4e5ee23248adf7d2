"""The terminal driver: knows whether output is still queued, and survives a terminal that went away.

Textual's writer thread takes 30 queued writes; then `write` blocks the event loop, up to 768 ms over a 60 KB/s link.
Screens ask `output_queued` and put off repaints while it is true. A write that fails (the line was cut) is swallowed
and remembered in `lost`, so that leaving still works.

What comes in need not be UTF-8 (a pasted binary, a Latin-1 terminal): such bytes become U+FFFD, which no key means.
Textual's own decoder would end the program at the first of them. What is pasted is text, whatever it holds.
"""

import codecs
import os
from collections.abc import Iterable
from functools import partial
from typing import IO, Any

import textual.constants
import textual.drivers.linux_driver
import textual.screen
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

LOCAL_FPS, REMOTE_FPS = 40, 15


class _Watched:
    """The terminal's file, noting when everything written has left."""

    def __init__(self, file: IO[str], driver: "LeanDriver") -> None:
        self._file = file
        self._driver = driver

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError:
            self._driver.lost = True

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._driver.lost = True
        self._driver.busy = False

    def fileno(self) -> int:
        return self._file.fileno()


class LeanDriver(LinuxDriver):
    """Textual's Linux and macOS driver with an eye on its output."""

    busy = False
    lost = False
    deaf = False

    def write(self, data: str) -> None:
        """Queue text for the terminal."""
        self.busy = True
        super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        file: Any = self._file
        if not isinstance(file, _Watched):
            self._file = _Watched(file, self)  # pyright: ignore[reportAttributeAccessIssue]
        self.deaf = False
        super().start_application_mode()

    def disable_input(self) -> None:
        """Take no more keys: what is typed from now on is left for whoever reads the terminal next.

        Textual calls this again while it ends, and would throw away what came in between.
        """
        if not self.deaf:
            self.deaf = True
            super().disable_input()

    @property
    def output_queued(self) -> bool:
        """Has something written not left yet?"""
        thread = self._writer_thread
        return self.busy or (thread is not None and thread._queue.qsize() > 0)  # pyright: ignore[reportPrivateUsage]

    @property
    def terminal_gone(self) -> bool:
        """Was the terminal closed without a hang-up signal?"""
        if self.lost:
            return True
        try:
            os.tcgetpgrp(self.fileno)
        except OSError:
            return not os.isatty(self.fileno)
        return False


PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


class PasteFilter:
    """Takes control characters out of pasted text: not every terminal does, and an escape in it would end the paste,
    whose rest would then be read as keys. Text outside of pastes passes as it is and at once."""

    def __init__(self) -> None:
        self._pasting = False
        self._before = ""
        """What was passed last, while nothing is pasted: the beginning of a paste may come in pieces."""
        self._held = ""
        """What may be the beginning of a paste's end."""

    def pass_on(self, data: str) -> str:
        """The same without control characters in what is pasted."""
        text, self._held = self._held + data, ""
        passed: list[str] = []
        while text:
            if self._pasting:
                inside, end, text = text.partition(PASTE_ENDS)
                if not end:
                    longest = min(len(inside), len(PASTE_ENDS) - 1)
                    kept = next(n for n in range(longest, -1, -1) if PASTE_ENDS.startswith(inside[len(inside) - n :]))
                    inside, self._held = inside[: len(inside) - kept], inside[len(inside) - kept :]
                passed.append(inside.translate(_CONTROLS) + end)
                self._pasting = not end
            else:
                at = (self._before + text).find(PASTE_BEGINS)
                past = len(text) if at < 0 else at + len(PASTE_BEGINS) - len(self._before)
                passed.append(text[:past])
                self._pasting, self._before = at >= 0, "" if at >= 0 else (self._before + text)[1 - len(PASTE_BEGINS) :]
                text = text[past:]
        return "".join(passed)


class ListeningParser(XTermParser):
    """Textual's reader of keys; each event remembers, as `sent`, the characters it was read from."""

    def feed(self, data: str) -> Iterable[Message]:
        """Events of what came in."""
        if data:
            data = self._pastes.pass_on(data)
            if not data:
                return
        for event in super().feed(data):
            event.sent = data or self._before  # pyright: ignore[reportAttributeAccessIssue]
            yield event
        self._before = data or self._before

    def tick(self) -> Iterable[Message]:
        """Events of what came in and was not followed: Esc alone."""
        for event in super().tick():
            event.sent = self._before  # pyright: ignore[reportAttributeAccessIssue]
            yield event

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__(*settings, **more)
        self._pastes = PasteFilter()

    _before = ""


def _forgiving_decoder(encoding: str) -> partial[codecs.IncrementalDecoder]:
    """As codecs.getincrementaldecoder, but bytes that are not of the encoding become U+FFFD."""
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")


def tune_textual(remote: bool) -> None:
    """Settings that Textual only takes from the environment before it is imported, or not at all.

    The Kitty protocol is left off: no key here needs it, and a process killed with -9 would leave it switched on.
    """
    textual.constants.DISABLE_KITTY_KEY = True  # pyright: ignore[reportAttributeAccessIssue]
    textual.drivers.linux_driver.getincrementaldecoder = _forgiving_decoder  # pyright: ignore[reportPrivateImportUsage]
    textual.drivers.linux_driver.XTermParser = ListeningParser  # pyright: ignore[reportPrivateImportUsage]
    textual.screen.UPDATE_PERIOD = 1 / (REMOTE_FPS if remote else LOCAL_FPS)  # pyright: ignore[reportAttributeAccessIssue]
