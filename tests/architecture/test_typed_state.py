"""No decision is made on the words of a message: errors have classes and codes, jobs have states and phases."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("protocol", "daemon", "tui", "scripts")
WORDS = {"message", "hint", "detail", "error", "advice", "silence", "problem"}
"""Names that hold sentences for people."""
LOOKS = {"startswith", "endswith", "find", "index", "count"}
"""Methods of str that look for words in it."""
EXEMPT = {
    ("daemon/runs/errors.py", "is_out_of_memory"): "torch reports some failed allocations as plain RuntimeErrors",
}


def holds_words(node: ast.expr, named: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is a sentence: `job.hint`, `message`, `str(problem)`, or a variable set to one."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "strip", "casefold"):
            return holds_words(node.func.value, named)
        return isinstance(node.func, ast.Name) and node.func.id in ("str", "repr") and is_error(node.args)
    if isinstance(node, ast.Attribute):
        return node.attr in WORDS - {"error", "problem"} or (node.attr in WORDS and not is_error([node]))
    return isinstance(node, ast.Name) and (node.id in WORDS - {"error", "problem"} or node.id in named)


def is_error(arguments: list[ast.expr]) -> bool:
    """Whether the argument of str() is an exception, by its name."""
    return bool(arguments) and isinstance(arguments[0], ast.Name) and arguments[0].id in (
        "error", "problem", "exception", "failure", "failed", "refusal", "refused", "wrong", "caught", "e",
    )  # fmt: skip


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a constant text that is not empty."""
    return (isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)) or isinstance(
        node, ast.JoinedStr
    )


def decides_on_words(node: ast.AST, named: frozenset[str] = frozenset()) -> bool:
    """Whether a node compares a sentence with words, or looks for words in it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
        return holds_words(node.func.value, named)
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        if isinstance(operator, ast.In | ast.NotIn) and (holds_words(right, named) or holds_words(left, named)):
            return True
        if isinstance(operator, ast.Eq | ast.NotEq) and (
            (holds_words(left, named) and is_text(right)) or (is_text(left) and holds_words(right, named))
        ):
            return True
    return False


def sentences_named(function: ast.AST) -> frozenset[str]:
    """Variables of a function that are set to a sentence."""
    assigned = (node for node in ast.walk(function) if isinstance(node, ast.Assign) and holds_words(node.value))
    return frozenset(target.id for node in assigned for target in node.targets if isinstance(target, ast.Name))


def decisions(source: str) -> list[tuple[str, int]]:
    """(function, line) of every decision on the words of a message."""
    found: dict[int, str] = {}
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            named = sentences_named(function)
            found |= {
                node.lineno: function.name
                for node in ast.walk(function)
                if isinstance(node, ast.expr) and decides_on_words(node, named)
            }
    return [(name, line) for line, name in sorted(found.items())]


def test_no_decision_is_made_on_the_words_of_a_message() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), name, line)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for name, line in decisions(path.read_text(encoding="utf-8"))
    }
    assert {f"{path}:{line} {name}" for path, name, line in found if (path, name) not in EXEMPT} == set()
    assert {(path, name) for path, name, _ in found} >= EXEMPT.keys(), "an exemption is no longer needed"


@pytest.mark.parametrize(
    "line",
    [
        'job.detail == "pausing"',
        'job.detail.startswith(("stopped", "ending"))',
        '"--resume" in job.hint',
        '"full" in str(problem)',
        'job.hint.lower().startswith("start it")',
        "any(words in hint.lower() for words in KNOWN)",
        'message.find("disk") >= 0',
        '"disk" in text',
        'job.hint in ("a", "b")',
    ],
)
def test_a_planted_decision_is_noticed(line: str) -> None:
    assert decisions(f"def f(job, problem, hint, message):\n    text = str(problem)\n    return {line}\n")


@pytest.mark.parametrize(
    "line",
    ['job.state == "paused"', 'problem.code == "E_IO"', 'job.detail == ""', "bool(job.hint)", '"a" in ("a", "b")'],
)
def test_what_is_typed_is_no_decision_on_words(line: str) -> None:
    assert not decisions(f"def f(job, problem):\n    return {line}\n")
