"""The user's config.toml: what it says applies, what is wrong in it is reported and the rest is used."""

from pathlib import Path

import pytest

from tui.app import AlleleApp
from tui.model.editor import Editor
from tui.settings import apply_settings, read_settings, settings_file


def test_what_the_file_says_applies_and_the_rest_stays(tmp_path: Path) -> None:
    settings_file(tmp_path).write_text(f'palette = "batlow"\nfollow = false\nfolder = "{tmp_path}"\n')
    editor = Editor(spectrogram=True)
    apply_settings(read_settings(tmp_path), editor)
    assert (editor.palette, editor.follow, editor.folder, editor.spectrogram) == ("batlow", False, str(tmp_path), True)
    settings_file(tmp_path).unlink()
    apply_settings(read_settings(tmp_path), editor)
    assert (editor.palette, editor.follow) == ("batlow", False), "no file changes nothing"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("follow = 3", "follow: it must be true or false"),
        ('palette = "rainbow"', "palette: there are cividis"),
        ('folder = "/nowhere"', "folder: there is no such folder"),
        ("colour = 1", "colour: there is no such setting"),
        ("follow =", "no setting is used"),
        ("tempo = 7", "tempo: it must be beats a minute, 20 to 400"),
        ("tempo = true", "tempo: it must be beats a minute"),
        ('tempo = "120"', "tempo: it must be beats a minute"),
    ],
)
def test_a_problem_is_one_line_that_names_the_file(tmp_path: Path, text: str, problem: str) -> None:
    settings_file(tmp_path).write_text(text)
    found = read_settings(tmp_path)
    assert len(found.problems) == 1
    assert problem in found.problems[0] and str(tmp_path) in found.problems[0]
    assert "\n" not in found.problems[0]
    assert found.follow is None


@pytest.mark.parametrize(
    ("theme", "is_coloured", "is_known"), [("nord", True, True), ("terminal", False, True), ("x", False, False)]
)
def test_a_theme_colours_every_cell_unless_it_is_the_terminals(
    tmp_path: Path, theme: str, is_coloured: bool, is_known: bool
) -> None:
    settings_file(tmp_path).write_text(f'theme = "{theme}"')
    app = AlleleApp(tmp_path)
    assert (app.base_style is not None) == is_coloured
    assert [problem for problem in app._problems if "there is no 'x'" in problem] == [] or not is_known
    assert bool(app._problems) != is_known
