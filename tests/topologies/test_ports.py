"""Ports that are reserved for the parts of a topology."""

import socket
import sys
from pathlib import Path

import pytest

from roomproof.topologies import ports
from roomproof.topologies.ports import accepts, reserved_port
from roomproof.topologies.process import Process
from roomproof.topologies.topology import TopologyError


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part takes a second until it listens; meanwhile no other run may get its port."""
    with reserved_port() as port:
        monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
        monkeypatch.setattr(ports, "TRIES", 1)
        with pytest.raises(OSError, match="none is free"), reserved_port():
            pass

    with reserved_port() as again:
        assert again == port


def test_a_server_listens_on_its_port_as_often_as_it_starts() -> None:
    with reserved_port() as port:
        for _ in range(2):
            with socket.create_server(("127.0.0.1", port)):  # it sets SO_REUSEADDR
                assert accepts(port)
            assert not accepts(port)


def test_a_program_that_ended_does_not_serve_whoever_answers(tmp_path: Path) -> None:
    program = Process("soup", [sys.executable, "-c", "print('the port is taken')"], tmp_path / "soup.log")

    with pytest.raises(TopologyError, match="soup ended with 0; its log says: the port is taken"):
        program.launch(lambda: program._process is not None and program._process.wait() == 0)
