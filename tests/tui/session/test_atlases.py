"""What a client learns of a model's codes: asked for once at a time, told once."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import numpy as np

from protocol.errors import AlleleError
from protocol.messages.fields import Struct
from protocol.messages.models import GetAtlas, Palette
from tui.session.atlases import ModelAtlases


class Connected:
    """Stands in for a connection to a daemon that knows a palette and no atlas."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connected = True
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, body: Struct, **_: Any) -> Any:
        self.asked.append(type(body).__name__)
        await asyncio.sleep(0)
        if isinstance(body, GetAtlas):
            raise AlleleError("E_ENGINE", "not now")
        return SimpleNamespace(body=Palette(model="toy", descriptor="brightness"), buffers=[np.zeros((2, 16))])

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)


def atlases_over(connection: Any) -> tuple[ModelAtlases, list[tuple[str, str]]]:
    reported: list[tuple[str, str]] = []
    return ModelAtlases(connection, lambda topic, key: reported.append((topic, key))), reported


async def test_codes_are_asked_about_once_at_a_time_and_news_are_told_once() -> None:
    connection = Connected()
    atlases, reported = atlases_over(connection)
    for _ in range(5):
        atlases.learn("toy", "")
    await connection.settle()
    assert connection.asked == ["GetAtlas", "GetPalette"]
    assert reported == [("atlas", "toy")]
    atlases.learn("toy", "")
    await connection.settle()
    assert connection.asked == ["GetAtlas", "GetPalette", "GetAtlas"]
    assert reported == [("atlas", "toy")], "no picture is drawn for nothing: it would ask again at once"


async def test_nothing_is_asked_while_nobody_is_there() -> None:
    connection = Connected()
    atlases, _ = atlases_over(connection)
    connection.connected = False
    atlases.learn("toy", "")
    await connection.settle()
    assert connection.asked == []
