"""The codebook screen: every code of a level, ordered by a quality of its sound, coloured by how much it is used.

Data flow: the model is that of the editor's focused strand, else the newest; its atlas and order come from the
session. A code is played in the frames under the editor's cursor, and nothing is written. The daemon stores labels with
the model.
"""

from typing import Any

from textual.app import ComposeResult

from protocol.messages.models import ModelInfo
from tui.actions.situation import NO_MODEL, RESTORE_MODEL, Situation
from tui.model.atlas import CodeAtlas, Colours
from tui.model.codebook import CELL, Codebook, heat_of, mark_of, order_of, use_in
from tui.model.editor import Pane
from tui.model.grid import StrandGrid
from tui.model.library import missing_words
from tui.model.words import level_name
from tui.screens.base import BaseScreen
from tui.screens.codebook_actions import CodebookActions
from tui.widgets.code_table import CodeTable, TableView
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine


class CodebookScreen(BaseScreen):
    """The screen that lists all codes of a level."""

    NAME = "codebook"
    TITLE_WORDS = "Codebook"

    def __init__(self) -> None:
        super().__init__()
        self.book, self.about, self.table = Codebook(), TextLine("about"), CodeTable("codes")
        self.handlers = CodebookActions(self).handlers()

    def compose_body(self) -> ComposeResult:
        yield self.about
        yield self.table

    # --- what is shown -----------------------------------------------------------------------------------

    @property
    def pane(self) -> Pane | None:
        """The pane in which codes are played: the focused one, or the other one if only that shows a strand."""
        editor = self.allele.editor
        return next((pane for pane in (editor.pane, editor.other) if pane.strand in self.session.grids), None)

    @property
    def strand(self) -> StrandGrid | None:
        """The strand in which codes are played."""
        pane = self.pane
        return None if pane is None else self.session.grids.get(pane.strand or "")

    @property
    def model(self) -> ModelInfo | None:
        """The strand's model, or None if it is not installed; without a strand, the newest model."""
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
        book, colours, atlas = self.book, self.colours(model), self.session.atlases.get(model.name)
        if colours.ranks is None or atlas is None:
            self.session.atlases.learn(model.name, self.allele.editor.descriptor)
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
        """Return the meaning of the order as far as fetched."""
        return self.session.atlases.colours(model.name, self.allele.editor.descriptor)

    def _open_use(self, model: ModelInfo) -> Any:
        return use_in(self.open_grids(model), self.book.level, model.codebook)

    def open_grids(self, model: ModelInfo) -> list[StrandGrid]:
        """Return the fetched strands with codes of this model."""
        return [grid for grid in self.session.grids.values() if grid.info.meta.codec_id == model.codec_id]

    @property
    def code(self) -> int:
        """Return the code under the cursor."""
        view = self.table.view
        return view.codes[min(self.book.place, len(view.codes) - 1)] if view is not None and view.codes else 0

    def bottom_words(self) -> list[Part]:
        model = self.model
        if model is None:
            return [] if self.strand is None else [(f" {RESTORE_MODEL}", PLAIN)]
        atlas, level, code = self.session.atlases.get(model.name), self.book.level, self.code
        parts = [f"level {level} · code {code}{self._words(atlas, level, code)}"]
        if atlas is not None:
            parts += [value for value in (atlas.value(level, code, self.colours(model).descriptor),) if value]
            used = atlas.used(level, code)
            parts += [f"used {used} × in {atlas.info.usage_frames} training frames"] if used is not None else []
        here = int(use_in(self.open_grids(model), level, model.codebook)[code])
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
