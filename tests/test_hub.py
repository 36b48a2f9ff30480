import logging
import socket
import sys
import time
from contextlib import contextmanager

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import are_progress_bars_disabled
from huggingface_hub.utils import logging as hub_logging
from tests.encoders import fake_hub

from loanword import hub
from loanword.errors import MissingExtra
from loanword.hub import TIMEOUT, ask_hub, quiet_hub


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(hub, "_silent", {})


class Both(fake_hub.Handler):
    """The fake Hub, with the address of data sets beside the one of models."""

    def do_GET(self):
        self.path = self.path.replace("/api/datasets/data", "/api/models/data")
        super().do_GET()

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls


@pytest.fixture
def online(monkeypatch):
    """Ask the Hub at an address."""

    def at(address):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", address)

    return at


@contextmanager
def stalled():
    """A server that takes what comes and never answers; gives its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def served(tmp_path, online, monkeypatch):
    """A Hub with one model and one data set; gives what was asked of it."""
    for name in ("model", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.safetensors").touch()
    monkeypatch.setattr(fake_hub, "Handler", Both)
    with fake_hub.serving({"org/model": tmp_path / "model", "data/set": tmp_path / "data"}) as (address, asked):
        online(address)
        yield asked


def names(asked):
    """The repositories that were asked for; the client asks for more on its own."""
    start = "GET api/models/"
    return [line.removeprefix(start) for line in asked if line.startswith(start)]


def test_what_is_there_comes_with_its_files(served):
    found = ask_hub("org/model", kind="model")
    assert (found.status, found.files, found.reason) == ("found", {"model.safetensors"}, "")
    assert ask_hub("data/set", kind="dataset").files == {"data.safetensors"}
    assert ask_hub("org/model", kind="model", revision="main").status == "found"
    assert names(served) == ["org/model", "data/set", "org/model/revision/main"]


def test_what_is_not_there_is_told_apart(served):
    assert ask_hub("org/none", kind="model").status == "absent"
    assert ask_hub("data/none", kind="dataset").status == "absent"
    assert ask_hub("org/model", kind="model", revision="v9").status == "no revision"
    assert len(names(served)) == 3
    assert ask_hub("not a name", kind="dataset").status == "absent"
    assert len(names(served)) == 3


def test_nobody_there(online):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    online(f"http://127.0.0.1:{port}")
    found = ask_hub("org/model", kind="model")
    assert found.status == "unreachable"
    assert "Connect" in found.reason
    assert "\n" not in found.reason


def test_offline_by_its_own_switch(online, monkeypatch, served):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert ask_hub("org/model", kind="model").status == "unreachable"
    assert served == []


def test_a_server_that_accepts_and_stays_silent_is_given_up(online):
    began = time.monotonic()
    with stalled() as address:
        online(address)
        found = ask_hub("org/model", kind="model", timeout=0.5)
    assert (found.status, found.reason) == ("unreachable", "no answer within 0.5 seconds")
    assert time.monotonic() - began < 5
    assert TIMEOUT <= 10


def test_a_silent_hub_is_not_asked_for_each_language_anew(online, served):
    (address,) = {constants.ENDPOINT}
    with stalled() as silent:
        online(silent)
        for name in ("org/one", "org/one", "org/two"):
            began = time.monotonic()
            assert ask_hub(name, kind="dataset", timeout=0.5).status == "unreachable"
        assert time.monotonic() - began < 0.3
    online(address)
    assert ask_hub("org/model", kind="model").status == "found"


def test_a_silent_hub_is_asked_again_in_time(served, monkeypatch):
    monkeypatch.setattr(hub, "_silent", {constants.ENDPOINT: time.monotonic() - 59})
    assert ask_hub("org/model", kind="model").status == "unreachable"
    monkeypatch.setattr(hub, "_silent", {constants.ENDPOINT: time.monotonic() - 61})
    assert ask_hub("org/model", kind="model").status == "found"


def test_the_deadline_holds_whatever_the_client_does(monkeypatch):
    """Looking up a name, and many addresses one after the other, are not in the client's own timeout."""

    class Sleepy:
        def dataset_info(self, *_args, **_options):
            time.sleep(20)

    monkeypatch.setattr(huggingface_hub, "HfApi", Sleepy)
    began = time.monotonic()
    found = ask_hub("org/data", kind="dataset", timeout=0.3)
    assert time.monotonic() - began < 5
    assert (found.status, found.reason) == ("unreachable", "no answer within 0.3 seconds")


def test_nothing_is_printed(online, capfd):
    with stalled() as address:
        online(address)
        ask_hub("org/model", kind="model", timeout=0.3)
    assert capfd.readouterr() == ("", "")


def test_quiet_is_for_a_while(capfd):
    client = logging.getLogger("huggingface_hub.file_download")
    before = hub_logging.get_verbosity(), are_progress_bars_disabled()
    with quiet_hub():
        client.warning("Retrying in 1s")
        assert are_progress_bars_disabled()
    assert (hub_logging.get_verbosity(), are_progress_bars_disabled()) == before
    assert capfd.readouterr() == ("", "")


def test_the_missing_client_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r"asking the Hub for org/model.*pip install 'loanword\[hub\]'"):
        ask_hub("org/model", kind="model")
