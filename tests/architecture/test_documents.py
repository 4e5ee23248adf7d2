"""What users follow: links lead somewhere, keys are the keymap's, commands are the parser's and can be typed."""

import re
import shlex
from pathlib import Path

import pytest

from tui.actions.registry import ACTIONS
from tui.cli.parser import parse
from tui.input.keymap import default_keymap

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "scripts" / "demo" / "CREDITS.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_readmes_keys_are_the_keymaps() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Keys")[2].partition("##")[0]
    rows = re.findall(r"^\| (`.+`) \| (.+) \|$", text, flags=re.MULTILINE)
    assert len(rows) > 10
    titles = {(key, action.title) for action in ACTIONS for key in default_keymap("vim").keys_for(action.id)}
    for keys, words in rows:
        for key in re.findall(r"`([^`]+)`", keys):
            matching = [title for name, title in titles if name == key and title in words]
            assert matching, f"{key}: none of {words!r} is what the keymap says"


def test_the_readmes_commands_are_the_parsers() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    allele (.+?)(?:\s+#.*)?$", text, flags=re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        assert parse(shlex.split(line)).command is not None


COMMAND = re.compile(r"allele (?:corpus|encode|model|train)\b([^\"\n]*)")


def unquoted(text: str) -> list[str]:
    """Names that a source puts into a command for the person as they are: one may hold a space."""
    put = [value for command in COMMAND.findall(text) for value in re.findall(r"\{([^{}]*)\}", command)]
    return [value for value in put if not re.match(r"(?:shlex\.)?(?:quote|join)\(", value)]


def test_names_in_commands_that_are_told_are_quoted() -> None:
    sources = [path for package in ("daemon", "tui") for path in (ROOT / package).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix(): unquoted(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: values for name, values in found.items() if values} == {}
    assert unquoted('f"allele model restore {quote(name)} --as {name}"') == ["name"]


def test_make_docs_makes_every_page_that_a_script_keeps() -> None:
    makers = [
        path.name for path in (ROOT / "scripts").glob("*.py") if "--check only compare" in path.read_text("utf-8")
    ]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2]
    assert len(makers) >= 3 and [name for name in makers if f"scripts/{name}" not in recipe] == []


def test_the_glossary_knows_every_kind_of_job() -> None:
    from daemon.jobs.queue import KINDS

    (row,) = re.findall(r"^\| job \| (.+) \|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), flags=re.MULTILINE)
    assert all(kind in row for kind in KINDS), row
