"""How numbers and lists are written in a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SPACE = "\N{NO-BREAK SPACE}"


def share(value: float) -> str:
    """Write a share as a percentage that does not break across lines."""
    return f"{100 * value:.1f}{_SPACE}%"


def likelihood(value: float) -> str:
    """Write the probability of a genre: a model is never certain, and nothing is impossible."""
    if value >= 0.9995:
        return ">99.9%"
    if value < 0.0005:
        return "<0.1%"
    return f"{value:.0%}" if 0.095 <= value < 0.99 else f"{value:.1%}"


def points(value: float) -> str:
    """Write a difference of shares in percentage points, with a true minus."""
    return f"{100 * value:.1f}".replace("-", "−")


def coefficient(value: float) -> str:
    """Write a correlation with two digits and a true minus."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def span(low: float, high: float) -> str:
    """Write a 95 % interval of shares or of their differences."""
    return f"95{_SPACE}% interval {points(low)} to {points(high)}"


def probability(value: float) -> str:
    """Write a p value, no finer than anyone should believe it."""
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def duration(seconds: float) -> str:
    """Write a time with two digits that count, from 10 s on in whole seconds."""
    digits = 0 if seconds >= 10 else 1 if seconds >= 1 else 2 if seconds >= 0.1 else 3
    return f"{seconds:.{digits}f}{_SPACE}s"


def long_time(seconds: float) -> str:
    """Write a long time as roughly as a person does: '40 s', '18 min', '3 h 20 min', '5 days'."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))}{_SPACE}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{_SPACE}min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes if minutes < 600 else 60 * round(minutes / 60), 60)
        return f"{hours}{_SPACE}h" + (f" {rest}{_SPACE}min" if rest else "")
    days = minutes / (24 * 60)
    return f"{days:.1f}{_SPACE}days" if days < 10 else f"{days:,.0f}{_SPACE}days"


def clock(seconds: float) -> str:
    """Write a place in a recording, or its length, as minutes and seconds: '1:01'."""
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02d}"


def counted(n: int, noun: str, plural: str = "") -> str:
    """Write a number of things: '1 clip', '1,204 clips'; the plural is given where it is no 's'."""
    return f"{n:,}{_SPACE}{noun if n == 1 else plural or noun + 's'}"


def listed(items: Sequence[str]) -> str:
    """Join words as in a sentence: 'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def either(items: Sequence[str]) -> str:
    """Join words as in a question: 'a', 'a or b', 'a, b or c'."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} or {items[-1]}"


_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()


def number_word(n: int) -> str:
    """Write a number in a sentence: small ones as words."""
    return _NUMBERS[n] if n < len(_NUMBERS) else f"{n:,}"


def genre_name(genre: str) -> str:
    """Write a genre as a reader knows it: GTZAN's 'hiphop' is 'hip-hop'."""
    return "hip-hop" if genre == "hiphop" else genre


def genre_names(text: str) -> str:
    """Write the genres in a text as readers know them; the names of files and tracks stay."""
    return re.sub(r"\bhiphop\b(?![./]\w)", genre_name("hiphop"), text)


def sentence_case(text: str) -> str:
    """Begin a text with a capital letter and leave the rest as it is."""
    return text[:1].upper() + text[1:]


_JOINERS = "\u200c\u200d"  # words of some languages and some emoji are written with them


def printable(text: str) -> str:
    """Write a text so that it cannot steer a terminal: control characters as their codes."""
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if unicodedata.category(character) == "Zs":  # spaces of all widths
        return character
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
