import importlib

import pytest

dependencies = pytest.importorskip("benchmarks.dependencies", reason="run from the repository root")
from loanword.config import build  # noqa: E402
from loanword.objectives.objective import OBJECTIVES  # noqa: E402
from loanword.strategies.strategy import STRATEGIES  # noqa: E402
from loanword.tasks.task import BUILTIN, TASKS  # noqa: E402

RECIPE = {"data": {"train": {"en": "memory"}}}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of which a few modules make numbers."""
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    files = {
        "run.py": "from loanword.tasks import model\nfrom loanword.cli import main\nimport loanword.report\n",
        "tasks/__init__.py": "",
        "tasks/model.py": "def f():\n    if True:\n        import loanword.encoders.load as load\n",
        "tasks/mine.py": (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from loanword.tasks.other import A\n"
            "else:\n    from loanword.tokens.pieces import B\n"
        ),
        "tasks/other.py": "",
        "tasks/supervised.py": "from loanword.run import run\n",
        "strategies/zero_shot.py": "",
        "encoders/load.py": "import torch",
        "tokens/pieces.py": "",
        "cli/main.py": "from loanword.tasks import other\n",
        "report.py": "",
    }
    for name, text in files.items():
        (tmp_path / "src" / "loanword" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / "loanword" / name).write_text(text)
    dependencies.of_task.cache_clear()
    yield
    dependencies.of_task.cache_clear()


def test_all_that_is_imported_where_numbers_are_made_and_nothing_else(package):
    found = {path.removeprefix("src/loanword/") for path in dependencies.of_task("mine")}
    assert found == {
        *("run.py", "tasks/__init__.py", "tasks/model.py", "tasks/mine.py", "tasks/supervised.py"),
        *("strategies/zero_shot.py", "encoders/load.py", "tokens/pieces.py"),
    }


@pytest.mark.parametrize("task", BUILTIN)
def test_a_task_hangs_on_the_training_and_on_no_task_that_it_does_not_use(task):
    found = dependencies.of_task(task)
    assert {"src/loanword/training/trainer.py", "src/loanword/encoders/load.py"} <= set(found)
    named = [name for name in BUILTIN if f"src/loanword/tasks/{name.replace('-', '_')}.py" in found]
    assert named == (["classification", "pairs"] if task == "pairs" else [task])
    assert not [path for path in found if "/cli/" in path or "report" in path]


def test_what_a_run_finds_by_name_is_where_it_is_looked_for():
    recipe = build(RECIPE)
    modules = [f"loanword.tasks.{name.replace('-', '_')}" for name in BUILTIN]
    assert [TASKS.get(name).__module__ for name in BUILTIN] == modules
    found = [OBJECTIVES.get(recipe.objective), *(STRATEGIES.get(name) for name in recipe.strategies)]
    assert [one.__module__ for one in found] == [f"loanword.{name}" for name in dependencies.FLOW[1:]]
    assert importlib.util.find_spec(f"loanword.{dependencies.FLOW[0]}")


def test_settings_count_by_value_and_places_do_not():
    plain = dependencies.values(build(RECIPE))
    assert plain == dependencies.values(build({**RECIPE, "out": "x", "seed": 3, "model": "elsewhere"}))
    assert plain != dependencies.values(build({**RECIPE, "training": {"epochs": 2}}))
    assert plain != dependencies.values(build({**RECIPE, "evaluation": {"checkpoint": "last"}}))
