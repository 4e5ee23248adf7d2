"""docs/protocol.md lists exactly the messages, fields, errors and limits that the code has.

The document is read here as a person would, heading by heading; that scripts/protocol_tables.py agrees with itself
would not be enough.
"""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from protocol import errors, frames, operations, version
from protocol.messages.registry import EVENTS, REQUESTS
from protocol.training import OPTIONS, TrainingOptions

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "protocol.md"
MODULES = (
    *("arrays", "edits", "errors", "frames", "ranges", "strands", "tempo"),
    *(f"messages.{path.stem}" for path in sorted((ROOT / "protocol" / "messages").glob("[a-z]*.py"))),
)
# Not bodies of their own: bases, and a message as one object in memory.
NOT_SPECIFIED = {"Struct", "Request", "Event", "Message"}


def structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct that travels."""
    found: dict[str, type[msgspec.Struct]] = {}
    for name in MODULES:
        module = importlib.import_module(f"protocol.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.__name__:
                found[value.__name__] = value
    return {name: struct for name, struct in found.items() if name not in NOT_SPECIFIED}


def rows(text: str) -> list[list[str]]:
    """The body of the first table in a text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def sections(text: str) -> dict[str, list[list[str]]]:
    """Table under each `### Name` or `### Name → Reply`."""
    parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)[1:]
    return {
        heading.split(" → ")[0]: rows(re.split(r"^## |^<!-- /", body, maxsplit=1, flags=re.MULTILINE)[0])
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def marked(text: str, name: str) -> list[list[str]]:
    match = re.search(rf"<!-- {name} -->(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert match is not None, name
    return rows(match[1])


def differences(text: str) -> list[str]:
    """Everything in which the document and the code differ, by name."""
    written, wanted = sections(text), structs()
    options = written.pop(TrainingOptions.__name__, [])
    said = [] if [row[0] for row in options] == [option.name for option in OPTIONS] else ["options differ"]
    said += [f"{name} is not in the document" for name in wanted.keys() - written.keys()]
    said += [f"{name} is not in the code" for name in written.keys() - wanted.keys()]
    for name in wanted.keys() & written.keys():
        fields = [(field.name, field.required) for field in msgspec.structs.fields(wanted[name])]
        if [(row[0], row[2] == "required") for row in written[name]] != fields:
            said.append(f"{name} has other fields")
    replies = dict(re.findall(r"^### (\w+) → (\w+)$", text, flags=re.MULTILINE))
    if replies != {name: reply.__name__ for name, (_, reply) in REQUESTS.items()}:
        said.append("requests and replies differ")
    events = re.findall(r"^### (\w+)$", text.partition("<!-- events -->")[2].partition("<!-- /events -->")[0], re.M)
    if events != list(EVENTS):
        said.append("events differ")
    if {row[0]: row[2] == "yes" for row in marked(text, "errors")} != {c: c in errors.RETRYABLE for c in errors.CODES}:
        said.append("errors differ")
    if {row[0]: row[1] for row in marked(text, "kinds")} != {kind.name: str(kind.value) for kind in frames.Kind}:
        said.append("kinds differ")
    if [row[0] for row in marked(text, "operations")] != list(operations.OPS):
        said.append("operations differ")
    if [row[1].split()[0] for row in marked(text, "limits")] != [
        str(version.PROTOCOL_MIN),
        *(str(n) for n in (frames.MAX_HEADER_BYTES, frames.MAX_BODY_BYTES, frames.MAX_BUFFERS)),
        *(str(n) for n in (frames.MAX_BUFFER_BYTES, frames.MAX_CHUNK_BYTES, frames.ID_BYTES)),
    ]:
        said.append("limits differ")
    return sorted(said)


def test_document_and_code_agree() -> None:
    assert differences(DOCUMENT.read_text(encoding="utf-8")) == []


def test_the_tables_are_the_generated_ones() -> None:
    command = [sys.executable, "scripts/protocol_tables.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("### StepCompleted\n", "### StepFinished\n", "StepCompleted is not in the document"),
        ("| gradient_norm |", "| grad_norm |", "StepCompleted has other fields"),
        ("| undo_depth | int | `0` |\n", "", "StrandInfo has other fields"),
        ("### CancelJob → JobInfo", "### CancelJob → Done", "requests and replies differ"),
        ("| E_CONFLICT |", "| E_CLASH |", "errors differ"),
        ("| PONG | 8 |", "| PONG | 9 |", "kinds differ"),
        ("65536 bytes", "65535 bytes", "limits differ"),
    ],
)
def test_a_changed_document_is_noticed(old: str, new: str, said: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert old in text
    assert said in differences(text.replace(old, new))
