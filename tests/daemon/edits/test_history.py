"""The texts that travel with a strand."""

from daemon.edits.history import MOST_BYTES, newest


def test_the_newest_edits_are_kept_in_their_order() -> None:
    texts = [f"set {number}" for number in range(1500)]
    assert newest(texts) == texts[500:]
    assert newest([]) == []


def test_long_texts_never_outgrow_a_message() -> None:
    texts = [f"paint {number}," + "7," * 8000 for number in range(100)]
    kept = newest(texts)
    assert 10 < len(kept) < 20 and kept == texts[-len(kept) :]
    assert sum(map(len, kept)) <= MOST_BYTES
