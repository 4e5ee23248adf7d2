"""Deleting a model by command says what depends on it; renaming it silences nothing."""

import asyncio
from pathlib import Path
from typing import Any

from protocol.messages.strands import CloseStrand, OpenStrand
from protocol.places import places_of
from tui.transport.client import Client


async def open_strand(home: Path, recording: Path) -> str:
    async with Client(places_of(home).endpoint) as client:
        return (await client.ask(OpenStrand(path=str(recording), model="toy"))).id


async def close_strand(home: Path, strand: str) -> None:
    async with Client(places_of(home).endpoint) as client:
        await client.ask(CloseStrand(strand=strand))


def test_a_model_that_a_strand_needs_is_deleted_only_by_force(allele: Any, recordings: Path) -> None:
    strand = asyncio.run(open_strand(allele.home, recordings / "tone0.wav"))
    try:
        error = allele("model", "delete", "toy").error
        assert "toy is needed by 1 open strand (tone0)" in error and "allele model delete toy --force" in error
        assert (allele.home / "models" / "toy").is_dir()
        deleted = allele("model", "delete", "toy", "--force", "--json").json
        assert deleted["strands"] == ["tone0"] and not (allele.home / "models" / "toy").exists()
        assert allele("model", "restore", "toy", "--json").json["restored"] == "toy"
    finally:
        asyncio.run(close_strand(allele.home, strand))


def test_a_renamed_model_is_found_under_its_new_name(allele: Any, recordings: Path) -> None:
    made = allele("encode", recordings / "tone0.wav", "--model", "toy", "-o", "a.alle")
    assert made.status == 0
    renamed = allele("model", "rename", "toy", "tin", "--json").json
    assert (renamed["renamed"], renamed["before"]) == ("tin", "toy")
    try:
        assert allele("decode", "a.alle").status == 0
        assert "toy" in allele("model", "rename", "toy", "other").error
    finally:
        assert allele("model", "rename", "tin", "toy").status == 0
