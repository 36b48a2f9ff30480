import json

import pytest


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return tmp_path_factory.mktemp("explained")


def test_a_page_is_written_and_what_weighs_is_said(call, finished, page):
    _, folder = finished
    done = call(
        "explain", folder, "pizza the kettle", "--beside", "чайник ещё pizza", "--beside", "水壶",
        "--language", "en", "--language", "ru", "--language", "zh", "--out", page / "a.html",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["pizza the kettle", "чайник ещё pizza", "水壶"]
    assert all(len(line.split("\t")) == 3 for line in lines)
    assert f"written to {page / 'a.html'}" in done.stderr
    text = (page / "a.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.count("<article>") == 1
    assert "English and Russian, word by word" in text
    assert [path.name for path in page.iterdir()] == ["a.html"]


def test_json_goes_to_stdout_or_to_a_file(call, finished, page):
    _, folder = finished
    direct = call("explain", folder, "pizza", "two goats", "--format", "json")
    assert direct.exit_code == 0, direct.stderr
    rows = [json.loads(line) for line in direct.stdout.splitlines()]
    assert [row["readings"][0]["texts"] for row in rows] == [["pizza"], ["two goats"]]
    filed = call("explain", folder, "pizza", "two goats", "--format", "json", "--out", page / "a.json")
    assert filed.exit_code == 0, filed.stderr
    assert json.loads((page / "a.json").read_text(encoding="utf-8")) == rows
    assert filed.stdout == ""


def test_a_label_is_chosen_and_the_page_speaks_chinese(call, finished, page):
    _, folder = finished
    done = call(
        "explain", folder, "pizza", "taxi", "--label", "travel", "--report-language", "zh", "--out", page / "b.html"
    )
    assert done.exit_code == 0, done.stderr
    text = (page / "b.html").read_text(encoding="utf-8")
    assert text.count("哪些词支持“travel”") == 2
    assert '<html lang="zh-Hans">' in text


def test_what_is_refused(call, finished, page):
    _, folder = finished
    out = ["--out", page / "x.html"]
    for words, says in (
        (["text"], "give --out FILE.html, or --format json"),
        (["text", "--format", "svg", *out], "unknown format 'svg'; known: html, json"),
        (["text", "--format", "json", *out], "what is written is JSON; give a name that ends in .json"),
        (["text", "--out", page / "x.txt"], "what is written is a page; give a name that ends in .html"),
        (["text", "--out", page / "absent" / "x.html"], "its folder does not exist"),
        (["text", "--out", folder / "report.html"], "is the report of a run, which would be lost"),
        (["text", "--out", folder / "model" / "x.html"], "is a bundle or an index, which it would damage"),
        (["one", "two", "--beside", "three", *out], "--beside is for translations of one text, and there are 2"),
        (["one", "--beside", " ", *out], "text number 2: there is nothing in it to explain"),
        (["one", "--beside", "two", *["--language", "en"] * 3, *out], "there are 2 texts and 3 times --language"),
        (["one", "--report-language", "de", *out], "reports are written in 'en' or 'zh'"),
        (["one", "--label", "weather", *out], "the model has no label 'weather'; it knows food, travel"),
        (["one", "--word", "one", *out], "classification has no word to choose"),
        (["one", "--pair", "two", *out], "classification is about single texts"),
        (["one", "--language", "xx", *out], "'xx' is not a language tag"),
    ):
        told = call("explain", folder, *words)
        assert (told.exit_code, says in told.stderr) == (2, True), (words, told.stderr, told.exception)
    assert not (page / "x.html").exists()
    assert call("explain", page / "absent", "text", *out).exit_code == 1


def test_the_terminal_is_left_alone(call, finished, page):
    shown = call("explain", finished[1], "one\ntwo \x1b[31mred", "--out", page / "c.html")
    assert shown.exit_code == 0, shown.stderr
    assert len(shown.stdout.splitlines()) == 1
    assert "\x1b" not in shown.stdout
    assert "\x1b" not in (page / "c.html").read_text(encoding="utf-8")
