"""A writer of scripts/chaos.py: it sends edits and keeps a copy of the strands that the daemon must hold."""

from collections import Counter

import numpy as np

from chaos_parts.requests import Codes, K, LostError, Q, T, open_strand, until_answered
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.fields import Struct
from protocol.messages.models import ModelInfo
from protocol.messages.strands import ApplyEdit, GetStrand, RedoEdit, UndoEdit
from tui.transport.client import Client


class Writer:
    """A client that edits two strands and keeps a copy of their expected codes."""

    def __init__(self, client: Client, rng: np.random.Generator, tally: Counter[str]) -> None:
        self.client, self.rng, self.tally = client, rng, tally
        self.ids: list[str] = []
        self.first: list[Codes] = []
        self.now: list[Codes] = []
        self.history: list[list[tuple[dict[int, Codes], dict[int, Codes]]]] = [[], []]  # per strand: done
        self.undone: list[list[tuple[dict[int, Codes], dict[int, Codes]]]] = [[], []]

    async def begin(self, model: ModelInfo) -> None:
        """Open both strands of the writer."""
        for name in ("one", "two"):
            codes = self.rng.integers(0, K, (Q, T)).astype(np.uint16)
            self.ids.append(await open_strand(self.client, model, name, codes))
            self.first.append(codes)
            self.now.append(codes.copy())

    async def write(self) -> None:
        """Send one edit, undo or redo until it is acknowledged, then apply it to the copy."""
        at = int(self.rng.integers(2))
        choice = self.rng.random()
        if choice < 0.15 and self.history[at]:
            await self._step(at, UndoEdit(strand=self.ids[at]), self.history, self.undone, 0)
        elif choice < 0.25 and self.undone[at]:
            await self._step(at, RedoEdit(strand=self.ids[at]), self.undone, self.history, 1)
        else:
            await self._edit(at)

    async def _step(self, at: int, body: Struct, source: list, target: list, side: int) -> None:
        """Undo (side 0) or redo (side 1), unless a swap's other strand has been edited since."""
        changed = source[at][-1]
        if any(not source[other] or source[other][-1] is not changed for other in changed[0]):
            return  # the daemon would reply E_CONFLICT, which is tested elsewhere
        await until_answered(self.client, body)
        for strand, codes in changed[side].items():
            self.now[strand] = codes
            source[strand].pop()
            target[strand].append(changed)
        self.tally["undo" if side == 0 else "redo"] += 1

    async def _edit(self, at: int) -> None:
        first = int(self.rng.integers(0, T - 8))
        past = int(self.rng.integers(first + 2, T + 1))
        level = int(self.rng.integers(Q))
        made = {strand: self.now[strand].copy() for strand in (0, 1)}
        op = ("set", "shift", "reverse", "swap")[int(self.rng.integers(4))]
        part = np.s_[level, first:past]
        if op == "set":
            code = int(self.rng.integers(K))
            text = f"set {code} q{level} @{first}:{past}"
            made[at][part] = code
        elif op == "shift":
            text = f"shift +3 q{level} @{first}:{past}"
            made[at][part] = np.roll(made[at][part], 3)
        elif op == "reverse":
            text = f"reverse q{level} @{first}:{past}"
            made[at][part] = made[at][part][::-1].copy()
        else:
            text = f"swap {self.ids[1 - at]} q{level} @{first}:{past} at={first}"
            made[0][part], made[1][part] = self.now[1][part], self.now[0][part]
        await until_answered(self.client, ApplyEdit(strand=self.ids[at], edit=parse_edit(text)))
        touched = (0, 1) if op == "swap" else (at,)
        change = ({s: self.now[s] for s in touched}, {s: made[s] for s in touched})
        for strand in touched:
            self.now[strand] = made[strand]
            self.history[strand].append(change)
            self.undone[strand].clear()
        self.tally["edits"] += 1

    async def check(self) -> None:
        """Check that the daemon's strands equal the copy."""
        for strand, codes in zip(self.ids, self.now, strict=True):
            answer = await until_answered(self.client, GetStrand(strand=strand))
            if not np.array_equal(answer.buffers[0], codes):
                cells = int((answer.buffers[0] != codes).sum())
                raise LostError(f"strand {strand} differs from its acknowledged edits in {cells} cells")

    async def unwind(self) -> None:
        """Undo everything and compare with the original codes; then redo everything and compare with the copy."""
        answers = [await until_answered(self.client, GetStrand(strand=strand)) for strand in self.ids]
        depths = {answer.body.id: answer.body.undo_depth for answer in answers}
        await self._go_to(UndoEdit, depths, dict.fromkeys(self.ids, 0), self.first)
        await self._go_to(RedoEdit, dict.fromkeys(self.ids, 0), depths, self.now)

    async def _go_to(
        self, body: type[UndoEdit | RedoEdit], depths: dict[str, int], wanted: dict[str, int], codes: list[Codes]
    ) -> None:
        while depths != wanted:
            before = depths
            for strand in self.ids:
                if depths[strand] == wanted[strand]:
                    continue
                try:
                    answer = await until_answered(self.client, body(strand=strand))
                except AlleleError as error:
                    if error.code != "E_CONFLICT":
                        raise
                    continue  # a swap waits until the other strand is back at it
                depths = depths | {info.id: info.undo_depth for info in answer.body.strands}
            if depths == before:
                raise LostError(f"strands {self.ids} stay at {depths} edits instead of {wanted}")
        for strand, expected in zip(self.ids, codes, strict=True):
            answer = await until_answered(self.client, GetStrand(strand=strand))
            if not np.array_equal(answer.buffers[0], expected):
                raise LostError(f"strand {strand} differs once {body.__name__} brought it to {wanted} edits")
