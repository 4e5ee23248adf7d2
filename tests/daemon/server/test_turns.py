"""Strands take their edits in the order in which they came."""

import asyncio

from daemon.server.turns import Turns


async def test_one_strand_is_served_in_order_and_others_do_not_wait() -> None:
    turns, log = Turns(), list[str]()
    gate = asyncio.Event()

    async def work(name: str, *strands: str, wait: bool = False) -> None:
        async with turns.take(*strands):
            if wait:
                await gate.wait()
            log.append(name)

    tasks = [
        asyncio.create_task(work("a1", "a", wait=True)),
        asyncio.create_task(work("a2", "a")),
        asyncio.create_task(work("b1", "b")),
        asyncio.create_task(work("ab", "b", "a")),
        asyncio.create_task(work("b2", "b")),
        asyncio.create_task(work("c1", "c")),
    ]
    await asyncio.sleep(0.01)
    assert log == ["b1", "c1"]
    gate.set()
    await asyncio.gather(*tasks)
    assert log == ["b1", "c1", "a1", "a2", "ab", "b2"]
    await asyncio.sleep(0)
    assert turns._last == {}  # pyright: ignore[reportPrivateUsage]


async def test_who_gives_up_waiting_lets_nobody_overtake() -> None:
    turns, log = Turns(), list[str]()
    gate = asyncio.Event()

    async def work(name: str, *, wait: bool = False) -> None:
        async with turns.take("a"):
            if wait:
                await gate.wait()
            log.append(name)

    first = asyncio.create_task(work("first", wait=True))
    second, third = asyncio.create_task(work("second")), asyncio.create_task(work("third"))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.sleep(0.01)
    assert log == []
    gate.set()
    await asyncio.gather(first, third)
    assert log == ["first", "third"] and second.cancelled()


async def test_a_failure_passes_the_turn_on() -> None:
    turns = Turns()

    async def fail() -> None:
        async with turns.take("a"):
            raise ValueError

    results = await asyncio.gather(fail(), fail(), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    async with turns.take("a"):
        pass
