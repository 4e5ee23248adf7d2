"""Plain English: words that only this project used in their sense stay away, and a docstring stands alone.

A folder of source text comes under these rules by one line in SOURCE_FOLDERS.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCE_FOLDERS = ("daemon", "protocol", "scripts", "tui")
LEAST_WORDS = 4

BANNED = {
    "anew": "again",
    "asked": "requested",
    "desk": "the name of what it holds",
    "frank": "crash reporting",
    "garbage": "rejected messages",
    "hands": "passes, or the name of the part",
    "lane": "worker, or supervisor",
    "lanes": "workers",
    "likewise": "the same, written out",
    "mend": "hint, or fix",
    "mended": "fixed",
    "mends": "fixes",
    "roster": "peers",
    "said": "reported",
    "seam": "crossfade, or join",
    "seams": "crossfades, or joins",
    "told": "reported, or notified",
    "wish": "request",
    "wishes": "requests",
}
FORMATTED = re.compile(r"[rR]?[fF][rR]?['\"]")  # before Python 3.12 a formatted string is one token, names included
WORD = re.compile(r"\b(" + "|".join(BANNED) + r")\b", re.IGNORECASE)


def prose(markdown: str) -> str:
    """A document without what is generated into it, code and addresses."""
    text = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", markdown, flags=re.DOTALL)
    text = re.sub(r"^```.*?^```$|^ {4}\S.*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)


def source_text(source: str) -> str:
    """The comments and the string literals of a module, which include its docstrings."""
    kinds = {tokenize.COMMENT, tokenize.STRING} | {getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts = [token.string for token in tokens if token.type in kinds]
    texts = [re.sub(r"\{[^{}]*\}", " ", text) if FORMATTED.match(text) else text for text in texts]
    return "\n".join(re.sub(r"`[^`]*`", " ", text) for text in texts)


def banned_in(text: str) -> list[str]:
    """Each banned word of a text with what to write instead."""
    found = dict.fromkeys(match[0].lower() for match in WORD.finditer(text))
    return [f"{word}: write {BANNED[word]}" for word in found]


def short_docstrings(source: str) -> Iterator[str]:
    """Names of what has a docstring too short to stand alone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None and len(text.split()) < LEAST_WORDS:
                yield f"{getattr(node, 'name', 'module')}: {text}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_use_standard_terms(document: Path) -> None:
    assert banned_in(prose(document.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("folder", SOURCE_FOLDERS)
def test_source_text_uses_standard_terms(folder: str) -> None:
    found = {path.name: banned_in(source_text(path.read_text(encoding="utf-8"))) for path in modules(folder)}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("folder", SOURCE_FOLDERS)
def test_docstrings_stand_alone(folder: str) -> None:
    found = {path.name: list(short_docstrings(path.read_text(encoding="utf-8"))) for path in modules(folder)}
    assert {name: short for name, short in found.items() if short} == {}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    assert [
        part for part in ("Status: ", "## Context", "## Decision", "## Consequences") if f"\n{part}" not in text
    ] == []


def modules(folder: str) -> list[Path]:
    """The modules of a folder, or those that match a pattern; there must be some."""
    paths = sorted(ROOT.glob(folder) if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
    assert paths, folder
    return paths


def test_a_banned_word_and_a_short_docstring_are_noticed() -> None:
    assert banned_in(prose("Mend it. `mend`\n\n    mend\n")) == ["mend: write hint, or fix"]
    assert banned_in(prose("<!-- x -->\nasked\n<!-- /x -->\n[words](seams.md)")) == []
    source = 'def f():\n    """From memory."""\n    wish = 1  # as told\n    return f"{wish} said"\n'
    assert banned_in(source_text(source)) == ["told: write reported, or notified", "said: write reported"]
    assert list(short_docstrings(source)) == ["f: From memory."]
