"""The preparation of an attribute's value for comparison (RFC 4518).

RFC 5280 section 7.1 demands it.
"""

import re
import unicodedata

MAX_VALUE_LENGTH = 1024
"""The longest attribute value that is compared, in characters; RFC 5280 appendix A.1 bounds most of them by 64."""

# What RFC 4518 sections 2.2 and 2.4 drop or prohibit and no general category covers.
_INVISIBLE = re.compile("[\u034f\u1806\u180b-\u180f\ufe00-\ufe0f\ufffc\ufffd\U000e0100-\U000e01ef]")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_MAPPED_TO_SPACE = re.compile("[\t\n\x0b\x0c\r\x85]")  # RFC 4518 section 2.2; NFKC has the separators


def prepare(value: str) -> str:
    """Prepare an attribute value for comparison (RFC 4518).

    NFKC is applied, case is folded and spaces are compressed. Returns the empty text, which matches nothing, for a
    value of more than :data:`MAX_VALUE_LENGTH` characters, whose normalization may take the square of its length, and
    for one with a code point that the preparation would drop or prohibit: two names that differ only in invisible
    characters must not be taken for one.
    """
    if len(value) > MAX_VALUE_LENGTH:
        return ""
    if value.isascii():
        return " ".join(value.lower().split()) if value.isprintable() else ""
    if _INVISIBLE.search(value) or any(unicodedata.category(c) in _REFUSED_CATEGORIES for c in value):
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(folded.split())


def prepare_leniently(value: str) -> str:
    """Prepare a value as a reader that drops what :func:`prepare` refuses.

    White space is one space, and so on. A character that this Python does not know is also dropped, since a later
    Unicode may demand it.
    """
    text = "".join(
        character
        for character in _MAPPED_TO_SPACE.sub(" ", value)
        if not _INVISIBLE.match(character) and unicodedata.category(character) not in _REFUSED_CATEGORIES
    )
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())
