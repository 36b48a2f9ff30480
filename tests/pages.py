"""What the tests of the documentation share: reading pages, parsing commands, a desk with every file they name."""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from loanword.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
WrongCommand = typer.BadParameter.__base__
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
GUIDES = [page for page in PAGES if page in READMES or page.is_relative_to(ROOT / "docs")]
"""What users read; the others are for contributors."""


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page, language):
    """The fenced blocks of a page in one language ("" for none)."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", read(page), flags=re.M | re.S)
    return [text for kind, text in found if kind == language]


def unfenced(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def commands(page):
    """The `loanword` commands of a page as lists of words: fenced lines first, then those in running text."""
    lines = [line for block in blocks(page, "") for line in block.splitlines()]
    lines += [text for text in re.findall(r"`(loanword [^`]+)`", unfenced(read(page))) if text.split()[1:] not in VERBS]
    found = [
        shlex.split(line.split(" > ")[0], comments=True)
        for line in lines
        if re.match(r"([A-Z_]+=\S+ )*loanword [a-z]", line)
    ]
    return [words[words.index("loanword") + 1 :] for words in found]


def verbs():
    """Every verb, like "data check", with its command."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", {})
        found |= {f"{name} {verb}": one for verb, one in inner.items()} or {name: command}
    return found


VERBS = [name.split() for name in verbs()]


def parse(words):
    """Parse a command line as the program would, without running it; a wrong one raises `WrongCommand`."""
    name = next((" ".join(verb) for verb in VERBS if words[: len(verb)] == verb), None)
    if name is None:
        raise typer.BadParameter(f"no such command: {words}")
    return verbs()[name].make_context(name, words[len(name.split()) :])


@pytest.fixture(scope="module")
def desk(tmp_path_factory, toy_data):
    """A folder that holds every file the pages name."""
    folder = tmp_path_factory.mktemp("desk")
    for tag, source in {"en": "en", "de": "ru", "zh": "zh", "sv": "ru"}.items():
        lines = toy_data["train"][source].read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        table = ["text,label,body,topic,intent,id,document"]
        columns = ("text", "label", "text", "label", "label", "id", "group")
        table += [",".join(row[name] for name in columns) for row in rows]
        for name in (tag, f"{tag}.train", f"{tag}.test"):
            (folder / f"{name}.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
        stars = ["text,label", *(f"{row['text']},{1 + place % 5}" for place, row in enumerate(rows))]
        (folder / f"stars.{tag}.csv").write_text("\n".join(stars) + "\n", encoding="utf-8")
        for split in ("train", "test"):
            (folder / f"{tag}.{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "texts.jsonl").write_text('{"text": "水壶还是热的 pizza"}\n{"text": "taxi"}\n', encoding="utf-8")
    recipe = next(block for block in blocks("docs/how-to/recipes.md", "toml"))
    (folder / "topics.toml").write_text(recipe, encoding="utf-8")
    return folder


@pytest.fixture
def seated(desk, tiny_folder, monkeypatch):
    """Work at the desk, with a tiny encoder in the place of `bundled:e5-small` and no Hub to push to."""
    from loanword.deploy.bundle import Bundle
    from loanword.encoders import bundled

    monkeypatch.chdir(desk)
    monkeypatch.setattr(bundled, "folder", lambda: tiny_folder("bert"))
    monkeypatch.setattr(Bundle, "push_to_hub", lambda self, repo_id, **options: repo_id)
    return desk


@pytest.fixture(scope="module")
def report(desk, tiny_folder):
    """The report of a small run at the desk, whose folder is `run`, as JSON gives it."""
    import loanword

    result = loanword.transfer(
        train={"en": desk / "en.csv"},
        test={"en": desk / "en.csv", "de": desk / "de.csv"},
        model=str(tiny_folder("bert")),
        settings={"training.max_steps": 2, "evaluation.resamples": 100},
        out=desk / "run",
    )
    return json.loads(result.files["json"].read_text(encoding="utf-8"))
