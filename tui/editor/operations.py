"""The actions that edit cells: every operation, on the selection or on cells from the cursor on.

`operate` runs each operation whose row in `protocol.operations` states what a key supplies; the others have a method
here. An operation with a number asks for it on the prompt and offers the previous answer. tui.editor.sending sends the
edits.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from msgspec.structs import replace as replaced

from protocol.edits import Edit, parse_edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.opspec import Count, Prompt
from protocol.ranges import FrameRange, LevelRange, Rect
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.sending import EditSender
from tui.model.changes import Repeatable, next_seed
from tui.model.command_completion import Known, complete_arguments
from tui.model.grid import StrandGrid
from tui.model.pending import EditChain
from tui.model.search import is_code
from tui.widgets.prompt import Work

FAR = 16
MOST_EXPECTED = 4096  # cells whose new code a step after `set` uses before the answer arrives


class Operations:
    """Carries out the actions that edit codes, undo and redo."""

    def __init__(self, context: EditorContext, sender: EditSender) -> None:
        self.context, self.sender = context, sender
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action. An operation without its own method is run by `operate`."""
        by_row = {
            f"edit.{op}": partial(self.operate, op) for op, spec in OPS.items() if spec.action and spec.fits_a_key
        }
        return by_row | {
            "edit.set": self.edit_set,
            "edit.next_code": self.edit_next_code,
            "edit.prev_code": self.edit_prev_code,
            "edit.next_16": self.edit_next_16,
            "edit.prev_16": self.edit_prev_16,
            "edit.copy": self.edit_copy,
            "edit.mix": self.edit_mix,
            "edit.shift_left": self.edit_shift_left,
            "edit.shift_right": self.edit_shift_right,
            "edit.reverse": self.edit_reverse,
            "edit.lock": self.edit_lock,
            "edit.again": self.edit_again,
            "edit.undo": self.edit_undo,
            "edit.redo": self.edit_redo,
            "edit.history": self.edit_history,
        }

    # --- any operation -----------------------------------------------------------------------------------

    def operate(self, op: str, press: Press) -> None:
        """Run an operation with the arguments that a key supplies, according to its row in the table."""
        spec = OPS[op]
        if spec.prompt is not None:
            self._ask_for(op, spec.prompt, press.count)
        elif spec.reads_register:
            self._put(op, press.register)
        elif spec.count is Count.AMOUNT:
            self._change(op, [str(press.count or 1)])
        elif spec.takes_strand:
            self._change_with_other(op, press.count)
        else:
            self._change(op, [], press.count)

    def _change(self, op: str, args: list[str], count: int | None = None) -> None:
        here = self.place_of(op, count)
        if here is not None:
            self.sender.submit(here[0].id, self.editor.make(Edit(op=op, args=args), here[1]))

    def _change_with_other(self, op: str, count: int | None) -> None:
        here = self.context.here(count)
        if here is not None:
            self.sender.submit(here[0].id, self.editor.pair(Edit(op=op, args=[""]), here[1]))

    def _ask_for(self, op: str, prompt: Prompt, count: int | None) -> None:
        """Ask for the arguments and offer the previous answer. Enter sends the edit, Esc discards it."""
        here = self.place_of(op, count)
        if here is None:
            return
        grid, rect = here
        known = Known(tuple(info.meta.name for info in self.session.strands.values()))
        self.context.ask(
            f"{op} {rect}: ",
            lambda text: self.answered(op, grid, rect, text),
            value=self.offer(op),
            completer=lambda text: complete_arguments(OPS[op], text, known, asks_strand=False),
            kind=op,
            wants=f"{prompt.wants}; Enter applies, Tab completes, Esc cancels",
        )

    def offer(self, op: str) -> str:
        """Return the arguments that worked last, or the usual ones."""
        prompt = OPS[op].prompt
        return self.editor.remembered.get(op, "" if prompt is None else prompt.usual)

    def place_of(self, op: str, count: int | None) -> tuple[StrandGrid, Rect] | None:
        """The strand and the cells to ask about: as for other keys, or the whole strand if the operation wants that."""
        here = self.context.here(count)
        if here is None or count is not None or self.editor.pane.selection is not None or not OPS[op].takes_whole:
            return here
        grid = here[0]
        return grid, Rect(LevelRange(0, grid.levels - 1), FrameRange(0, grid.frames))

    def answered(self, op: str, grid: StrandGrid, rect: Rect, text: str) -> Work:
        """Return the coroutine that sends the edit of an answer. Raises an AlleleError if the text is no valid edit."""
        spec = OPS[op]
        edit = parse_edit(f"{op} {'OTHER ' if spec.takes_strand else ''}{text}", grid.frame_rate, grid.tempo)
        before = (self.editor.remembered.get(op), self.editor.last)
        self.editor.remembered[op] = next_seed(text)
        if spec.takes_whole and "at" in spec.options and rect.width == grid.frames and not self.editor.linked:
            edit = replaced(edit, options={"at": "0", **edit.options})  # whole with whole, wherever the cursors are
        made = self.editor.pair(edit, rect) if spec.takes_strand else self.editor.make(edit, rect)
        return self.sender.send_answer(op, grid.id, made, before)

    # --- codes -------------------------------------------------------------------------------------------

    def edit_set(self, press: Press) -> None:
        here = self.context.here(press.count)
        if here is None:
            return
        grid, rect = here
        label = f"code for {rect}, 0 to {grid.codebook - 1}: "
        typed = press.keys if press.keys.isdecimal() else ""
        self.context.ask(label, lambda text: self._set(grid, rect, text), typed=typed, kind="code")

    def _set(self, grid: StrandGrid, rect: Rect, text: str) -> Work | None:
        if not text.strip():
            return None
        code = self.read_code(grid, text)
        chain = self.session.edits.chains.setdefault(grid.id, EditChain())
        if rect.height * rect.width <= MOST_EXPECTED:
            for level, frame in product(rect.levels.numbers, range(rect.frames.first, rect.frames.past)):
                chain.expect(level, frame, code)
        return self.sender.send(grid.id, self.editor.set(rect, code))

    def read_code(self, grid: StrandGrid, text: str) -> int:
        """Read a code as typed.

        Raises:
            AlleleError: E_BAD_CODE when the text is not a code number of the strand's model.
        """
        text = text.strip()
        if not is_code(text, grid.codebook):
            raise AlleleError("E_BAD_CODE", f"{text[:40]!r} is not a code", hint=f"codes are 0 to {grid.codebook - 1}")
        return int(text)

    def edit_next_code(self, press: Press) -> None:
        self._step_code(press.count or 1)

    def edit_prev_code(self, press: Press) -> None:
        self._step_code(-(press.count or 1))

    def edit_next_16(self, press: Press) -> None:
        self._step_code(FAR * (press.count or 1))

    def edit_prev_16(self, press: Press) -> None:
        self._step_code(-FAR * (press.count or 1))

    def _step_code(self, by: int) -> None:
        grid = self.context.grid
        if grid is None:
            return
        cursor = self.editor.pane.cursor
        chain = self.session.edits.chains.setdefault(grid.id, EditChain())
        now = chain.expected.get((cursor.level, cursor.frame), int(grid.codes[cursor.level, cursor.frame]))
        colours = self.context.colours_of(grid)
        code = min(colours.step(cursor.level, now, by), grid.codebook - 1)
        if code == now:
            self.context.say(
                f"code {now} is the {'last' if by > 0 else 'first'} of this level in {colours.words or 'number'}"
            )
            return
        chain.expect(cursor.level, cursor.frame, code)
        self.sender.submit(grid.id, self.editor.set(self.editor.pane.rect(grid), code))
        self.editor.last = Repeatable(step=by)

    # --- registers ---------------------------------------------------------------------------------------

    def edit_copy(self, press: Press) -> None:
        here = self.context.here(press.count)
        if here is None:
            return
        grid, rect = here
        self.sender.submit(grid.id, self.editor.copy(rect, press.register or self.session.edits.registers.unnamed))
        if self.editor.pane.selection is not None:
            self.editor.drop_selection()
            first = replace(self.editor.pane.cursor, level=rect.levels.first, frame=rect.frames.first)
            self.editor.place(first, self.context.grids())
            self.context.moved()

    def edit_mix(self, press: Press) -> None:
        if self.context.grid is not None:
            words = self.editor.remembered.get("mix") or f"@{self.editor.pane.cursor.frame}"
            self.context.ask(
                "gap: a code, or @FRAME: ",
                lambda text: self._mix(press.register, text.strip()),
                value=words,
            )

    def _mix(self, register: str | None, gap: str) -> Work | None:
        grid = self.context.grid
        if not gap or grid is None:
            return None
        before = (self.editor.remembered.get("mix"), self.editor.last)
        self.editor.remembered["mix"] = gap
        return self.sender.send_answer("mix", grid.id, self._register_edit(grid, "mix", register, gap), before)

    def _put(self, op: str, register: str | None) -> None:
        grid = self.context.grid
        if grid is not None:
            self.sender.submit(grid.id, self._register_edit(grid, op, register))

    def _register_edit(self, grid: StrandGrid, op: str, register: str | None, gap: str = "") -> Edit:
        pane = self.editor.pane
        rect = pane.rect(grid) if pane.selection is not None else None
        return self.editor.put(pane.cursor, register or self.session.edits.registers.unnamed, rect, op, gap)

    # --- time --------------------------------------------------------------------------------------------

    def edit_shift_left(self, press: Press) -> None:
        self._change("shift", [str(-(press.count or 1))])

    def edit_shift_right(self, press: Press) -> None:
        self._change("shift", [f"+{press.count or 1}"])

    def edit_reverse(self, press: Press) -> None:
        here = self.context.here(press.count)
        if here is not None and here[1].width < 2:
            self.context.say(
                "one frame cannot be reversed: select more with {select.start}, or type a number first", bad=True
            )
            return
        self._change("reverse", [], press.count)

    # --- locks, again, undo ------------------------------------------------------------------------------

    def edit_lock(self, press: Press) -> None:
        here = self.context.here()
        if here is None:
            return
        grid, rect = here
        is_locked = set(rect.levels.numbers) <= set(grid.info.locked)
        self.sender.submit(grid.id, Edit(op="unlock" if is_locked else "lock", levels=rect.levels))

    def edit_again(self, press: Press) -> None:
        grid, last = self.context.grid, self.editor.last
        if grid is None or last is None:
            return
        if last.step:
            self._step_code(last.step if press.count is None else (press.count if last.step > 0 else -press.count))
            return
        edit, is_played = self.editor.repeat(grid, press.count), self.context.app.macros.is_playing
        if edit is None:
            self.context.say("the last change was made with the other pane, which is empty now", bad=True)
        elif OPS[edit.op].may_wait(edit.options) and self.session.edits.is_waiting(grid.id) and not is_played:
            self.context.say(f"{edit.op} is still computing: a key that is held repeats it when it is done")
        else:
            self.sender.submit(grid.id, edit)

    def edit_undo(self, press: Press) -> None:
        self._history(self.session.edits.undo_edit, "undone", press.count)

    def edit_redo(self, press: Press) -> None:
        self._history(self.session.edits.redo_edit, "redone", press.count)

    def _history(self, ask: Callable[[str], Any], word: str, count: int | None) -> None:
        grid = self.context.grid
        for _ in range(min(count or 1, 1000)):
            if grid is not None:
                self.context.spawn(self._back(ask, grid.id, word))

    async def _back(self, ask: Callable[[str], Any], strand: str, word: str) -> None:
        applied = await ask(strand)
        if applied is not None:
            self.sender.applied(applied, f"{word}: {self.session.readable(applied.edit)}")

    def edit_history(self, press: Press) -> None:
        grid = self.context.grid
        if grid is not None:
            self.context.app.show_history(grid.id)
