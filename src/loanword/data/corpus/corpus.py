"""A corpus: files by language in, clean documents out, each once, and a count of what became of all the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loanword.data.codes import raise_all
from loanword.data.corpus.checks import verdict
from loanword.data.corpus.counts import Counts
from loanword.data.corpus.documents import Document, documents
from loanword.data.corpus.duplicates import ExactDuplicates, NearDuplicates, key_of
from loanword.data.corpus.held_out import HeldOut
from loanword.data.corpus.normalise import normalised
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.near_duplicates import fold
from loanword.errors import DataError, Problem, UsageError
from loanword.language.outputs import expect_identifier
from loanword.language.tag import canonical
from loanword.progress import Progress, Silent

BLOCK, CHARACTERS = 256, 2**17
"""Documents, or characters of them, that are held to be compared with all before at once."""


@dataclass
class Corpus:
    """Documents of `sources`, by language, cleaned as `settings` say.

    Languages come in the order of `sources`, and so do those of one language; a text that two of them have stays in the
    first. `counts` says by language what became of what was read so far; `exact` and `near` remember what was there.
    """

    sources: Mapping[str, str | Sequence[str]]
    settings: CorpusSettings = field(default_factory=CorpusSettings)
    progress: Progress = field(default_factory=Silent)
    counts: dict[str, Counts] = field(init=False, default_factory=dict)
    exact: ExactDuplicates = field(init=False, default_factory=ExactDuplicates)
    near: NearDuplicates = field(init=False, default_factory=NearDuplicates)

    def documents(self) -> Iterator[Document]:
        """Return the clean documents, to be read as they are asked for; each call begins anew.

        Raises:
            ConfigError: A source or language is not as it is written; at once, as are files that are not there.
            DataError: All that is wrong with any of the sources, at the end of reading. After a first problem no
                document follows.
            MissingExtra: The identifier of languages, or what a format needs, is not installed.
        """
        if self.settings.identify:
            expect_identifier()
        readers = self._readers()
        self.counts = {tag: Counts() for tag in readers}
        self.exact, self.near = ExactDuplicates(), NearDuplicates()
        return self._all(readers)

    def _readers(self) -> dict[str, list[tuple[str, Iterator[Document]]]]:
        """Open every source, by language; say all at once what cannot be."""
        found: dict[str, list[tuple[str, Iterator[Document]]]] = {}
        problems: list[Problem] = []
        wrong: list[str] = []
        for language, given in self.sources.items():
            for source in [given] if isinstance(given, str) else given:
                try:
                    read = documents(
                        source,
                        language=language,
                        column=self.settings.column,
                        boundary=self.settings.boundary,
                        tell=self.progress.say,
                    )
                    found.setdefault(canonical(language), []).append((source, read))
                except DataError as error:
                    problems += error.problems
                except UsageError as error:
                    wrong.append(str(error))
        raise_all(wrong, problems)
        return found

    def _all(self, readers: Mapping[str, Sequence[tuple[str, Iterator[Document]]]]) -> Iterator[Document]:
        aside = HeldOut(self.settings.held_out)
        problems: list[Problem] = []
        unfinished = False
        for tag, source, reader in ((tag, *one) for tag, some in readers.items() for one in some):
            self.progress.stage("read", detail=tag)
            try:
                if problems:  # Only to find what else is wrong, for which nobody's network is worth it.
                    deque(() if source.startswith("hub:") else reader, maxlen=0)
                    continue
                for document, key in self._once(reader, self.counts[tag]):
                    self.counts[tag].kept.add(document.text)
                    if aside.takes(key, language=tag):
                        self.counts[tag].held_out.add(document.text)
                        document = replace(document, held_out=True)
                    yield document
            except DataError as error:
                problems += error.problems
                unfinished |= error.unfinished
        if problems:
            raise DataError(problems, unfinished=unfinished)

    def _once(self, reader: Iterator[Document], counts: Counts) -> Iterator[tuple[Document, int]]:
        """Yield the fit documents that were not there before, each with the key of its text."""
        block: list[tuple[Document, str, int]] = []
        size = 0
        for document in self._fit(reader, counts):
            folded = fold(document.text)
            key = key_of(folded)
            if self.settings.exact_duplicates and not self.exact.is_new(key):
                counts.dropped["duplicate"] += 1
            elif not self.settings.near_duplicates:
                yield document, key
            else:
                block.append((document, folded, key))
                size += len(folded)
                if len(block) >= BLOCK or size >= CHARACTERS:
                    yield from self._unlike(block, counts)
                    block, size = [], 0
        yield from self._unlike(block, counts)

    def _unlike(self, block: Sequence[tuple[Document, str, int]], counts: Counts) -> Iterator[tuple[Document, int]]:
        new = self.near.are_new([folded for _, folded, _ in block])
        counts.dropped["near-duplicate"] += len(block) - sum(new)
        yield from ((document, key) for (document, _, key), is_new in zip(block, new, strict=True) if is_new)

    def _fit(self, reader: Iterator[Document], counts: Counts) -> Iterator[Document]:
        """Yield the documents in one way of writing, but for those that are no text of their language."""
        for document in reader:
            counts.read.add(document.text)
            text, changed = normalised(document.text, self.settings.normalise)
            counts.changed.update(changed.keys())
            counts.characters.update(changed)
            found = verdict(text, document.language, self.settings)
            if found.unjudged:
                counts.unjudged[found.unjudged] += 1
            if found.other:
                counts.foreign[found.other] += 1
            if found.reason:
                counts.dropped[found.reason] += 1
            else:
                yield document if text is document.text else replace(document, text=text)
