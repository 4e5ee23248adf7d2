"""The root of every error that tells a musician what went wrong and how to mend it.

What the operating system refuses for now (too many open files, no permission, no memory, a disk that stumbles) says
nothing about the file: `passing_hint` has what to do about that, so that nobody is told to remove what is whole.
"""

import errno


class MendableError(Exception):
    """What is wrong (`message`) and what to do about it (`hint`), both one plain sentence."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class AudioBackendError(MendableError):
    """torchaudio cannot be imported on this machine."""


_PASSING = {
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE),
        "Allow more open files (ulimit -n 4096, then: allele daemon restart) and try again.",
    ),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "Check its permissions and try again."),
    **dict.fromkeys((errno.ENOMEM, errno.EAGAIN), "Close other programs and try again."),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Free some space and try again."),
}


def passing_hint(problem: BaseException, otherwise: str = "") -> str:
    """What to do about a refusal of the operating system; `otherwise` where it has no remedy of its own."""
    number = getattr(problem, "errno", None)
    return _PASSING.get(number, otherwise) if isinstance(number, int) else otherwise
