"""The library's rows fit the columns they are given, and a strand's model is the one of its codec."""

import pytest

from protocol.messages.corpora import Corpus, CorpusFile, CorpusInfo
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo
from protocol.strands import StrandMeta
from tui.model.library import corpus_of, file_rows, list_rows, model_facts, model_of, not_read_line

NARROW = 34  # what the left list has for a row at 80 columns


@pytest.mark.parametrize("name", ["drums", "a corpus whose name is long, for once"])
@pytest.mark.parametrize(("files", "skipped", "seconds"), [(1, 1, 5.0), (500, 12, 7201.0)])
@pytest.mark.parametrize("width", [NARROW, 70])
def test_what_was_skipped_is_never_cut(name: str, files: int, skipped: int, seconds: float, width: int) -> None:
    corpus = CorpusInfo(name=name, files=files, skipped=skipped, seconds=seconds, frames=1)
    rows = list_rows([], [corpus], {}, {}, width)
    at = next(index for index, row in enumerate(rows) if row.key == ("corpus", name))
    of_it = [rows[at], *(row for row in rows[at + 1 : at + 2] if row.follows)]
    assert all(len(row.text) <= width for row in of_it)
    assert of_it[-1].text.endswith(f" {skipped} skipped")
    assert f"{files} file" in rows[at].text
    assert len(of_it) == (2 if width == NARROW else 1)


def test_a_corpus_of_which_all_was_used_has_one_row() -> None:
    corpus = CorpusInfo(name="drums", files=3, skipped=0, seconds=5.0, frames=1)
    (row,) = [row for row in list_rows([], [corpus], {}, {}, NARROW) if "drums" in row.text]
    assert row.text == "drums          3 files  0:05"


def test_what_a_folder_held_beside_and_what_is_odd_about_a_file_is_shown() -> None:
    def job(subject: str, created_s: float, line: str) -> JobInfo:
        result = {"not_read": {"kinds": {}, "line": line}}
        return JobInfo(id=line, kind="ingest", subject=subject, state="done", created_s=created_s, result=result)

    jobs = [job("drums", 1.0, "old"), job("drums", 3.0, "not read: 3 .txt, 1 hidden"), job("bells", 4.0, "other")]
    jobs.append(JobInfo(id="j", kind="ingest", subject="drums", state="running", created_s=5.0))
    line = not_read_line("drums", jobs)
    assert line == "not read: 3 .txt, 1 hidden" and not_read_line("none", jobs) == ""
    files = [CorpusFile(path="/a.wav", status="ok", seconds=1.0, channels=1, problem="Damaged or truncated: " * 4)]
    corpus = Corpus(info=CorpusInfo(name="drums", files=1, skipped=0, seconds=1.0, frames=1), files=files)
    rows = file_rows(corpus, 40, line)
    assert [row.text for row in rows[1:3]] == [line, rows[2].text] and rows[2].key == "/a.wav"
    assert len(rows) > 4 and all("Damaged" in row.text and row.follows for row in rows[3:])
    assert all(len(row.text) <= 40 for row in rows[1:] if row.key is None)


def model(name: str, codec_id: str) -> ModelInfo:
    return ModelInfo(
        name=name, codec_id=codec_id, corpus=f"corpus of {name}", levels=2, codebook=16, steps=1, seconds=1.0
    )


def test_a_strands_model_is_found_by_its_codec_and_by_its_name_only_among_equals() -> None:
    meta = StrandMeta(name="kick", model="rain", codec_id="aa", levels=2, codebook=16, frames=4, samples=4096)
    stranger, twin, own = model("rain", "bb"), model("twin", "aa"), model("rain", "aa")
    assert model_of(meta, [stranger]) is None
    assert model_of(meta, [stranger, twin]) is twin
    assert model_of(meta, [twin, own]) is own
    strands, chosen = {"s1": StrandInfo(id="s1", meta=meta, rev=0)}, ("strand", "s1")
    assert corpus_of(chosen, [stranger, twin], strands) == "corpus of twin"
    assert corpus_of(chosen, [stranger], strands) == ""
    assert model_facts(chosen, [stranger], strands)[0].endswith("made by rain, which is not here")
    assert model_facts(chosen, [stranger, twin], strands)[0].endswith("made by rain, now called twin")
    assert model_facts(chosen, [own], strands)[0].endswith("made by rain")
