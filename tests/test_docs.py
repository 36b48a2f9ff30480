"""The documentation says what the code does: generated parts, links, options, fields, names, code that runs."""

import importlib
import inspect
import json
import re
import sys
import tomllib
from itertools import pairwise
from types import SimpleNamespace

import pytest
from docs import write
from tests.pages import (
    GUIDES,
    PAGES,
    ROOT,
    WrongCommand,
    blocks,
    commands,
    desk,
    parse,
    read,
    report,
    seated,
    unfenced,
    verbs,
)
from typer.testing import CliRunner

import loanword
from loanword import config
from loanword.adapt_config import TRAINING
from loanword.cli.main import app
from loanword.errors import LoanwordError
from loanword.pretrain_config import PretrainRecipe

__all__ = ["desk", "report", "seated"]


def named(page):
    return str(page.relative_to(ROOT))


# --- generated parts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(write.PARTS))
def test_generated_parts_are_up_to_date(page):
    assert write.written(page) == read(page), "run: python -m docs.write"


def test_the_trees_list_every_file():
    english, chinese = (write.described(write.part(read(name), "tree")) for name in ("README.md", "README.zh.md"))
    disk = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src/loanword").rglob("*") if path.is_file()}
    disk = {path for path in disk if not path.endswith(("__init__.py", ".pyc"))}
    assert len(disk) > 60
    for tree in (english, chinese):
        assert {path for path in tree if path.startswith("src/") and not path.endswith("/")} == disk
        assert [path for path, text in tree.items() if not text] == []
    assert list(english) == list(chinese)
    assert [text for text in chinese.values() if not re.search("[\u4e00-\u9fff]", text)] == []


def test_a_new_file_waits_for_its_words_and_a_lost_one_goes(monkeypatch):
    monkeypatch.setattr(
        write, "files", lambda: ["src/loanword/", "src/loanword/new.tsv", "src/loanword/run.py", "docs/"]
    )
    part = "```\nsrc/loanword/   all\n  gone.tsv   old\ndocs/   pages\n```"
    found = write.described(write.tree(part))
    assert list(found) == ["src/loanword/", "src/loanword/new.tsv", "src/loanword/run.py", "docs/"]
    assert (found["src/loanword/new.tsv"], found["docs/"]) == ("", "pages")
    assert found["src/loanword/run.py"].startswith("READ THIS FIRST")
    assert write.described(write.translated_tree(part))["src/loanword/"] == "all"


def test_every_recipe_key_has_a_meaning():
    rows = [row for row in write.part(read("docs/reference/recipe.md"), "keys").splitlines() if row.startswith("| `")]
    assert len(rows) == len(list(write.fields(config.Recipe))) > 40
    assert [row for row in rows if not row.split(" | ")[-1].removesuffix("|").strip()] == []


def test_the_keys_of_adapting_have_its_own_defaults():
    page = read("docs/reference/pretraining.md")
    shown = dict(re.findall(r"^\| `([\w.]+)` \| .+? \| ([^|]+) \| [^|]+ \|$", write.part(page, "keys"), flags=re.M))
    for name, value in TRAINING.items():
        assert shown[f"training.{name}"] == f"`{json.dumps(value)}`"
    assert shown["training.length"] == "`128`"
    assert shown["language"] == "must be given"


# --- links -----------------------------------------------------------------------------------------------------


