"""The shape rules: parts are composed instead of stacked, and no class grows without bound."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_METHODS = 40
MOST_ABOVE = 2
MOST_LINES = 450


@dataclass(frozen=True)
class Found:
    """A class of ours: its file, the names of its bases, and of its methods."""

    path: Path
    bases: tuple[str, ...]
    methods: frozenset[str]


def classes() -> dict[str, Found]:
    """Every class of the three packages, by name."""
    return {name: found for package in ("protocol", "daemon", "tui") for name, found in classes_in(ROOT / package)}


def classes_in(folder: Path) -> Iterator[tuple[str, Found]]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield node.name, Found(path, tuple(bases_of(node)), methods_of(node))


def bases_of(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(plain, ast.Name | ast.Attribute):
            yield plain.id if isinstance(plain, ast.Name) else plain.attr


def methods_of(node: ast.ClassDef) -> frozenset[str]:
    return frozenset(item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))


def above(name: str, known: dict[str, Found]) -> set[str]:
    """Our own classes that a class inherits from, near and far."""
    direct = {base for base in known[name].bases if base in known and base != name}
    return direct | {far for base in direct for far in above(base, known)}


def test_classes_are_composed_not_stacked() -> None:
    known = classes()
    assert len(known) > 300
    stacked = {name: sorted(found) for name in known if len(found := above(name, known)) > MOST_ABOVE}
    assert {name: found for name, found in stacked.items() if not name.endswith("Error")} == {}


def test_no_class_has_more_methods_than_one_can_keep_in_mind() -> None:
    known = classes()
    counts = {
        name: len(found.methods.union(*(known[base].methods for base in above(name, known))))
        for name, found in known.items()
    }
    assert {name: count for name, count in counts.items() if count > MOST_METHODS} == {}


def test_no_file_is_longer_than_one_reads() -> None:
    folders = (ROOT / name for name in ("protocol", "daemon", "tui", "scripts", "tests"))
    files = (path for folder in folders for path in folder.rglob("*.py"))
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_a_stack_is_noticed() -> None:
    tower = {
        name: Found(ROOT, (base,) if base else (), frozenset({name}))
        for name, base in (("A", ""), ("B", "A"), ("C", "B"), ("D", "C"))
    }
    assert len(above("D", tower)) > MOST_ABOVE
