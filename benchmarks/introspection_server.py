"""A server that gives every token the same answer.

Run ``python -m benchmarks.introspection_server FOLDER``.
"""

import http.server
import ssl
import sys
from pathlib import Path
from typing import Any, ClassVar


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with a file."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    answer: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        """Read the request, and answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(self.answer)}\r\n\r\n"
        self.wfile.write(head.encode() + self.answer)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


def main() -> None:
    """Serve on a free port, which is printed."""
    folder = Path(sys.argv[1])
    Handler.answer = (folder / "answer.json").read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
