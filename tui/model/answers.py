"""Answers to questions that take yes or no."""

from protocol.errors import AlleleError

YES, NO = ("y", "yes"), ("n", "no", "")


def is_yes(text: str) -> bool:
    """Return whether an answer is yes. Enter alone is no.

    Raises:
        AlleleError: E_BAD_REQUEST for any other text, so that a slip decides nothing.
    """
    word = text.strip().lower()
    if word not in (*YES, *NO):
        raise AlleleError("E_BAD_REQUEST", f"{text.strip()[:40]!r} is neither yes nor no", hint="type y or n")
    return word in YES
