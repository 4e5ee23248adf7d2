"""What every test shares: in CI a skipped test is a failure, since .ci/run installs what tests need.

Tests may run in two processes (`pytest -n 2 --dist loadgroup`, as scripts/test does). Which of them are kept together
is said here: those that share a daemon or a sound server, and otherwise those of one file.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: two cores are shared with trainings. In CI the same cases every time: one that is found there by chance
# would stop a change that has nothing to do with it.
settings.register_profile("shared machine", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "shared machine")

TESTS = Path(__file__).parent
TOGETHER = ("e2e", "daemon/server", "tui/screens", "tui/player")
"""Folders whose tests share a daemon or a sound server, the longest first: it must not be left over at the end."""


def _group(item: pytest.Item) -> str:
    name = item.path.relative_to(TESTS).as_posix()
    return next((folder for folder in TOGETHER if name.startswith(folder + "/")), name)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    places = {folder: place for place, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(_group(item), len(TOGETHER)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("CI") == "true" and skipped:
        terminalreporter.write_line(f"CI: {len(skipped)} tests were skipped; here nothing may be", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = [] if reporter is None else reporter.stats.get("skipped", [])
    if os.environ.get("CI") == "true" and skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run in several processes when xdist lost the groups: shared daemons would be started twice."""
    grouped = session.config.getoption("loadgroup", default=False)
    if grouped and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("these versions of pytest and pytest-xdist do not keep groups of tests together")
