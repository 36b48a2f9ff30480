from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from loanword import hardware
from loanword.errors import UsageError
from loanword.hardware import Hardware, detect, free_cores, peak_memory, synchronise


@pytest.fixture(autouse=True)
def threads_afterwards():
    yield
    torch.set_num_threads(1)


def test_what_is_said_is_kept():
    assert detect(device="cpu", precision="bf16", threads=2) == Hardware("cpu", "bf16", 2)
    assert torch.get_num_threads() == 2


def test_auto_asks_the_machine_and_always_answers_alike():
    found = detect()

    assert found == detect()
    assert found.device in ("cpu", "cuda", "mps")
    assert found.precision in ("bf16", "fp32")
    assert found.threads == free_cores() == torch.get_num_threads()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "gpu"}, "unknown device 'gpu'; expected auto, cpu, cuda"),
        ({"device": "cpu:x"}, "unknown device 'cpu:x'"),
        ({"device": "cpu", "precision": "fp16"}, "unknown precision 'fp16'; known: auto, bf16, fp32"),
    ],
)
def test_what_does_not_exist_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        detect(**options)


@pytest.mark.parametrize("device", ["cuda:99", "xpu", "hpu", "meta"])
def test_a_device_that_is_not_here_is_refused(device):
    with pytest.raises(UsageError, match=f"device '{device}' is not available here; use auto or cpu"):
        detect(device=device)


@pytest.mark.parametrize(
    ("load", "cores", "free"), [(0.0, 4, 4), (0.4, 4, 4), (1.5, 4, 3), (3.5, 4, 1), (50.0, 4, 1), (2.0, 1, 1)]
)
def test_free_cores_leave_room_for_others(monkeypatch, load, cores, free):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)

    assert free_cores() == free


@pytest.mark.parametrize(("value", "expected"), [("3", 3), ("0", 4), ("many", 4), ("", 4)])
def test_an_explicit_number_of_threads_wins(monkeypatch, value, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0, 0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(4)), raising=False)

    assert free_cores() == expected


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_precision_concerns_products_not_what_is_learned(precision, dtype):
    layer = torch.nn.Linear(4, 4)

    with Hardware("cpu", precision, 1).autocast():
        product = layer(torch.ones(2, 4))
        loss = product.float().square().mean()
    loss.backward()

    assert product.dtype == dtype
    assert {layer.weight.dtype, layer.weight.grad.dtype, loss.dtype} == {torch.float32}


def test_describe_is_text_for_reports():
    found = Hardware("cpu", "fp32", 2).describe()

    assert (found["device"], found["precision"], found["threads"]) == ("cpu", "fp32", "2")
    assert all(isinstance(value, str) and value for value in found.values())
    assert int(found["cores"]) >= 1


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_peak_memory_is_in_bytes(monkeypatch, system, unit):
    class Usage:
        ru_maxrss = 7

    monkeypatch.setattr(pytest.importorskip("resource"), "getrusage", lambda who: Usage)
    monkeypatch.setattr(hardware.sys, "platform", system)

    assert peak_memory() == 7 * unit


def test_a_system_that_tells_neither_memory_nor_load(monkeypatch):
    """Windows has no module `resource` and no `os.getloadavg`."""
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.delattr(os, "getloadavg")
    monkeypatch.delenv("OMP_NUM_THREADS")

    assert peak_memory() == 0
    assert free_cores() >= 1
    python = "import sys; sys.modules['resource'] = None; import loanword.hardware"
    assert subprocess.run([sys.executable, "-c", python], check=False).returncode == 0


def test_synchronise_waits_for_nothing_on_a_processor():
    synchronise(torch.device("cpu"))
