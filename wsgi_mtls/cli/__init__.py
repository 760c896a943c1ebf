"""The command line ``wsgi-mtls``, which needs the extra ``cli``."""

import sys


def main() -> None:
    """Run ``wsgi-mtls``."""
    try:
        from .main import cli
    except ImportError as error:
        print(f"wsgi-mtls: {error.name} is missing; pip install 'wsgi-mtls[cli]'", file=sys.stderr)
        raise SystemExit(2) from None
    cli()
