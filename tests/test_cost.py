from loanword.cost import estimate, measure_rate
from loanword.data.gather import gather
from loanword.data.shapes.labelled_text import LABELLED_TEXT


def test_counts_are_those_of_the_run(toy_recipe):
    recipe = toy_recipe("bert", training={"epochs": 3, "max_steps": 100, "batch_size": 8})
    tables = gather(recipe.data, shape=LABELLED_TEXT, seed=0)
    cost = estimate(recipe, tables)
    rows = sum(len(table) for table in tables["train"].values())
    assert cost.train_rows == rows
    assert cost.steps == recipe.training.planned_steps(-(-rows // 8))
    assert cost.languages == len(tables["test"])
    frozen = estimate(toy_recipe("bert", training={"epochs": 3, "batch_size": 8, "freeze_layers": 2}), tables)
    assert frozen.flops_train < cost.flops_train


def test_the_rate_is_a_real_rate():
    # Ten thousand operations a second would be a broken clock, a petaflop a skipped product.
    assert 1e8 < measure_rate("fp32", device="cpu", size=128, seconds=0.02) < 1e15
