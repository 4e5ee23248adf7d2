"""The codebook screen: every code of a level, ordered by a quality of its sound, coloured by how much it is used.

Data flow: the model is that of the editor's focused strand, else the newest; its atlas and order come from the
session. A code is heard over the frames under the editor's cursor, through the same preview as everything else, and
nothing is written. Labels are kept with the model, by the daemon.
"""

from shlex import quote
from typing import Any

import numpy as np
from textual.app import ComposeResult

from protocol.messages.models import ModelInfo, PutLabel
from tui.actions.situation import NO_MODEL, TAKE_BACK, Situation
from tui.model.atlas import CodeAtlas, Colours
from tui.model.codebook import CELL, Codebook, heat_of, mark_of, next_use, order_of, use_in
from tui.model.cursor import Cursor
from tui.model.editor import Pane
from tui.model.grid import StrandGrid
from tui.model.library import missing_words
from tui.model.words import level_name
from tui.screens.base import BaseScreen
from tui.widgets.code_table import CodeTable, TableView
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine

HELD_FRAMES = 4
AROUND_FRAMES = 12


class CodebookScreen(BaseScreen):
    """What there is to write into cells."""

    NAME = "codebook"
    TITLE_WORDS = "Codebook"

    def __init__(self) -> None:
        super().__init__()
        self.book, self.about, self.table = Codebook(), TextLine("about"), CodeTable("codes")

    def compose_body(self) -> ComposeResult:
        yield self.about
        yield self.table

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def pane(self) -> Pane | None:
        """The pane that codes are heard in: the focused one, else the other where only that shows a strand."""
        editor = self.allele.editor
        return next((pane for pane in (editor.pane, editor.other) if pane.strand in self.session.grids), None)

    @property
    def strand(self) -> StrandGrid | None:
        """The strand that codes are heard in."""
        pane = self.pane
        return None if pane is None else self.session.grids.get(pane.strand or "")

    @property
    def model(self) -> ModelInfo | None:
        """The strand's model, None where that is not here; without a strand the newest."""
        grid = self.strand
        return next(iter(self.session.newest_first), None) if grid is None else self.session.model_of(grid.info.meta)

    def situation(self) -> Situation:
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            strand=self.strand is not None,
            model=self.model is not None,
            sound=self.allele.sound.why_not,
        )

    def top_words(self) -> str:
        model = self.model
        return f"Codebook  {model.name}" if model else "Codebook"

    def draw(self) -> None:
        model = self.model
        if not self.is_mounted or self.size.width < CELL + 2:
            return
        if model is None:
            grid = self.strand
            self.about.show(self.keymap.fill(f" {NO_MODEL if grid is None else missing_words(grid.info.meta)}"))
            self.table.show(None)
        else:
            self._draw_codes(model)
        super().draw()

    def _draw_codes(self, model: ModelInfo) -> None:
        book, colours, atlas = self.book, self.colours(model), self.session.atlas_now(model.name)
        if colours.ranks is None or atlas is None:
            self.session.learn(model.name, self.allele.editor.descriptor)
        if book.codec != model.codec_id:
            book.codec, book.level, book.place = model.codec_id, 0, 0
        book.columns = max(1, (self.size.width - 1) // CELL)
        book.rows = max(1, self.table.size.height)
        book.move(0, 0, model.codebook)
        order = order_of(colours, book.level, model.codebook)
        counted = atlas is not None and atlas.usage.shape[0] > book.level
        usage = atlas.usage[book.level] if atlas is not None and counted else self._open_use(model)
        view = TableView(
            codes=tuple(order.tolist()),
            heat=tuple(heat_of(usage)[order].tolist()),
            marks="".join(mark_of(atlas, book.level, int(code), colours.descriptor) for code in order),
            columns=book.columns,
            first_row=book.first_row,
            place=book.place,
            palette=self.allele.editor.palette,
        )
        self.table.show(view)
        where = "training" if counted else "open strands"
        left: list[Part] = [(f" level {level_name(book.level, model.levels)}", BOLD)]
        left.append((f" of {model.levels}  {model.codebook} codes by {colours.words or 'number'}", PLAIN))
        pages = -(-model.codebook // (book.columns * book.rows))
        right: list[Part] = [(f"page {book.first_row // book.rows + 1} of {pages} ", DIM)] if pages > 1 else []
        right.append((f"heat: use in {where} ", DIM))
        self.about.show(left, right)

    def colours(self, model: ModelInfo) -> Colours:
        """What the order means, as far as it is known by now."""
        return self.session.colours_now(model.name, self.allele.editor.descriptor)

    def _open_use(self, model: ModelInfo) -> Any:
        return use_in(self._open_grids(model), self.book.level, model.codebook)

    def _open_grids(self, model: ModelInfo) -> list[StrandGrid]:
        return [grid for grid in self.session.grids.values() if grid.info.meta.codec_id == model.codec_id]

    @property
    def code(self) -> int:
        """The code under the cursor."""
        view = self.table.view
        return view.codes[min(self.book.place, len(view.codes) - 1)] if view is not None and view.codes else 0

    def bottom_words(self) -> list[Part]:
        model = self.model
        if model is None:
            return [] if self.strand is None else [(f" {TAKE_BACK}", PLAIN)]
        atlas, level, code = self.session.atlas_now(model.name), self.book.level, self.code
        parts = [f"level {level} · code {code}{self._words(atlas, level, code)}"]
        if atlas is not None:
            parts += [value for value in (atlas.value(level, code, self.colours(model).descriptor),) if value]
            used = atlas.used(level, code)
            parts += [f"used {used} × in {atlas.info.usage_frames} training frames"] if used is not None else []
        here = int(use_in(self._open_grids(model), level, model.codebook)[code])
        parts.append(f"{here} × in open strands")
        if atlas is not None and not atlas.is_ready:
            parts.append(atlas.info.detail)
        return [(" " + " · ".join(parts), PLAIN)]

    def _words(self, atlas: CodeAtlas | None, level: int, code: int) -> str:
        if atlas is None:
            return ""
        label, does = atlas.label(level, code), atlas.words(level, code)
        return (f" {label!r}" if label else "") + (f": {does}" if does else "")

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("codebook.hear", "hear"),
            ("codebook.level_down", "level"),
            ("codebook.order", "order"),
            ("codebook.label", "label"),
            ("codebook.use", "where used"),
            ("go.editor", "editor"),
            ("app.help", "help"),
        ]

    # --- keys --------------------------------------------------------------------------------------------

    def _go(self, dx: int, dy: int) -> None:
        model = self.model
        if model is not None:
            self.book.move(dx, dy, model.codebook)
            self.draw()

    def do_codebook_left(self, count: int | None, register: str | None) -> None:
        self._go(-(count or 1), 0)

    def do_codebook_right(self, count: int | None, register: str | None) -> None:
        self._go(count or 1, 0)

    def do_codebook_up(self, count: int | None, register: str | None) -> None:
        self._go(0, -(count or 1))

    def do_codebook_down(self, count: int | None, register: str | None) -> None:
        self._go(0, count or 1)

    def do_codebook_page_up(self, count: int | None, register: str | None) -> None:
        self._go(0, -self.book.rows)

    def do_codebook_page_down(self, count: int | None, register: str | None) -> None:
        self._go(0, self.book.rows)

    def do_codebook_level_down(self, count: int | None, register: str | None) -> None:
        self._to_level(count or 1)

    def do_codebook_level_up(self, count: int | None, register: str | None) -> None:
        self._to_level(-(count or 1))

    def _to_level(self, by: int) -> None:
        model = self.model
        if model is not None:
            self.book.level = (self.book.level + by) % model.levels
            self.draw()

    def do_codebook_order(self, count: int | None, register: str | None) -> None:
        model = self.model
        choice = self.colours(model).next_choice() if model is not None else ""
        if model is not None and choice:
            self.spawn(self._order(model.name, choice))
        elif model is not None:
            again = f"allele model atlas {quote(model.name)}"
            self.say(f"model {model.name} has no atlas: {again} measures what its codes do")

    async def _order(self, model: str, descriptor: str) -> None:
        code = self.code
        colours = await self.session.colours(model, descriptor)
        self.allele.editor.descriptor = descriptor
        if colours.ranks is not None:
            order = order_of(colours, self.book.level, colours.ranks.shape[1])
            self.book.place = int(np.flatnonzero(order == code)[0])
        self.draw()
        self.allele.remember()

    def do_codebook_hear(self, count: int | None, register: str | None) -> None:
        pane, grid, editor = self.pane, self.strand, self.allele.editor
        if pane is None or grid is None:
            return
        cursor = pane.cursor.inside(grid.levels, grid.frames)
        first, past = cursor.frame, min(grid.frames, cursor.frame + (count or HELD_FRAMES))
        frames = (max(0, first - AROUND_FRAMES), min(grid.frames, past + AROUND_FRAMES))
        level = self.book.level
        silent = "; this level is not heard: {play.all_levels} in the editor" * (
            level in editor.silent_levels(grid.levels)
        )
        self.say(f"code {self.code} in {grid.name} @{first}:{past} of level {level}; nothing is written{silent}")
        self.spawn(self.allele.sound.try_code(grid, frames, (level, self.code, first, past), editor))

    def do_codebook_label(self, count: int | None, register: str | None) -> None:
        model = self.model
        if model is None:
            return
        level, code, atlas = self.book.level, self.code, self.session.atlas_now(model.name)
        now = atlas.label(level, code) if atlas is not None else ""
        self.prompt.ask(
            f"call code {code} of level {level}: ",
            lambda text: self._label(level, code, text),
            value=now,
            is_offer=True,
        )

    def _label(self, level: int, code: int, text: str) -> None:
        model = self.model
        if model is not None:
            self.spawn(self._put_label(PutLabel(model=model.name, level=level, code=code, text=text[:80])))

    async def _put_label(self, request: PutLabel) -> None:
        await self.session.ask(request)
        self.say(f"code {request.code} is called {request.text!r}" if request.text.strip() else "the label is gone")

    def do_codebook_use(self, count: int | None, register: str | None) -> None:
        """To the next place of the code in a strand that is open in a pane."""
        editor, level = self.allele.editor, self.book.level
        model = self.model
        for index in (editor.focus, 1 - editor.focus):
            pane = editor.panes[index]
            grid = self.session.grids.get(pane.strand or "")
            if grid is None or model is None or grid.info.meta.codec_id != model.codec_id:
                continue
            frame = next_use(grid, level, self.code, pane.cursor.frame)
            if frame is not None:
                editor.focus = index
                editor.place(Cursor(level, frame), [self.session.grids.get(one.strand or "") for one in editor.panes])
                self.allele.go("editor")
                return
        self.say(f"code {self.code} of level {level} stands in neither pane")
