"""The command line: one thin file a verb. Loads neither torch nor transformers until a verb needs them."""

from __future__ import annotations

import io
import sys

import typer

from loanword.cli import (
    adapt,
    ask,
    check,
    corpus,
    data,
    demo,
    embed,
    evaluate,
    explain,
    index,
    ls,
    mine,
    predict,
    pretrain,
    search,
    tokenizer,
    train,
    transfer,
    zero_shot,
)
from loanword.cli.guard import guarded
from loanword.version import __version__

app = typer.Typer(
    name="loanword",
    help="Cross-lingual transfer: train in the language you have labels for, ship in the ones you don't.",
    epilog="Start with: loanword demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"loanword {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options before the verb."""


app.command("demo")(guarded(demo.demo))
app.command("transfer")(guarded(transfer.transfer))
app.command("train")(guarded(train.train))
app.command("pretrain")(guarded(pretrain.pretrain))
app.command("adapt")(guarded(adapt.adapt))
app.command("evaluate")(guarded(evaluate.evaluate))
app.command("predict")(guarded(predict.predict))
app.command("embed")(guarded(embed.embed))
app.command("zero-shot")(guarded(zero_shot.zero_shot))
app.command("index")(guarded(index.index))
app.command("search")(guarded(search.search))
app.command("ask")(guarded(ask.ask))
app.command("mine")(guarded(mine.mine))
app.command("explain")(guarded(explain.explain))
app.command("check")(guarded(check.check))
app.command("ls")(guarded(ls.ls))
datasets = typer.Typer(help="Look at data before anything is trained on it.", no_args_is_help=True)
datasets.command("check")(guarded(data.check))
app.add_typer(datasets, name="data")
corpora = typer.Typer(help="Text without labels, as pretraining wants it.", no_args_is_help=True)
corpora.command("clean")(guarded(corpus.clean))
app.add_typer(corpora, name="corpus")
tokenizers = typer.Typer(help="What a model reads its texts in: the pieces of its vocabulary.", no_args_is_help=True)
tokenizers.command("train")(guarded(tokenizer.train))
tokenizers.command("report")(guarded(tokenizer.report))
tokenizers.command("trim")(guarded(tokenizer.trim))
tokenizers.command("extend")(guarded(tokenizer.extend))
app.add_typer(tokenizers, name="tokenizer")


def main() -> None:
    """Entry point of the ``loanword`` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # A console that lacks Chinese is no reason to fail.
    app()


if __name__ == "__main__":
    main()
