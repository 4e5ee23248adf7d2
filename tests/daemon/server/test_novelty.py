"""JudgeNovelty through a real daemon: what is refused before any sound is compared."""

from pathlib import Path

import pytest

from protocol.errors import AlleleError
from protocol.messages.novelty import JudgeNovelty
from protocol.messages.snapshots import EncodeFile
from tui.transport.client import Client


async def refusal(client: Client, request: JudgeNovelty, buffers: tuple = ()) -> AlleleError:
    with pytest.raises(AlleleError) as refused:
        await client.request(request, buffers=buffers, timeout_s=60)
    return refused.value


async def test_exactly_one_sound_is_judged(client: Client, tone_files: list[Path]) -> None:
    both = JudgeNovelty(path=str(tone_files[0]), strand="s1", model="raw")
    for request in (JudgeNovelty(), JudgeNovelty(model="raw"), both):
        assert (await refusal(client, request)).code == "E_BAD_REQUEST"


async def test_a_file_needs_a_model_with_an_index(client: Client, tone_files: list[Path]) -> None:
    path = str(tone_files[0])
    assert "allele model list" in (await refusal(client, JudgeNovelty(path=path))).hint
    assert (await refusal(client, JudgeNovelty(path=path, model="nemo"))).code == "E_NOT_FOUND"
    without = await refusal(client, JudgeNovelty(path=path, model="raw"))
    assert "raw has no index" in without.message and "allele model atlas raw" in without.hint
    missing = await refusal(client, JudgeNovelty(path="/no/such.wav", model="raw"))
    assert "/no/such.wav" in missing.message


async def test_a_strand_is_judged_by_its_own_model_only(client: Client, tone_files: list[Path]) -> None:
    made = await client.request(EncodeFile(path=str(tone_files[0]), model="raw"), timeout_s=60)
    other = await refusal(client, JudgeNovelty(meta=made.body.meta, model="pair"), tuple(made.buffers))
    assert other.code == "E_WRONG_MODEL" and "decode the strand" in other.hint
    own = await refusal(client, JudgeNovelty(meta=made.body.meta), tuple(made.buffers))
    assert "no index" in own.message
    assert (await refusal(client, JudgeNovelty(strand="no such id"))).code == "E_NOT_FOUND"
