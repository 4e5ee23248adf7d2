"""The root of every error that tells a musician what went wrong and how to mend it."""


class MendableError(Exception):
    """What is wrong (`message`) and what to do about it (`hint`), both one plain sentence."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class AudioBackendError(MendableError):
    """torchaudio cannot be imported on this machine."""
