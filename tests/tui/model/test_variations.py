"""Variations: other seeds for each take, written out, and nothing that would be the same again."""

import pytest

from protocol.edits import format_edit, parse_edit
from protocol.errors import AlleleError
from tui.model.commands import read_command
from tui.model.variations import is_random, take_name, variation


def test_takes_have_seeds_of_their_own_that_are_written_out() -> None:
    edits = [parse_edit("reverse @0:4"), parse_edit("mutate 0.3 q1")]
    takes = [variation(edits, take) for take in range(20)]
    seeds = {edit.options["seed"] for take in takes for edit in take if edit.op == "mutate"}
    assert len(seeds) > 15 and all(seed.isdecimal() for seed in seeds)
    assert all(take[0] == edits[0] and take[1].levels == edits[1].levels for take in takes)


def test_a_seed_that_was_typed_counts_on() -> None:
    edits = [parse_edit("mutate 0.3 seed=7"), parse_edit("blend b 0.5 mode=cells seed=1")]
    texts = [[format_edit(edit) for edit in variation(edits, take)] for take in range(2)]
    assert texts == [
        ["mutate 0.3 seed=7", "blend b 0.5 mode=cells seed=1"],
        ["mutate 0.3 seed=8", "blend b 0.5 mode=cells seed=2"],
    ]


@pytest.mark.parametrize("text", ["reverse", "blend b 0.5", "nudge brighter", "mutate 0.3 seed=x"])
def test_what_would_be_the_same_is_refused(text: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        variation([parse_edit(text)], 0)
    assert refusal.value.code == "E_BAD_EDIT" and refusal.value.hint


def test_only_some_operations_are_random() -> None:
    assert is_random(parse_edit("mutate 1")) and is_random(parse_edit("blend b 1 mode=cells"))
    assert not is_random(parse_edit("blend b 1")) and not is_random(parse_edit("reverse"))
    assert [take_name(number) for number in (1, 12)] == ["take-01", "take-12"]


def test_the_command_names_the_number_and_perhaps_an_edit() -> None:
    plain, typed = read_command("vary 8"), read_command("vary 3 mutate 0.5 @1s:2s")
    assert plain is not None and (plain.name, plain.args, plain.edit) == ("vary", ["8"], None)
    assert typed is not None and typed.edit is not None and format_edit(typed.edit) == "mutate 0.5 @47:94"
    for wrong in ("vary", "vary many", "vary -1", "vary 8 explode"):
        with pytest.raises(AlleleError, match=r"vary|explode"):
            read_command(wrong)
