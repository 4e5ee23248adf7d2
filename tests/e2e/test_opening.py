"""`allele FILE`: what can be opened starts the editor, and what cannot is one line."""

import asyncio
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from protocol.messages.strands import CloseStrand, GetWorkspace, ListStrands, OpenStrand
from protocol.places import places_of
from tui.transport.client import Client


@pytest.mark.parametrize(
    ("name", "holds", "words"),
    [
        ("gone.wav", None, "gone.wav: there is no such file"),
        ("notes.txt", b"buy strings, caf\xc3\xa9 " * 400, "notes.txt: it is text, not a recording"),
        ("empty.wav", b"", "empty.wav: the file is empty"),
        ("broken.alle", b"PK\x03\x04 nothing", "broken.alle"),
        ("folder/", None, "it is a folder"),
    ],
)
def test_what_cannot_be_opened_is_one_line(allele: Any, name: str, holds: bytes | None, words: str) -> None:
    if name.endswith("/"):
        (allele.folder / name).mkdir()
    elif holds is not None:
        (allele.folder / name).write_bytes(holds)
    assert words in allele(name).error


def test_a_recording_needs_a_terminal_but_is_no_wrong_command(allele: Any, recordings: Path) -> None:
    assert "needs a terminal" in allele(recordings / "tone0.wav").error


async def strands(home: Path) -> list[tuple[str, str]]:
    async with Client(places_of(home).endpoint) as client:
        return [(info.id, info.meta.name) for info in (await client.ask(ListStrands())).strands]


async def shown_strands(home: Path) -> list[str]:
    """The strands in the panes, as the editor saved them when it ended."""
    async with Client(places_of(home).endpoint) as client:
        return [pane["strand"] for pane in json.loads((await client.ask(GetWorkspace())).state)["panes"]]


async def open_one(home: Path, path: Path) -> str:
    async with Client(places_of(home).endpoint) as client:
        return (await client.ask(OpenStrand(path=str(path), model="toy"))).id


async def close_all(home: Path) -> None:
    async with Client(places_of(home).endpoint) as client:
        for info in (await client.ask(ListStrands())).strands:
            await client.ask(CloseStrand(strand=info.id))


def screen_of(allele: Any, words: list[Any], shows: list[str]) -> str:
    """Run the editor in a pseudo terminal until its output has some texts, and return the output."""
    ours, theirs = pty.openpty()
    environment = {**allele.environment, "TERM": "xterm-256color", "ALLELE_SOUND": "none"}
    editor = subprocess.Popen(
        allele.command(*words), cwd=allele.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen, deadline_s = "", time.monotonic() + 60
    try:
        while not all(text in seen for text in shows):
            assert time.monotonic() < deadline_s, seen[-3000:]
            if select.select([ours], [], [], 0.1)[0]:
                seen += os.read(ours, 65_536).decode("utf-8", "replace")
        return seen
    finally:
        editor.send_signal(signal.SIGTERM)
        editor.wait(10)
        os.close(ours)


def test_files_and_a_strand_are_opened_in_the_panes_and_the_list(allele: Any, recordings: Path) -> None:
    shutil.copy(recordings / "tone1.wav", allele.folder / "my take.wav")
    assert allele("encode", recordings / "tone2.wav", "--model", "toy", "-o", "two.alle").status == 0
    try:
        asyncio.run(open_one(allele.home, recordings / "tone0.wav"))
        screen_of(allele, ["tone0", "my take.wav", "two.alle", recordings / "tone3.wav"], ["4 are open"])
        names = dict(asyncio.run(strands(allele.home)))
        assert sorted(names.values()) == ["my take", "tone0", "tone2", "tone3"]
        assert [names[strand] for strand in asyncio.run(shown_strands(allele.home))] == ["tone0", "my take"]
    finally:
        asyncio.run(close_all(allele.home))
