"""Characters that nobody sees: which of them a script needs, and which are left over from pages and editors."""

from __future__ import annotations

import re

JOINED = (
    "\u0600-\u07ff\u0840-\u08ff\u1800-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010d00-\U00010d3f\U0001e900-\U0001e95f"
    "\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1a20-\u1aaf\u1b00-\u1c4f\u1cd0-\u1cff\ua800-\ua82f\ua880-\ua8ff"
    "\ua980-\ua9ff\uaa60-\uaa7f\uaae0-\uaaff\uabc0-\uabff\U00011000-\U00011fff"
)
"""Cursive scripts (Arabic, Syriac, N'Ko, Mongolian, ...) and those of Indic descent, whose letters joiners shape."""

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\uaa60-\uaadf"
"""Thai, Lao, Burmese, Khmer and kin, where a space without width ends a word."""

PICTURES = "\u20e3\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
"""What a joiner makes one picture of, such as a woman and a rocket."""

JOINER = f"(?<![{JOINED}])\u200c|(?<![{JOINED}{PICTURES}])\u200d|(?<=[{PICTURES}])\u200d(?![{PICTURES}])"
"""Joiners that nothing asks for; one after another is never needed."""

NEVER = "\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f"
"""Soft hyphens, marks of direction, fillers and tags."""

ANY = re.compile(f"[{NEVER}\u200b-\u200d]")
UNSEEN = re.compile(f"[{NEVER}]|{JOINER}|(?<![{UNSPACED}])\u200b")


def without_invisible(text: str) -> str:
    """Remove soft hyphens, marks of direction, fillers, tags, and joiners and breaks that no script needs.

    Joiners (U+200C, U+200D) stay after letters and marks of cursive and Indic scripts, the second also between
    pictures; U+200B stays after those of scripts in which it ends a word.
    """
    return UNSEEN.sub("", text) if ANY.search(text) else text
