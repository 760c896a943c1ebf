"""Registers clients in the example's database, unchecked, with codes for them: JSON on standard input."""

import json
import sys
from datetime import timedelta
from typing import Any


def main() -> None:
    import django

    django.setup()
    from tests.oauth_toolkit.support import application, registered

    for client_id, client in json.load(sys.stdin).items():
        columns = {"client_type": client["type"], "hash_client_secret": False}  # or each would take as long as a login
        made = application(client_id, client["grant"], **columns)
        if client["metadata"]:
            registered(made, client["metadata"])
        if client["grant"] == "authorization-code":
            for number in range(client["codes"]):
                grant_code(made, f"{client_id}-{number}")


def grant_code(to: Any, code: str) -> None:
    """Let anna have agreed."""
    from django.contrib.auth.models import User
    from django.utils import timezone
    from oauth2_provider.models import get_grant_model

    from tests.oauth_toolkit.support import CHALLENGE, REDIRECT

    get_grant_model().objects.create(
        application=to, user=User.objects.get(username="anna"), code=code, scope="accounts", redirect_uri=REDIRECT,
        expires=timezone.now() + timedelta(hours=1), code_challenge=CHALLENGE, code_challenge_method="S256",
    )  # fmt: skip


if __name__ == "__main__":
    main()
