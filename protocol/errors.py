"""Errors that are sent in messages: a stable code, a line for the user, and a hint.

The codes are a contract (docs/protocol.md lists them); the messages are not.
"""

import msgspec

CODES: dict[str, str] = {
    "E_BAD_FRAME": "the bytes are not a message of this protocol",
    "E_BAD_REQUEST": "the message is well formed but its fields are not",
    "E_VERSION": "the two sides speak different protocol versions",
    "E_UNKNOWN_OP": "no such request in this daemon",
    "E_NOT_FOUND": "no such corpus, model, strand, job, register or file",
    "E_EXISTS": "the name is taken",
    "E_CONFLICT": "it was changed in the meantime; fetch it again",
    "E_RANGE": "the levels or frames do not exist",
    "E_BAD_CODE": "the code is outside the level's codebook",
    "E_BAD_EDIT": "the edit cannot be read",
    "E_LOCKED": "the levels are locked",
    "E_WRONG_MODEL": "the strand was made by another model",
    "E_NO_ATLAS": "the model has no atlas that can be used; one can be measured",
    "E_BAD_STRAND": "the file is not a strand",
    "E_BAD_AUDIO": "the file cannot be read as audio",
    "E_TOO_SHORT": "there is not enough audio",
    "E_NOTHING_TO_UNDO": "there is nothing to undo or redo",
    "E_BUSY": "a limit is reached; try again",
    "E_DEADLINE": "it took longer than the client was willing to wait",
    "E_CANCELLED": "it was cancelled",
    "E_ENGINE": "the engine worker crashed or failed; it is restarted",
    "E_DISK_FULL": "no space is left on the disk",
    "E_IO": "a file or folder cannot be read or written",
    "E_OOM": "memory ran out",
    "E_INTERNAL": "a defect of the daemon; its log has the details",
    "E_UNAVAILABLE": "no daemon answers",
}

RETRYABLE = frozenset({"E_BUSY", "E_DEADLINE", "E_ENGINE", "E_UNAVAILABLE", "E_CONFLICT"})


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an `err` message."""

    code: str
    message: str
    retryable: bool = False
    hint: str = ""


class AlleleError(Exception):
    """A failure with a stable code, a line that says what happened, and a hint that says what to do about it."""

    def __init__(self, code: str, message: str, *, hint: str = "", retryable: bool | None = None) -> None:
        super().__init__(message)
        self.code = code if code in CODES else "E_INTERNAL"
        self.message = message
        self.hint = hint
        self.retryable = self.code in RETRYABLE if retryable is None else retryable

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def body(self) -> ErrorBody:
        """The body that sends this error in a message. Long texts are truncated to fit."""
        return ErrorBody(code=self.code, message=self.message[:2000], retryable=self.retryable, hint=self.hint[:1000])

    @classmethod
    def of(cls, body: ErrorBody) -> "AlleleError":
        """The exception that a received error body describes."""
        return cls(body.code, body.message, hint=body.hint, retryable=body.retryable)
