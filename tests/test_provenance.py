from dataclasses import fields
from importlib import metadata

import torch

from loanword import provenance
from loanword.evaluation.scores import TransferReport
from loanword.hardware import Hardware


def test_versions_are_those_that_run():
    found = provenance.versions()

    assert found["torch"] == torch.__version__.split("+")[0] or found["torch"] == torch.__version__
    assert found["numpy"]
    assert found["python"].count(".") == 2


def test_circumstances_are_fields_of_a_report():
    found = provenance.circumstances(Hardware("cpu", "fp32", 2))

    assert set(found) < {field.name for field in fields(TransferReport)}
    assert found["machine"]["threads"] == "2"
    assert found["versions"] == provenance.versions()
    assert found["peak_memory_bytes"] > 0


def test_what_is_not_installed_is_left_out(monkeypatch):
    def version(package):
        if package == "numpy":
            return "9.9"
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", version)

    assert set(provenance.versions()) == {"python", "numpy"}


def test_a_machine_says_what_accelerator_it_has(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the one at {device}")
    assert provenance.machine(Hardware("cuda:1", "bf16", 2))["accelerator"] == "the one at cuda:1"
    assert "accelerator" not in provenance.machine(Hardware("cpu", "fp32", 2))
