"""What a client learns of a model's codes: asked for once at a time, told once."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import numpy as np

from protocol.errors import AlleleError
from protocol.messages.fields import Struct
from protocol.messages.models import GetAtlas, Palette
from tui.session.atlas_desk import AtlasDesk


class Desk(AtlasDesk):
    """A desk whose daemon knows a palette, and an atlas only when it is said to."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        super().__init__(lambda topic, key: self.told.append((topic, key)))
        self.asked: list[str] = []
        self.is_here = True
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        return self.is_here

    async def ask(self, body: Struct, *, timeout_s: float | None = 30.0, **more: Any) -> Any:
        self.asked.append(type(body).__name__)
        await asyncio.sleep(0)
        if isinstance(body, GetAtlas):
            raise AlleleError("E_ENGINE", "not now")
        return SimpleNamespace(body=Palette(model="toy", descriptor="brightness"), buffers=[np.zeros((2, 16))])

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)


async def test_codes_are_asked_about_once_at_a_time_and_news_are_told_once() -> None:
    desk = Desk()
    for _ in range(5):
        desk.learn("toy", "")
    await desk.settle()
    assert desk.asked == ["GetAtlas", "GetPalette"]
    assert desk.told == [("atlas", "toy")]
    desk.learn("toy", "")
    await desk.settle()
    assert desk.asked == ["GetAtlas", "GetPalette", "GetAtlas"]
    assert desk.told == [("atlas", "toy")], "no picture is drawn for nothing: it would ask again at once"


async def test_nothing_is_asked_while_nobody_is_there() -> None:
    desk = Desk()
    desk.is_here = False
    desk.learn("toy", "")
    await desk.settle()
    assert desk.asked == []
