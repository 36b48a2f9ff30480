"""Explanations made by hand."""

from loanword.deploy.explanation import Alignment, Explanation, Piece, Reading, Sum, Word


def reading(
    *texts, weights=(), label="on", predicted="on", unit="log-odds", language="en", about=None, flow=True, gap=0.0
):
    """Words are what spaces part; each is a piece with the weight of its place, a blank weight is a word not read."""
    pieces, words, weights = [Piece("<s>", -1, 0, 0, 0.0, 0.5 if flow else None)], [], list(weights)
    for side, text in enumerate(texts):
        at = 0
        for form in text.split():
            start = text.index(form, at)
            at = start + len(form)
            weight = weights.pop(0) if weights else 1.0
            number = ()
            if weight is not None:
                number = (len(pieces),)
                pieces.append(Piece(f"▁{form}", side, start, at, weight, 0.1 if flow else None))
            share = 0.1 if flow else None
            words.append(Word(form, side, start, at, number, weight or 0.0, share if number else 0.0 if flow else None))
    total = sum(word.contribution for word in words)
    return Reading(
        texts=texts,
        languages=(language, "und")[: len(texts)],
        answer=f"{predicted} 0.900",
        shown={"label": predicted, "score": 0.9},
        label=label,
        predicted=predicted,
        unit=unit,
        about=about,
        score=total - 1.0 + gap,
        sums=(Sum(tuple(range(len(texts))), -1.0, total, gap, 32, rough=abs(gap) > 0.1),),
        pieces=tuple(pieces),
        words=tuple(words),
    )


def alignment(one, other, pairs, *, of=(0, 0), to=(1, 0)):
    """Every word of both, alike where they are a pair."""
    rows, columns = (
        [number for number, word in enumerate(read.words) if word.side == place[1]]
        for read, place in ((one, of), (other, to))
    )
    alike = tuple(tuple(0.9 if (row, column) in pairs else 0.2 for column in columns) for row in rows)
    return Alignment(of, to, 8, tuple(rows), tuple(columns), alike, tuple(pairs))


def explanation(*readings, alignments=(), task="classification"):
    return Explanation(task, "bundled:e5-small", 12, "mean", tuple(readings), tuple(alignments))


def two(**options):
    """English and Arabic: "turn" and "light" for it, a word of the Arabic against it and without a counterpart."""
    english = reading("turn on the light", weights=(1.5, 0.1, -0.01, 3.0))
    arabic = reading("شغّل الضوء الآن", weights=(2.5, 2.8, -1.2), language="ar", **options)
    return explanation(english, arabic, alignments=[alignment(english, arabic, [(0, 0), (3, 1)])])
