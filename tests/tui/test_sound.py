"""A device that is lost or comes later: one line, and the next key plays. Players are real, the session is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from protocol.endpoint import Endpoint
from protocol.errors import AlleleError
from protocol.messages.playback import PreviewStarted
from tui.player.lines import DeviceOpened, PlaybackEnded
from tui.sound import Sound


class Session:
    """Stands in for the connection to a daemon: every preview is started."""

    def __init__(self) -> None:
        self.connection = SimpleNamespace(target=SimpleNamespace(endpoint=Endpoint(Path("/nowhere"))))
        self.grids: dict[str, Any] = {}
        self.asked: list[Any] = []

    async def ask(self, body: Any, **_: Any) -> Any:
        self.asked.append(body)
        return SimpleNamespace(body=PreviewStarted(playback=len(self.asked), preview="step", seconds=1.0))


@pytest.fixture
async def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Sound, list[str]]]:
    monkeypatch.setenv("ALLELE_SOUND", f"wav:{tmp_path}/later/heard.wav")
    monkeypatch.setattr("tui.sound.LOOK_AGAIN_S", 0.0)
    said: list[str] = []
    session: Any = Session()
    made = Sound(session, tmp_path / "player.log", lambda _: None, said.append)
    await made.start()
    yield made, said
    await made.close()


async def until(what: Callable[[], bool], timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not what():
            await asyncio.sleep(0.01)


async def test_a_device_that_comes_later_is_found_by_the_next_play(
    sound: tuple[Sound, list[str]], tmp_path: Path
) -> None:
    heard, said = sound
    assert len(said) == 1 and said[0].startswith("no sound: ")
    assert heard.words == "no sound"
    with pytest.raises(AlleleError, match="no sound"):
        await heard.play_preview("j1", "step")
    assert not heard.why_not, "a look may find one"
    (tmp_path / "later").mkdir()
    await heard.play_preview("j1", "step")
    assert heard.preview == ("j1", "step")
    assert heard.words.startswith("sound heard.wav")
    assert len(said) == 1, "what cannot be heard is said once"


async def test_a_device_that_is_lost_is_said_once_and_looked_for_by_the_next_play(
    sound: tuple[Sound, list[str]], tmp_path: Path
) -> None:
    heard, said = sound
    (tmp_path / "later").mkdir()
    await heard.play_preview("j1", "step")
    child: Any = heard._child
    reason = "the sound device Speakers went away"
    child._take(DeviceOpened(device="none", kind="none", reason=reason, hint="play again when it is back"))
    child._take(PlaybackEnded(playback=heard._playback, reason="lost", detail=reason))
    assert said[1:] == [f"no sound: {reason}; play again when it is back"]
    assert heard.preview is None and heard.words == "no sound"
    await heard.play_preview("j1", "step")
    assert heard.preview == ("j1", "step") and heard.words.startswith("sound heard.wav")


async def test_sound_that_is_switched_off_is_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLELE_SOUND", "none")
    session: Any = Session()
    made = Sound(session, tmp_path / "player.log", lambda _: None, lambda _: None)
    assert made.silence == "sound is starting"
    await made.start()
    assert "switched off" in made.silence
    await made.close()
