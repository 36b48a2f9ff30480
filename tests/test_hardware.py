from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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


@pytest.fixture
def stat(monkeypatch, tmp_path):
    """Write what /proc/stat says, now and after the look: for each core, how many of 10 ticks others worked."""
    file = tmp_path / "stat"
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(hardware, "STAT", str(file))

    def say(busy, *, allowed=None, start=1000):
        cores = range(len(busy))
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(allowed or cores), raising=False)

        def write(worked):
            ticks = [f"cpu{core} {start + worked[core]} 0 0 {start - worked[core]} 0 0 0 0 7 7" for core in cores]
            file.write_text("\n".join(["cpu 1 2 3 4 5 6 7 8 9 10", *ticks, "intr 5", ""]))

        write([0] * len(busy))
        later = [f"cpu{core} {start + count} 0 0 {start + 10 - count} 0 0 0 0 9 9" for core, count in enumerate(busy)]
        monkeypatch.setattr(time, "sleep", lambda seconds: file.write_text("\n".join(later)))

    return say


@pytest.mark.parametrize(
    ("busy", "free"),
    [([0, 0, 0, 0], 4), ([1, 1, 1, 1], 4), ([10, 0, 5, 0], 2), ([10, 10, 9, 0], 1), ([10, 10, 10, 10], 1), ([10], 1)],
)
def test_free_cores_leave_room_for_what_others_do_now(stat, busy, free):
    stat(busy)
    assert free_cores() == free


def test_only_the_cores_that_this_process_may_use_count(stat):
    stat([10, 10, 0, 0], allowed=[2, 3])
    assert free_cores() == 2
    stat([10, 10, 0, 0], allowed=[0, 3])
    assert free_cores() == 1


@pytest.mark.parametrize(
    ("load", "cores", "free"), [(0.0, 4, 4), (0.4, 4, 4), (1.5, 4, 3), (3.5, 4, 1), (50.0, 4, 1), (2.0, 1, 1)]
)
def test_where_the_system_does_not_say_the_load_decides(monkeypatch, load, cores, free):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(hardware, "STAT", "/nowhere")
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)

    assert free_cores() == free


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc/stat")
def test_what_this_machine_says_can_be_read():
    total, idle = hardware._ticks(os.sched_getaffinity(0))
    assert 0 < idle < total


@pytest.mark.parametrize(("value", "expected"), [("3", 3), ("0", 4), ("many", 4), ("", 4)])
def test_an_explicit_number_of_threads_wins(monkeypatch, value, expected):
    monkeypatch.setattr(hardware, "STAT", "/nowhere")
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
    monkeypatch.setattr(hardware, "STAT", "/nowhere")
    monkeypatch.delenv("OMP_NUM_THREADS")

    assert peak_memory() == 0
    assert free_cores() >= 1
    python = "import sys; sys.modules['resource'] = None; import loanword.hardware"
    assert subprocess.run([sys.executable, "-c", python], check=False).returncode == 0


def test_synchronise_waits_for_nothing_on_a_processor():
    synchronise(torch.device("cpu"))


@pytest.mark.parametrize(
    ("written", "free"),
    [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", 16), ("", 16), (None, 16)],
)
def test_a_container_has_the_cores_it_pays_for(tmp_path, monkeypatch, written, free):
    if written is not None:
        (tmp_path / "cpu.max").write_text(written)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(hardware, "QUOTA", str(tmp_path / "cpu.max"))
    monkeypatch.setattr(hardware, "busy", lambda cores: 0.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)

    assert free_cores() == free


@pytest.mark.parametrize(("said", "hits"), [("", 0), ("1024", 100)])
def test_onednn_keeps_the_products_of_few_shapes_unless_it_was_told(said, hits):
    work = """
import torch
from loanword.hardware import keep_few_shapes
keep_few_shapes()
for _ in range(2):
    print("again", flush=True)
    for length in range(8, 108):
        torch.nn.functional.conv2d(torch.ones(2, 16, length, 32), torch.ones(32, 16, 3, 3))
"""
    about = {**os.environ, "ONEDNN_VERBOSE": "2"}
    about.pop(hardware.COMPILED, None)
    if said:
        about[hardware.COMPILED] = said
    done = subprocess.run([sys.executable, "-c", work], env=about, capture_output=True, text=True, check=True)
    second = done.stdout.split("again")[2]
    assert sum("cache_hit" in line and "convolution" in line for line in second.splitlines()) == hits
