import loanword


def test_transfer_load_evaluate(toy_data, tiny_folder, tmp_path):
    result = loanword.transfer(
        train={"en": toy_data["train"]["en"]},
        dev={"en": toy_data["dev"]["en"]},
        test={"ru": toy_data["test"]["ru"], "en": toy_data["test"]["en"]},
        model=str(tiny_folder("xlm-roberta")),
        settings={"training.max_steps": 5, "evaluation": {"resamples": 100}},
        out=tmp_path / "run",
    )
    bundle = loanword.load(tmp_path / "run")
    again = loanword.evaluate(bundle, test={"ru": toy_data["test"]["ru"]}, settings={"resamples": 100})
    first, second = result.report.languages["ru"], again.languages["ru"]
    assert first.metrics == second.metrics
    assert abs(first.ece - second.ece) < 1e-6
    assert abs(first.ece_raw - second.ece_raw) < 1e-6
    assert again.sources == ("en",)
    assert [p.label for p in bundle.predict(["pizza", "visa"])] == [
        p.label for p in result.bundle.predict(["pizza", "visa"])
    ]


def test_public_names_all_load():
    for name in loanword.__all__:
        assert getattr(loanword, name) is not None
    assert set(loanword.__all__) <= set(dir(loanword))


def test_check_estimates_before_anything_starts(toy_recipe):
    findings, cost = loanword.check(toy_recipe("bert"))
    assert cost.steps >= 1
    assert all(item.severity in ("error", "warning", "info") for item in findings)
