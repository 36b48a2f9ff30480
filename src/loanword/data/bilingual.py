"""What the readers of translators' files share: texts with their translations, and a count of what has none.

Files that people work on hold more than translations: what nobody has translated yet, what is not finished, what is in
other languages. None of it is learnt from or measured with; how much of it there is, and why, is always told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells
from loanword.errors import UsageError
from loanword.language.tag import agree, sides, understood

UNTRANSLATED, UNFINISHED = "untranslated", "not finished"
PROTECTED = "not to be translated"
EMPTY = "without text"
TAG = "write a BCP-47 tag such as en, pt-BR or zh-Hans"


class Pairs:
    """Collects the texts of a file, with their translations where those are needed (`labelled`)."""

    def __init__(self, language: str, *, labelled: bool, findings: Findings) -> None:
        """Start empty, for a `language` that is two with a colon between them; for texts alone, one will do.

        Raises:
            UsageError: translations are needed, and only one language is named.
        """
        self.languages = sides(language) if labelled else sides(language)[:1]
        if len({*self.languages}) < len(self.languages):
            example = f"{'de' if language == 'en' else 'en'}:{language}"
            raise UsageError(f"'{findings.path}' has texts and translations: name both languages, such as {example}")
        self.labelled = labelled
        self.findings = findings
        self.lines: list[int] = []
        self.values: dict[str, list[object]] = {"text": [], "translation": [], "id": []}
        self.left_out: Counter[str] = Counter()
        self.there: Counter[str] = Counter()

    def add(self, line: int, text: str, translation: str, *, name: str | None = None, why: str = "") -> None:
        """Add what stands at `line`; `why` says why its translation is none to learn from, if it is not."""
        if not text.strip():
            self.leave_out(EMPTY)
        elif self.labelled and (why or not translation.strip()):
            self.leave_out(why or UNTRANSLATED)
        else:
            self.lines.append(line)
            for values, cell in zip(self.values.values(), (text, translation, name), strict=True):
                values.append(cell)

    def leave_out(self, why: str, *, languages: Sequence[str] = ()) -> None:
        """Count an entry that is left out; if for its `languages`, those."""
        self.left_out[why] += 1
        self.there.update(languages)

    def fit(self, *languages: str | None, line: int) -> bool:
        """Whether a file that says to be from the one into the other of `languages` is in those asked for.

        None is what the file does not say. Tags that are none are noted at `line`.
        """
        fitting = True
        for said, asked in zip(languages, self.languages, strict=False):
            tag = understood(said) if said else asked
            if tag is None:
                cause = f"{shown(said or '')} is not a known language tag"
                self.findings.add("LW402", cause=cause, fix=TAG, line=line)
            elif "und" not in (tag, asked) and not agree(tag, asked):
                fitting = False
        return fitting

    def cells(self) -> Cells:
        """Return the columns; note a file that has nothing in the languages asked for."""
        if not self.lines and self.there:
            seen = ", ".join(f"{shown(tag)} ({count:,})" for tag, count in self.there.most_common(12))
            cause = f"there is nothing in {' and '.join(self.languages)}; the languages there are: {seen}"
            self.findings.add("LW403", cause=cause, fix="ask for languages that are there, such as en:de")
        if not self.labelled:
            del self.values["translation"]
        return Cells(columns=tuple(self.values), lines=self.lines, values=self.values, left_out=self.left_out)
