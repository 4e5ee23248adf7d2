"""The list of takes: one random edit with several seeds. Moving plays a take, Enter applies it to the strand.

A take is the strand as it would be. It is computed by the daemon as a snapshot, and nothing is changed before a take is
applied or kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from protocol.edits import Edit, format_edit
from protocol.messages.strands import OpenStrand
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta
from tui.actions.press import Press
from tui.model.editor import Editor
from tui.model.grid import Cells, StrandGrid
from tui.model.words import plural
from tui.screens.lists import ListKeys
from tui.screens.over import OverScreen
from tui.widgets.rows import Row, Rows


@dataclass(frozen=True)
class Take:
    """One variation: its name, the edit with its seed, and the strand that it makes, as a message contains it."""

    name: str
    edit: Edit
    meta: StrandMeta
    buffers: Sequence[npt.NDArray[Any]]


class TakeList(OverScreen):
    """The takes of one strand, shown over the editor. `frames` are played."""

    NAME = "takes"
    TITLE_WORDS = "Takes"

    def __init__(self, grid: StrandGrid, frames: FrameRange, takes: list[Take], editor: Editor) -> None:
        super().__init__(Rows("take-rows"))
        self._grid, self._frames, self._editor = grid, frames, editor
        self._takes = {take.name: take for take in takes}
        keys = ListKeys(lambda: self.rows, self._hear)
        more = {"takes.apply": self._apply, "takes.hear": lambda _: self._hear(), "takes.keep": self._keep}
        self.handlers = {**self.handlers, **keys.handlers(), **more}

    def compose_body(self) -> Any:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.fill([Row(self._words(take), take.name) for take in self._takes.values()])
        self.rows.go(next(iter(self._takes)))
        self._hear()

    def _words(self, take: Take) -> str:
        changed = int(np.count_nonzero(take.buffers[0] != self._grid.codes))
        return f"{take.name}   {format_edit(take.edit)}   {plural(changed, 'cell')} new"

    def top_words(self) -> str:
        return f"Takes of {self._grid.name} {self._frames}"

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("list.down list.up", "hear"),
            ("takes.apply", "apply"),
            ("takes.keep", "keep as a strand"),
            ("takes.hear", "again"),
            ("over.back", "back"),
        ]

    @property
    def _take(self) -> Take | None:
        return self._takes.get(str(self.rows.current))

    def _hear(self) -> None:
        """Play the take under the cursor. Without sound this is reported, and the list still works."""
        take = self._take
        self.draw()
        if take is not None:
            self.spawn(self.allele.sound.try_cells(self._grid, self._frames, Cells(*take.buffers), self._editor))

    def _apply(self, press: Press) -> None:
        if self._take is not None:
            self.spawn(self._applied(self._take))

    async def _applied(self, take: Take) -> None:
        await self.session.edits.apply_edit(self._grid.id, take.edit)
        self.dismiss()
        self.allele.say(f"{take.name} applied: {format_edit(take.edit)}")

    def _keep(self, press: Press) -> None:
        if self._take is not None:
            self.spawn(self._kept(self._take))

    async def _kept(self, take: Take) -> None:
        name = f"{self._grid.name}-{take.name}"
        opened = (await self.session.ask(OpenStrand(meta=replace(take.meta, name=name)), buffers=take.buffers)).body
        self.session.strands[opened.id] = opened
        self.say(f"kept as strand {name}")
