"""Letters that cannot be seen: with them two names look the same, or a name looks like nothing. Pure."""

from __future__ import annotations

import unicodedata

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols by category that show nothing: fillers of Hangul and Khmer, an empty Braille cell."""
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Format characters by their category that are shown: signs over Arabic and Syriac numbers."""
_JOINERS = frozenset("\u200c\u200d")
_VIRAMA = 9
"""The combining class after (or before) which Indic scripts use joiners (RFC 5892, appendix A)."""
_FLAG = "\U0001f3f4"
_KEYCAP = "\u20e3"


def seen(line: str) -> bool:
    """Whether there is anything to see."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in _BLANK for sign in line)


def hides(line: str) -> bool:
    """Whether a sign in it cannot be seen and is not needed to write a language or an emoji."""
    padded = f" {line} "
    return any(_hidden(*padded[at - 1 : at + 2]) for at in range(1, len(padded) - 1))


def _hidden(before: str, sign: str, after: str) -> bool:
    if sign in _BLANK:
        return True
    if sign in _JOINERS:
        return not (_joins(before) or _VIRAMA in (unicodedata.combining(before), unicodedata.combining(after)))
    if _selector(sign):
        kind = unicodedata.category(before)
        return not (kind in ("So", "Sm", "Sk", "Lo", "Po") or (kind in ("Nd", "Po") and after == _KEYCAP))
    if _tag(sign):
        return not (before == _FLAG or _tag(before))
    return unicodedata.category(sign) == "Cf" and sign not in _SEEN


def _joins(sign: str) -> bool:
    """Whether joiners follow it in proper writing: Arabic and its relatives, emoji."""
    return (
        unicodedata.bidirectional(sign) in ("AL", "NSM")
        or unicodedata.category(sign) in ("So", "Sk")
        or _selector(sign)
    )


def _selector(sign: str) -> bool:
    """Variation selectors, Mongolian ones too."""
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef" or sign in "\u180b\u180c\u180d\u180f"


def _tag(sign: str) -> bool:
    """Tags, of which the flags of England, Scotland and Wales are made."""
    return "\U000e0020" <= sign <= "\U000e007f"