def anchors(text):
    titles = re.findall(r"^#+ (.+)$", unfenced(text), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", unfenced(page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            dead.append(target)
    assert dead == []


def test_every_page_is_reached_from_the_index():
    found, queue = set(), [ROOT / "docs" / "index.md"]
    while queue:
        page = queue.pop()
        if page not in found and page.is_file():
            found.add(page)
            queue += [(page.parent / to).resolve() for to in re.findall(r"\]\(([^)#\s:]+\.md)", read(page))]
    assert len(found) > 15
    assert set(ROOT.glob("docs/**/*.md")) - found == set()


# --- what pages claim ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_every_command_parses(page):
    for words in commands(page):
        parse(words)


def test_the_parser_of_commands_can_fail():
    assert sum(len(commands(page)) for page in GUIDES) > 40
    for wrong in (["transfer", "--tests", "x"], ["nothing"], ["data", "nothing"], ["predict"], ["demo", "--seed", "x"]):
        with pytest.raises(WrongCommand):
            parse(wrong)


HOW_TO = ("own-data", "labels", "pairs", "tagging", "questions", "similarity-and-retrieval", "summarization", "recipes")


@pytest.mark.parametrize("page", [*(f"docs/how-to/{name}.md" for name in HOW_TO), "docs/tour.md", "README.md"])
def test_the_first_training_of_a_page_tests_its_source_too(page):
    """What people copy reports the gap."""
    words = next(words for words in commands(page) if words[0] == "transfer")
    train, test = (
        {value.partition("=")[0] for option, value in pairwise(words) if option == name}
        for name in ("--train", "--test")
    )
    assert train
    assert train <= test


def test_the_command_line_page_names_every_verb_and_option():
    text = read("docs/reference/command-line.md")
    sections = dict(re.findall(r"^## ([a-z -]+)\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S))
    assert set(sections) == set(verbs())
    for name, command in verbs().items():
        options = {text for one in command.params for text in (*one.opts, *one.secondary_opts) if text.startswith("--")}
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", unfenced(sections[name]))) == options - {"--help"}, name


def test_the_report_page_names_every_field(report):
    text = read("docs/reference/report.md")
    run, language = text.split("## A language")
    fields = [
        {name for cell in re.findall(r"^\| (`.+?) \|", half, flags=re.M) for name in re.findall(r"`(\w+)`", cell)}
        for half in (run, language)
    ]
    assert fields[0] == set(report)
    assert fields[1] | {"collapsed"} == set(report["languages"]["de"])
    assert {*report["training"], *report["machine"], *report["seconds"]} <= set(re.findall(r"`(\w+)`", run))


def test_the_python_page_names_everything_public():
    text = read("docs/reference/python.md")
    assert set(loanword.__all__) - {"__version__"} <= set(re.findall(r"`(\w+)", text))
    signatures = re.findall(r"`(\w+)\((\w[^`]*=)\)`", text)
    assert len(signatures) >= 6
    for name, arguments in signatures:
        if hasattr(loanword, name):
            known = inspect.signature(getattr(loanword, name)).parameters
            assert [one.strip(" =") for one in arguments.split(",")] == list(known), name


def test_the_errors_page_has_every_class_with_its_status():
    text = read("docs/reference/errors.md")
    classes = [LoanwordError, *LoanwordError.__subclasses__()]
    assert len(classes) > 3
    for one in classes:
        row = next(line for line in text.splitlines() if f"`{one.__name__}`" in line)
        assert row.startswith(f"| {one.exit_code} |")


def test_recipes_on_pages_are_recipes():
    tables = [tomllib.loads(block) for page in GUIDES for block in blocks(page, "toml")]
    recipes = [values for values in tables if "project" not in values]
    kinds = [PretrainRecipe if "corpus" in values else config.Recipe for values in recipes]
    found = [config.part(kind, values, where="page") for kind, values in zip(kinds, recipes, strict=True)]
    assert len(found) >= 2
    assert PretrainRecipe in kinds


# --- code that runs --------------------------------------------------------------------------------------------

EXTENDING = "docs/how-to/extend.md"
"""Registers things, so it has a test of its own."""


WITH_PYTHON = [
    page for page in sorted(ROOT.glob("docs/**/*.md")) if blocks(page, "python") and named(page) != EXTENDING
]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=named)
@pytest.mark.usefixtures("seated", "report")
def test_python_on_pages_runs(page):
    found = blocks(page, "python")
    assert found
    if any("builtin.load" in block for block in found):
        pytest.importorskip("home_assistant_intents", reason="needs the extra 'demo'")
    names = {}
    for block in found:
        exec(compile(block, page.name, "exec"), names)


@pytest.fixture
def mine(seated, tmp_path, monkeypatch):
    """The page's own code as an installed package `mine`; whatever it registers is forgotten afterwards."""
    for registry in (loanword.OBJECTIVES, loanword.TASKS, loanword.STRATEGIES, loanword.METRICS):
        known = {name: registry.get(name) for name in registry.names()}
        monkeypatch.setattr(registry, "_entries", known)
        monkeypatch.setattr(registry, "_loaded", False)
    groups = tomllib.loads(blocks(EXTENDING, "toml")[0])["project"]["entry-points"]
    lines = []
    for group, points in groups.items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
    installed = tmp_path / "mine-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("\n".join(lines))
    (tmp_path / "mine.py").write_text("\n\n".join(blocks(EXTENDING, "python")[:-1]), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield groups
    sys.modules.pop("mine", None)


def call(*words):
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_page_on_extending_runs(mine):
    """Word for word, by entry point: listed, trained with from Python, trained with from the command line."""
    assert len(mine) == 4
    for group, points in mine.items():
        kind = {"loanword.strategy": "strategies"}.get(group, f"{group.removeprefix('loanword.')}s")
        listed = {row["name"]: row["about"] for row in call("ls", kind, "--json")}
        assert all(listed[name] for name in points)
    names = {"loanword": loanword}
    exec(compile(blocks(EXTENDING, "python")[-1], EXTENDING, "exec"), names)
    assert names["result"].report.metric == "near"
    assert type(names["result"].bundle.task).__name__ == "Stars"
    words = next(words for words in commands(EXTENDING) if words[0] == "transfer")
    scores = call(*words, "--set", "training.max_steps=2", "--json")["languages"]["de"]
    assert scores["low"] <= scores["metrics"]["near"]["score"] == scores["score"] <= scores["high"]
    assert loanword.load("run").predict(["x"])[0].label in "12345"


@pytest.mark.usefixtures("mine")
def test_the_page_says_what_its_objective_and_hook_do():
    """Two more passes beside the task's own; an end once the loss is below the bound, and not before."""
    code = importlib.import_module("mine")
    passes = []

    def model(batch):
        passes.append(batch)
        return code.torch.zeros(2)

    task, tokenizer = SimpleNamespace(), SimpleNamespace(unknown_id=None)
    objective = code.TwoPasses(task, tokenizer=tokenizer, settings=None)
    objective.inner.loss = lambda model, batch: 1.0
    assert float(objective.loss(model, "batch")) == 1.0
    assert passes == ["batch", "batch"]
    state, hook = SimpleNamespace(stop=False, loss=0.5), code.StopAtLoss(0.4)
    hook.after_update(state)
    assert not state.stop
    state.loss = 0.3
    hook.after_update(state)
    assert state.stop
