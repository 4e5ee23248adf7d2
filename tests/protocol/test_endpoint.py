"""Endpoints: every way to write one names the same sockets, and what cannot be one is refused in one line."""

import socket
from pathlib import Path

import pytest

from protocol.endpoint import Endpoint, parse_endpoint
from protocol.errors import AlleleError


@pytest.mark.parametrize("form", ["{}", "{}/", "{}/ctl.sock", "ipc://{}/ctl.sock", "ipc://{}"])
def test_every_way_to_write_one_names_the_same_sockets(form: str, tmp_path: Path) -> None:
    endpoint = parse_endpoint(form.format(tmp_path))
    assert endpoint == Endpoint(tmp_path)
    assert endpoint.address("evt") == f"ipc://{tmp_path}/evt.sock"
    assert str(endpoint) == f"ipc://{endpoint.socket('ctl')}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tcp://host:9000", "only to daemons on this machine"),
        ("me@studio", "ssh -t me@studio allele"),
        ("/no/such/folder", "no such run folder"),
        (b"/tmp/\xff".decode(errors="surrogateescape"), "not UTF-8"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(AlleleError) as refused:
        parse_endpoint(text)
    assert words in str(refused.value)


def test_it_answers_while_somebody_listens(tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path)
    assert not endpoint.answers()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(endpoint.socket("ctl")))
        assert not endpoint.answers()
        listener.listen()
        assert endpoint.answers()
    assert not endpoint.answers(), "the socket file alone is no daemon"
