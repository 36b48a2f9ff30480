"""The rules of the house, held against the tree as it is."""

import ast
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "loanword"
MODULES = {
    ".".join(("loanword", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

STAGES = (
    "language",
    "data",
    "tokens",
    "batches",
    "encoders",
    "objectives",
    "tasks",
    "training",
    "evaluation",
    "strategies",
    "deploy",
    "search",
    "cli",
)
FOUNDATION = {
    *("durable", "errors", "registry", "randomness", "version"),
    *("provenance", "progress", "hardware", "config", "hub"),
}
"""Top-level modules that every stage may import. They import no stage themselves, but for `language`."""

TYPES_ONLY = {"progress": {"training"}}
"""What a foundation module may name in annotations only."""

NO_TEST_OF_THEIR_OWN = {
    "loanword": "its lazy names are tested by test_api",
    "loanword.__main__": "runs cli.main, as the README's commands do",
    "loanword.version": "one constant",
    "loanword.run": "the whole flow, tested by test_flow",
}
NO_MODULE_OF_THEIR_OWN = {"data/test_malformed.py": "all readers, against broken files of every format"}
CODE = {".py", ".js", ".css", ".jinja"}


def test_there_is_something_to_check():
    assert len(MODULES) > 60
    assert set(STAGES) <= {path.name for path in PACKAGE.iterdir() if path.is_dir()}


# --- size and names --------------------------------------------------------------------------------------------


def lines_of(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_long():
    sizes = {str(p.relative_to(PACKAGE)): lines_of(p) for p in PACKAGE.rglob("*") if p.suffix in CODE}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert statistics.median(size for name, size in sizes.items() if not name.endswith("__init__.py")) <= 120


def test_the_flow_fits_on_a_page():
    assert lines_of(PACKAGE / "run.py") <= 150


def test_no_drawer_for_everything():
    banned = {"utils", "util", "common", "misc", "helpers", "helper"}
    found = [str(path) for folder in ("src", "tests") for path in (ROOT / folder).rglob("*") if path.stem in banned]
    assert found == []


# --- imports ---------------------------------------------------------------------------------------------------


def stage_of(module):
    """The stage folder of a module, or "" for a top-level one."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in STAGES else ""


def top_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) == 2 else ""


class Imports(ast.NodeVisitor):
    """The package's own modules that a module imports, wherever in it: (module, for types only)."""

    def __init__(self, tree):
        self.found = set()
        self.types_only = False
        self.visit(tree)

    def visit_If(self, node):
        guarded = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        before, self.types_only = self.types_only, self.types_only or guarded
        for child in node.body:
            self.visit(child)
        self.types_only = before
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node):
        for alias in node.names:
            self.keep(alias.name)

    def visit_ImportFrom(self, node):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            self.keep(whole if whole in MODULES else node.module)

    def visit_Call(self, node):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self.keep(str(node.args[0].value))
        self.generic_visit(node)

    def keep(self, name):
        if name == "loanword" or name.startswith("loanword."):
            self.found.add((name, self.types_only))


IMPORTS = {name: Imports(tree).found for name, tree in TREES.items()}


def wrong_way(module, target, types_only):
    """Why `module` may not import `target`; None if it may.

    A stage imports from itself, from the stages before it, and from the foundation; annotations are no exception.
    A foundation module imports foundation and `language`. Other top-level modules (run, api, estimator, ...) import
    anything but the command line, and only the command line and one another import them.
    """
    here, there = stage_of(module), stage_of(target)
    top, goal = top_of(module), top_of(target)
    if here and there:
        return None if STAGES.index(there) <= STAGES.index(here) else f"{there} comes after {here}"
    if here:
        return None if goal in FOUNDATION or here == "cli" else f"{target} is above all stages"
    if top in FOUNDATION:
        if goal in FOUNDATION or there == "language":
            return None
        return None if types_only and there in TYPES_ONLY.get(top, ()) else "the foundation imports no stage"
    return "the command line is above everything" if there == "cli" and top not in ("__main__",) else None


def test_every_import_points_to_an_earlier_stage():
    seen, wrong = 0, []
    for module, targets in IMPORTS.items():
        for target, types_only in targets:
            seen += 1
            reason = wrong_way(module, target, types_only)
            if reason:
                wrong.append(f"{module} imports {target}: {reason}")
    assert seen > 200
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "target", "allowed"),
    [
        ("loanword.training.trainer", "loanword.tasks.model", True),
        ("loanword.training.trainer", "loanword.evaluation.scores", False),
        ("loanword.data.read", "loanword.errors", True),
        ("loanword.data.read", "loanword.api", False),
        ("loanword.cli.train", "loanword.api", True),
        ("loanword.config", "loanword.language.tag", True),
        ("loanword.config", "loanword.data.read", False),
        ("loanword.run", "loanword.deploy.bundle", True),
        ("loanword.run", "loanword.cli.main", False),
        ("loanword.progress", "loanword.training.state", False),
    ],
)
def test_the_rule_itself(module, target, allowed):
    assert (wrong_way(module, target, False) is None) == allowed


def test_annotations_alone_may_name_what_a_hook_is():
    assert wrong_way("loanword.progress", "loanword.training.state", True) is None


def test_every_imported_module_exists():
    missing = {target for targets in IMPORTS.values() for target, _ in targets if target not in MODULES}
    assert missing == set()


def test_no_import_cycles():
    graph = {name: {target for target, types_only in targets if not types_only} for name, targets in IMPORTS.items()}
    done, open_ = set(), []

    def walk(name):
        if name in done:
            return
        assert name not in open_, f"import cycle: {' -> '.join([*open_[open_.index(name) :], name])}"
        open_.append(name)
        for target in sorted(graph.get(name, ())):
            walk(target)
        open_.pop()
        done.add(name)

    for name in graph:
        walk(name)
    assert len(done) >= len(MODULES)


# --- documentation and classes ---------------------------------------------------------------------------------


def test_everything_public_has_a_docstring():
    def walk(node, path):
        if not ast.get_docstring(node):
            yield path
        for child in getattr(node, "body", []):
            documented = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if documented and not child.name.startswith("_") and not isinstance(node, ast.FunctionDef):
                yield from walk(child, f"{path}.{child.name}")

    assert [path for name, tree in TREES.items() for path in walk(tree, name)] == []


def test_classes_are_at_most_two_deep():
    bases = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def depth(name):
        return max((1 + depth(base) for base in bases[name] if base in bases and base != name), default=0)

    assert len(bases) > 40
    assert {name: depth(name) for name in bases if depth(name) > 2} == {}


# --- importing does nothing ------------------------------------------------------------------------------------


def python(code, **environment):
    """Run `code` in a fresh interpreter; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


HEAVY = ("torch", "transformers", "tokenizers", "safetensors", "pyarrow", "datasets", "hassil", "vl_convert", "sklearn")


@pytest.mark.parametrize("module", ["loanword", "loanword.cli.main", "loanword.config", "loanword.data.read"])
def test_light_modules_load_nothing_heavy(module):
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert python(code).strip() == "[]"


def test_importing_any_module_changes_nothing():
    """Neither logging, nor warning filters, nor the environment, nor random states, nor the terminal."""
    names = [name for name in MODULES if name != "loanword.__main__"]
    code = f"""
import importlib, logging, os, random, signal, socket, sys, warnings
import numpy, torch, transformers, huggingface_hub, pydantic, typer, rich, jinja2, langcodes

def state():
    root = logging.getLogger()
    return dict(
        handlers=list(root.handlers), level=root.level, disabled=logging.root.manager.disable,
        own=[(n, l.level, list(l.handlers)) for n, l in logging.root.manager.loggerDict.items()
             if n.startswith("loanword") and isinstance(l, logging.Logger) and (l.level or l.handlers)],
        filters=list(warnings.filters), environment=dict(os.environ), folder=os.getcwd(),
        random=random.getstate(), numpy=repr(numpy.random.get_state()), torch=torch.random.get_rng_state().tolist(),
        threads=torch.get_num_threads(), grad=torch.is_grad_enabled(), dtype=str(torch.get_default_dtype()),
        verbosity=transformers.logging.get_verbosity(), timeout=socket.getdefaulttimeout(),
        interrupt=signal.getsignal(signal.SIGINT), hook=sys.excepthook, streams=(sys.stdout, sys.stderr),
    )

before = state()
for name in {names}:
    importlib.import_module(name)
    after = state()
    for key in before:
        assert before[key] == after[key], f"importing {{name}} changed {{key}}"
    assert not before["own"]
"""
    assert len(names) > 60
    assert python(code) == ""


def test_no_public_name_is_hidden_by_a_module():
    """Importing a submodule binds its name on the package: a function of that name would be gone."""
    import loanword

    names = set(loanword.__all__)
    assert len(names) > 15
    assert names & {path.stem for path in PACKAGE.iterdir()} == set()


# --- tests and README ------------------------------------------------------------------------------------------


def test_every_module_has_a_test_file():
    missing = []
    for name, path in MODULES.items():
        if name in NO_TEST_OF_THEIR_OWN or path.name == "__init__.py":
            continue
        inside = path.relative_to(PACKAGE)
        if not (ROOT / "tests" / inside.parent / f"test_{inside.name}").is_file():
            missing.append(str(inside))
    assert missing == []
    assert set(NO_TEST_OF_THEIR_OWN) <= set(MODULES)


def test_every_test_file_has_a_module():
    """Tests of the whole tree stand at the top; what else has no module of its name is listed."""
    orphans = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        inside = path.relative_to(ROOT / "tests")
        module = inside.parent / inside.name.removeprefix("test_")
        known = (PACKAGE / module).is_file() or (ROOT / module).is_file() or str(inside) in NO_MODULE_OF_THEIR_OWN
        if inside.parent != Path() and not known:
            orphans.append(str(inside))
    assert orphans == []


def drawn(text):
    """Parse a tree of ``name  what it is`` lines indented by depth: (path, what it is); folders end in a slash.

    A line may list several names, parted by a middle dot: ``csv.py · tsv.py  readers``.
    """
    found, folders = [], []
    for line in text.splitlines():
        if not line.strip() or line.strip().startswith("```"):
            continue
        bare = re.sub(r"^[\s│├└─]*", "", line)
        indent = len(line) - len(bare)
        names, _, about = bare.partition("  ")
        while folders and folders[-1][0] >= indent:
            folders.pop()
        above = "".join(name for _, name in folders)
        for name in names.split(" · "):
            found.append((above + name.strip(), about.strip()))
        if names.strip().endswith("/"):
            folders.append((indent, names.strip()))
    return found


def test_the_tree_parser():
    text = "src/lib/  all\n  run.py    READ FIRST\n  data/     stage one\n    a.py · b.py  two\ntests/  mirror\n"
    assert drawn(text) == [
        ("src/lib/", "all"),
        ("src/lib/run.py", "READ FIRST"),
        ("src/lib/data/", "stage one"),
        ("src/lib/data/a.py", "two"),
        ("src/lib/data/b.py", "two"),
        ("tests/", "mirror"),
    ]
    assert drawn("a/\n├── b.py  x\n└── c/  y\n    └── d.py  z")[-1] == ("a/c/d.py", "z")


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="README.md is not written yet")
def test_the_readmes_tree_is_the_disks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- tree -->(.*?)<!-- /tree -->", readme, re.DOTALL)
    assert match, "README.md has no tree between <!-- tree --> and <!-- /tree -->"
    tree = dict(drawn(match[1]))
    absent = [path for path in tree if not (ROOT / path).exists()]
    assert absent == []
    assert [path for path, about in tree.items() if not about and not path.endswith("/")] == []
    listed = {path for path in tree if path.startswith("src/loanword/") and not path.endswith("/")}
    on_disk = {str(path.relative_to(ROOT)) for path in MODULES.values() if path.name != "__init__.py"}
    assert sorted(on_disk - listed) == []
