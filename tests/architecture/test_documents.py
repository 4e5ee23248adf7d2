"""Documents that users follow: links lead somewhere, keys are the keymap's, commands are the parser's."""

import re
import shlex
from pathlib import Path

import pytest

from tui.actions.registry import ACTIONS
from tui.cli.parser import parse
from tui.keymap import usual

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
    titles = {(key, action.title) for action in ACTIONS for key in usual("vim").keys_for(action.id)}
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
