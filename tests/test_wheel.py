"""What users install is the wheel: it holds every file, and works from where it is unpacked."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="the extra 'dev' is not installed")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_every_file_of_the_package_is_in_it(unpacked):
    def files(root):
        return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}

    source = files(ROOT / "src" / "loanword")
    assert len(source) > 100
    assert files(unpacked / "loanword") == source


def test_it_runs_from_there(unpacked, tmp_path):
    # -S leaves out the editable install of the source tree; its dependencies are put back by hand.
    paths = [str(unpacked), *(path for path in sys.path if path.endswith("site-packages"))]
    code = (
        f"import sys; sys.path[:0] = {paths!r}\n"
        "import loanword; from loanword.evaluation.words import Words; from loanword.language.tag import name\n"
        f"assert loanword.__file__.startswith({str(unpacked)!r}), loanword.__file__\n"
        "assert name('zh', in_='zh') and Words('zh')('regime')\n"
        "sys.argv = ['loanword', 'ls', 'metrics']\n"
        "from loanword.cli.main import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
