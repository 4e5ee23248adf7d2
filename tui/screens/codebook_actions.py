"""The actions of the Codebook screen: move, sort, play a code, name it, and find where it is used."""

from shlex import quote
from typing import TYPE_CHECKING

import numpy as np

from protocol.messages.models import PutLabel
from protocol.ranges import FrameRange
from tui.actions.press import Handlers, Press
from tui.model.codebook import next_use, order_of
from tui.model.cursor import Cursor
from tui.model.job_words import measuring_words
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.screens.codebook import CodebookScreen

HELD_FRAMES = 4
AROUND_FRAMES = 12


class CodebookActions:
    """Runs the actions of the Codebook screen."""

    def __init__(self, screen: "CodebookScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Return the handlers of the screen's actions."""
        return {
            "codebook.left": lambda press: self._go(-press.times, 0),
            "codebook.right": lambda press: self._go(press.times, 0),
            "codebook.up": lambda press: self._go(0, -press.times),
            "codebook.down": lambda press: self._go(0, press.times),
            "codebook.page_up": lambda _: self._go(0, -self._screen.book.rows),
            "codebook.page_down": lambda _: self._go(0, self._screen.book.rows),
            "codebook.level_down": lambda press: self._to_level(press.times),
            "codebook.level_up": lambda press: self._to_level(-press.times),
            "codebook.order": self._order,
            "codebook.hear": self._hear,
            "codebook.label": self._label,
            "codebook.use": self._use,
        }

    def _go(self, dx: int, dy: int) -> None:
        model = self._screen.model
        if model is not None:
            self._screen.book.move(dx, dy, model.codebook)
            self._screen.draw()

    def _to_level(self, by: int) -> None:
        model = self._screen.model
        if model is not None:
            self._screen.book.level = (self._screen.book.level + by) % model.levels
            self._screen.draw()

    def _order(self, press: Press) -> None:
        model = self._screen.model
        choice = self._screen.colours(model).next_choice() if model is not None else ""
        if model is not None and choice:
            self._screen.spawn(self._order_by(model.name, choice))
        elif model is not None and (words := measuring_words(self._screen.session.jobs.values(), model.name)):
            self._screen.say(f"{words}: orders by qualities of sound follow")
        elif model is not None:
            again = f"allele model atlas {quote(model.name)}"
            self._screen.say(f"model {model.name} has no atlas: {again} measures what its codes do")

    async def _order_by(self, model: str, descriptor: str) -> None:
        code = self._screen.code
        colours = await self._screen.session.atlases.fetch_colours(model, descriptor)
        self._screen.allele.editor.descriptor = descriptor
        if colours.ranks is not None:
            order = order_of(colours, self._screen.book.level, colours.ranks.shape[1])
            self._screen.book.place = int(np.flatnonzero(order == code)[0])
        self._screen.draw()
        self._screen.allele.remember()

    def _hear(self, press: Press) -> None:
        pane, grid, editor = self._screen.pane, self._screen.strand, self._screen.allele.editor
        if pane is None or grid is None:
            return
        cursor = pane.cursor.inside(grid.levels, grid.frames)
        held = FrameRange(cursor.frame, min(grid.frames, cursor.frame + (press.count or HELD_FRAMES)))
        frames = FrameRange(max(0, held.first - AROUND_FRAMES), min(grid.frames, held.past + AROUND_FRAMES))
        level = self._screen.book.level
        silent = "; this level is not heard: {play.all_levels} in the editor" * (
            level in editor.silent_levels(grid.levels)
        )
        self._screen.say(f"code {self._screen.code} in {grid.name} {held} of level {level}; nothing is written{silent}")
        self._screen.spawn(self._screen.allele.sound.try_code(grid, frames, (level, self._screen.code, held), editor))

    def _label(self, press: Press) -> None:
        model = self._screen.model
        if model is None:
            return
        level, code, atlas = (
            self._screen.book.level,
            self._screen.code,
            self._screen.session.atlases.get(model.name),
        )
        now = atlas.label(level, code) if atlas is not None else ""
        self._screen.prompt.ask(
            f"name of code {code} of level {level}: ",
            lambda text: self._put_label(level, code, text),
            value=now,
        )

    def _put_label(self, level: int, code: int, text: str) -> Work | None:
        model = self._screen.model
        if model is None:
            return None
        return self._send_label(PutLabel(model=model.name, level=level, code=code, text=text[:80]))

    async def _send_label(self, request: PutLabel) -> None:
        await self._screen.session.ask(request)
        self._screen.say(
            f"code {request.code} is named {request.text!r}" if request.text.strip() else "the name was removed"
        )

    def _use(self, press: Press) -> None:
        """Go to the next place of the code in a strand that is shown in a pane."""
        editor, level = self._screen.allele.editor, self._screen.book.level
        model = self._screen.model
        for index in (editor.focus, 1 - editor.focus):
            pane = editor.panes[index]
            grid = self._screen.session.grids.get(pane.strand or "")
            if grid is None or model is None or grid.info.meta.codec_id != model.codec_id:
                continue
            frame = next_use(grid, level, self._screen.code, pane.cursor.frame)
            if frame is not None:
                editor.focus = index
                editor.place(
                    Cursor(level, frame), [self._screen.session.grids.get(one.strand or "") for one in editor.panes]
                )
                self._screen.allele.go("editor")
                return
        self._screen.say(f"code {self._screen.code} of level {level} is in neither pane")
