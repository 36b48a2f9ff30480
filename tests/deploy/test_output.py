"""What stands where a run is to be saved: earlier runs give way, everything else stays."""

import re

import pytest

from loanword.deploy.output import expect_output, expect_replaceable
from loanword.errors import UsageError

OWN = ("recipe.toml", "report.json", "report.md", "report.html")


def wrote(folder, *names, text="mine"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def refused(*names):
    listed = re.escape(", ".join(names))
    return pytest.raises(UsageError, match=f"holds {listed}, which no loanword run wrote and this one would replace")


@pytest.mark.parametrize("names", [(), ("notes.txt", "data.csv")])
def test_nothing_in_the_way(tmp_path, names):
    expect_output(wrote(tmp_path, *names))
    expect_output(tmp_path / "new" / "folder")


@pytest.mark.parametrize("text", ["mine", "", "[]", "3", '{"mine": 1}', '["loanword_version"]'])
@pytest.mark.parametrize("name", OWN)
def test_a_file_that_no_run_wrote(tmp_path, name, text):
    with refused(name):
        expect_output(wrote(tmp_path, name, "notes.txt", text=text))
    assert {path.name for path in tmp_path.iterdir()} == {name, "notes.txt"}


def test_all_files_in_the_way_are_named(tmp_path):
    wrote(tmp_path, *OWN)
    with refused(*OWN):
        expect_output(tmp_path)
    with refused("report.md"):
        expect_output(tmp_path, files=["report.md"])


def test_an_earlier_run_gives_way(tmp_path):
    expect_output(wrote(tmp_path, *OWN, "model/loanword.json"))


def test_earlier_reports_are_known_by_what_they_say(tmp_path):
    wrote(tmp_path, "report.md", "report.html")
    expect_output(wrote(tmp_path, "report.json", text='{"loanword_version": "0.1.0"}'))
    wrote(tmp_path, "recipe.toml")
    expect_output(tmp_path, files=["report.json", "report.md", "report.html"])
    with refused("recipe.toml"):
        expect_output(tmp_path)


def test_a_folder_of_models_name_that_is_no_bundle(tmp_path):
    wrote(tmp_path, "model/thesis.tex", "file")
    for check, place in ((expect_output, tmp_path), (expect_replaceable, tmp_path / "file")):
        with pytest.raises(UsageError, match="exists and is no bundle; choose another folder"):
            check(place)


@pytest.mark.parametrize("report", ["report.json", "adapt.json"])
def test_what_pretraining_left_is_replaced(tmp_path, report):
    wrote(tmp_path, "model/config.json", "curves.svg")
    with pytest.raises(UsageError, match="exists and is no bundle"):
        expect_output(tmp_path, files=(report, "curves.svg"))
    wrote(tmp_path, report, text='{"loanword_version": "0.1.0", "corpus": {"text": {}}}')
    expect_output(tmp_path, files=(report, "curves.svg", "recipe.toml"))


def test_where_nothing_can_be_written(tmp_path):
    wrote(tmp_path, "file")
    with pytest.raises(UsageError, match="cannot be written to"):
        expect_output(tmp_path / "file" / "run")


def test_a_bundle_is_no_folder_for_a_run(tmp_path):
    wrote(tmp_path, "loanword.json")
    wrote(tmp_path, "report.json", text='{"loanword_version": "0.1.0"}')
    for files in (OWN, OWN[1:]):
        with pytest.raises(UsageError, match="is a bundle; what is written into it would damage it"):
            expect_output(tmp_path, files=files)


def test_nor_is_a_folder_inside_a_bundle(tmp_path, monkeypatch):
    wrote(tmp_path, "run/model/loanword.json")
    (tmp_path / "link").symlink_to(tmp_path / "run" / "model")
    monkeypatch.chdir(tmp_path / "run" / "model")
    for place in (tmp_path / "run" / "model" / "sub" / "er", tmp_path / "link" / "sub", type(tmp_path)("sub")):
        with pytest.raises(UsageError, match=r"sub.* lies in .*/run/model, which is a bundle; what is written"):
            expect_output(place)
    expect_output(tmp_path / "run" / "other")


def test_a_link_to_nowhere(tmp_path):
    (tmp_path / "run").symlink_to(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"is a link to .*absent, which does not exist"):
        expect_output(tmp_path / "run")
    (tmp_path / "absent").mkdir()
    expect_output(tmp_path / "run")
