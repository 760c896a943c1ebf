"""A port that a program is started on some moments after it was chosen."""

import socket

import pytest

from wsgi_mtls.cli.terminators import LOOPBACK, free_port


def test_no_other_program_gets_it_meanwhile() -> None:
    address = (LOOPBACK, free_port())
    # As where the kernel looks for a port: without SO_REUSEADDR.
    with socket.socket() as another, pytest.raises(OSError, match="in use"):
        another.bind(address)
    with socket.create_server(address) as server:  # with it, as servers do
        assert server.getsockname() == address
