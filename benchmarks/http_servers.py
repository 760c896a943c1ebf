"""The servers of the HTTP benchmark.

wrk → nginx with the client's certificate → nginx with mutual TLS → gunicorn.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import psutil

from wsgi_mtls.testing import SERVER_AUTH, Profile, to_pem

from .certificates import authority, leaf

_NGINX = """
pid {folder}/nginx.pid; error_log {folder}/error.log crit; worker_processes 1; daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; keepalive_requests 1000000;
  {servers}
}}
"""
_SERVER = """
  upstream tls{n} {{ server unix:{folder}/tls{n}.sock; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass https://tls{n}; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_ssl_certificate {folder}/client.pem; proxy_ssl_certificate_key {folder}/client.key; }} }}
  server {{ listen unix:{folder}/tls{n}.sock ssl; ssl_verify_client on; ssl_client_certificate {folder}/ca.pem;
    location / {{
      proxy_pass http://127.0.0.1:{app}; proxy_set_header Host $http_host;
      proxy_set_header XClientCert "$ssl_client_verify $ssl_client_escaped_cert"; }} }}
"""


@dataclass(frozen=True, slots=True)
class Served:
    """An application that is served.

    Attributes:
        url: where wrk asks.
        gunicorn: the process of the worker that serves it.
    """

    url: str
    gunicorn: psutil.Process

    def worked(self) -> float:
        """Return the CPU time of the worker, in seconds."""
        times = [worker.cpu_times() for worker in self.gunicorn.children()]
        return float(sum(time.user + time.system for time in times))


@contextmanager
def serving(folder: Path, apps: Sequence[str]) -> Iterator[dict[str, Served]]:
    """Serve the applications, and yield where wrk asks for each."""
    _write(folder)
    with _free_ports(2 * len(apps)) as free:
        ports = dict(zip(apps, zip(free[::2], free[1::2], strict=True), strict=True))
    servers = [_SERVER.format(n=n, folder=folder, port=port, app=app) for n, (port, app) in enumerate(ports.values())]
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, servers="".join(servers)))
    processes = [subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)]
    served: dict[str, Served] = {}
    try:
        for name, (port, app) in ports.items():
            processes.append(_gunicorn(folder, name, app))
            served[name] = Served(f"http://127.0.0.1:{port}", psutil.Process(processes[-1].pid))
        for each in served.values():
            _wait(f"{each.url}/nowhere")
        yield served
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def _gunicorn(folder: Path, name: str, port: int) -> "subprocess.Popen[bytes]":
    options = ["-b", f"127.0.0.1:{port}", "-w", "1", "--log-level", "critical", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "benchmarks.http_app:application", *options]
    environ = {**os.environ, "BENCHMARK_APP": name, "BENCHMARK_FOLDER": str(folder)}
    return subprocess.Popen(command, cwd=Path(__file__).parent.parent, env=environ)


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
        except (URLError, TimeoutError) as error:
            if getattr(error, "code", None) == 404:
                return
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer.")


def _write(folder: Path) -> None:
    server = authority("ec").issue("CN=localhost", Profile(san_dns=["localhost"], extended_key_usage=SERVER_AUTH))
    files = {
        "ca.pem": to_pem(authority("rsa").certificate),
        "server.pem": server.certificate_pem,
        "server.key": server.key_pem,
        "client.pem": leaf("rsa").certificate_pem,
        "client.key": leaf("rsa").key_pem,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


@contextmanager
def _free_ports(count: int) -> Iterator[list[int]]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        yield [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
