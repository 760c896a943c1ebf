"""Make ``wsgi_mtls/x509/openssl_names.py``: the names that OpenSSL 3 prints for the types of a DN's attributes.

Run it with the newest OpenSSL at hand: ``python tools/attribute_types.py``. It fails where a name has another meaning
elsewhere, and that is not in ``COLLISIONS``: decide which meaning wins, and write it down there.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from wsgi_mtls.x509.attribute_types import COLLISIONS, OTHER_NAMES, RFC_NAMES

TABLE = Path(__file__).parents[1] / "wsgi_mtls" / "x509" / "openssl_names.py"
_OBJECT = re.compile(r"(?P<short>.+?) = (?:(?P<long>.+), )?(?P<oid>[0-9]+(?:\.[0-9]+)+)")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")  # RFC 4514 section 3
_HEAD = '''"""The names of ``openssl list -objects``; made by ``tools/attribute_types.py``."""

TABLE = """
'''


def objects(listing: str) -> dict[str, str]:
    """Return the object identifier of each name that a DN may have, in OpenSSL's spelling."""
    found: dict[str, str] = {}
    for line in listing.splitlines():
        match = _OBJECT.fullmatch(line.strip())
        if match is None:  # a name without an identifier, such as that of a cipher
            continue
        for name in (match["short"], match["long"]):
            # The first is what OpenSSL prints, should a name be there twice.
            if name and _TYPE.fullmatch(name):
                found.setdefault(name, match["oid"])
    return found


def collisions(openssl: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the names, in lower case, that have more than one meaning."""
    meanings: dict[str, set[str]] = {}
    for names in (RFC_NAMES, openssl, OTHER_NAMES):
        for name, oid in names.items():
            meanings.setdefault(name.lower(), set()).add(oid)
    return {name: oids for name, oids in meanings.items() if len(oids) > 1}


def unknown(openssl: Mapping[str, str]) -> list[str]:
    """Return the collisions that nobody has decided about."""
    return sorted(name for name in collisions(openssl) if name not in COLLISIONS)


def written(openssl: Mapping[str, str]) -> Iterable[str]:
    """Yield the lines of the table: an identifier, and its names."""
    by_oid: dict[str, list[str]] = {}
    for name, oid in openssl.items():
        by_oid.setdefault(oid, []).append(name)
    for oid in sorted(by_oid, key=lambda oid: [*map(int, oid.split("."))]):
        yield f"{oid} {' '.join(by_oid[oid])}"


def main() -> None:
    """Write the table, or fail."""
    listing = subprocess.run(["openssl", "list", "-objects"], check=True, capture_output=True, text=True).stdout  # noqa: S607
    found = objects(listing)
    if new := unknown(found):
        sys.exit(f"These names have several meanings, and COLLISIONS has none of them: {', '.join(new)}")
    TABLE.write_text(_HEAD + "\n".join(written(found)) + '\n"""\n')


if __name__ == "__main__":
    main()
