"""Every benchmark writes its own section and leaves the others as they are."""

import re
from pathlib import Path

from benchmark_page import PAGE, put_section

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_only_its_own_section_of_the_page_changes(tmp_path: Path) -> None:
    page = tmp_path / "B.md"
    page.write_text("# B\n\n<!-- other -->\nkept\n<!-- /other -->\n")
    put_section("mine", "Mine", "one", page)
    put_section("mine", "Mine", r"two \1 \g<0>", page)
    text = page.read_text()
    assert "kept" in text and r"two \1 \g<0>" in text and "one" not in text
    assert text.count("mine -->") == 2 and text.count("## Mine") == 1


def test_every_section_of_the_page_has_its_script() -> None:
    sections = re.findall(r"<!-- (\w+) -->\n(.*?)<!-- /(\w+) -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(sections) > 8 and all(first == last and body.strip() for first, body, last in sections)
    for name, _, _ in sections:
        (script,) = SCRIPTS.rglob(f"{name}.py")
        assert f'put_section("{name}"' in script.read_text(encoding="utf-8").replace("(\n", "(")
