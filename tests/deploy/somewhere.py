"""A training run in a folder with a telling name, on texts with telling words: what must not leave the machine."""

import json
import shutil

from loanword.run import run

PLACE = "qzx-somebodys-folder"
SECRETS = {"train": "zebrafinch", "dev": "wolfsbane", "test": "quicksilver"}


def train_somewhere(root, *, tiny_folder, toy_data, toy_recipe, kind="bert", **overrides):
    """Train below `root`; the run's folder is ``root/PLACE/out``."""
    place = root / PLACE
    shutil.copytree(tiny_folder(kind), place / "tiny", dirs_exist_ok=True)
    data = {}
    for split, word in SECRETS.items():
        data[split] = {}
        for tag, path in toy_data[split].items():
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            lines = [json.dumps({**row, "text": f"{row['text']} {word}"}, ensure_ascii=False) for row in rows]
            (place / f"{split}-{tag}.jsonl").write_text("\n".join(lines), encoding="utf-8")
            data[split][tag] = str(place / f"{split}-{tag}.jsonl")
    data["train"], data["dev"] = {"en": data["train"]["en"]}, {"en": data["dev"]["en"]}
    given = {
        "training": {"epochs": 10, "learning_rate": 3e-3},
        "out": str(place / "out"),
        "model": str(place / "tiny"),
        "data": data,
    }
    return run(toy_recipe(kind, **{**given, **overrides}), command=f"loanword train {place}/recipe.toml")


def contents(folder):
    """Every file of `folder`: relative path -> bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
