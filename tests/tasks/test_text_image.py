import numpy as np
import pytest
from tests.encoders import duals
from tests.encoders.sentences import MACHINE, write

from loanword.config import EncoderSettings
from loanword.data.read import read
from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.errors import ConfigError, ModelError, UsageError
from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import TASKS
from loanword.tasks.text_image import TextImage


@pytest.fixture
def captions(tmp_path, sentences):
    """Ten captions of five images, two each, in a file beside them."""
    images = duals.pictures(tmp_path, 5)
    rows = [f"{text}\t{images[row // 2].name}" for row, text in enumerate(sentences["ru"])]
    (tmp_path / "ru.tsv").write_text("\n".join(["text\timage", *rows]) + "\n", encoding="utf-8")
    return tmp_path / "ru.tsv", images


def by_hand(texts, images, scoring):
    cosine = texts.astype(float) @ images.T.astype(float)
    near = [np.sort(part, axis=1)[:, ::-1][:, :10].mean(1) for part in (cosine, cosine.T)]
    return 2 * cosine - near[0][:, None] - near[1][None, :] if scoring == "csls" else cosine


@pytest.mark.parametrize("kind", duals.KINDS)
@pytest.mark.parametrize("scoring", ["cosine", "csls"])
def test_accuracy_is_that_of_brute_force_in_both_directions(kind, scoring, tiny_dual, captions, sentences):
    path, images = captions
    table = read(path, language="ru", shape=TextImage.columns)
    assert table.pair == [str(images[row // 2]) for row in range(10)]
    bundle = Bundle.untrained(tiny_dual(kind), task="text-image", options={"scoring": scoring}, hardware=MACHINE)
    found = bundle.answer(list(table))

    scores = by_hand(*duals.vectors(tiny_dual(kind), list(sentences["ru"]), images), scoring)
    own = np.arange(10) // 2
    ranks = (scores > scores[np.arange(10), own][:, None]).sum(1)
    best = np.array([scores[own == image, image].max() for image in range(5)])
    back = np.array([(scores[own != image, image] > best[image]).sum() for image in range(5)])
    assert [item.ranks for item in found] == [(ranks[row], back[own[row]]) for row in range(10)]
    assert [item.label for item in found] == [str(images[image]) for image in scores.argmax(1)]
    metric, task = METRICS.get("retrieval-accuracy"), bundle.task
    expected = {"text_to_image": (ranks == 0).mean(), "image_to_text": (back[own] == 0).mean()}
    assert task.breakdown(found, list(table)) == expected
    assert metric.reduce(metric.rows(found, task.references(list(table)))) == sum(expected.values()) / 2


def test_texts_by_one_model_and_images_by_another(tiny_dual, tiny_folder, captions, sentences, tmp_path):
    """As clip-ViT-B-32-multilingual: a model of sentences with a layer into the space of images."""

    def dense():
        from sentence_transformers.base.modules import Dense

        return Dense(32, 16)

    path, images = captions
    texts = write(tiny_folder("xlm-roberta"), tmp_path / "texts", after=(dense,))
    options = {"images": str(tiny_dual("clip"))}
    bundle = Bundle.untrained(texts, task="text-image", options=options, hardware=MACHINE)
    found = bundle.answer(list(read(path, language="ru", shape=TextImage.columns)))
    _, right = duals.vectors(tiny_dual("clip"), ["a"], images)
    assert [item.label for item in found] == [
        str(images[place]) for place in (bundle.embed(list(sentences["ru"])) @ right.T).argmax(1)
    ]

    with pytest.raises(UsageError, match=r"is a model of texts alone; name the one of images: --set task_options"):
        Bundle.untrained(texts, task="text-image")
    other = Bundle.untrained(tiny_folder("bert"), task="text-image", options=options, hardware=MACHINE)
    with pytest.raises(UsageError, match="texts have 32 numbers, those of images 16: the two models were not made"):
        other.predict(["a"], pairs=[str(images[0])])


def test_an_image_is_read_once_for_all_languages(tiny_dual, captions, monkeypatch):
    _, images = captions
    bundle = Bundle.untrained(tiny_dual("siglip"), task="text-image", hardware=MACHINE)
    asked = []
    real = bundle.task.tower.embed
    monkeypatch.setattr(bundle.task.tower, "embed", lambda paths: asked.extend(paths) or real(paths))
    for tag in ("ru", "zh"):
        rows = [Record("a b", tag, pair=str(images[row])) for row in (0, 1, 1)]
        assert [item.ranks[0] for item in bundle.answer(rows)] in ([0, 1, 1], [1, 0, 0])
    assert asked == [str(images[0]), str(images[1])]
    assert bundle.task.decode([], [], [], None) == []


def test_it_is_never_trained(tiny_dual, toy_recipe):
    from loanword.encoders.load import load
    from loanword.preflight import expect_sound

    with pytest.raises(
        ConfigError, match="text-image is for models as they come, and not trained: loanword evaluate MODEL --task"
    ):
        expect_sound(toy_recipe("bert", task="text-image"))
    with pytest.raises(ModelError, match="is a model of texts and images, which is measured here and not trained"):
        load(str(tiny_dual("clip")))


def test_settings_come_back_from_a_bundle():
    task = TASKS.get("text-image").from_state(TextImage(scoring="margin", images="org/clip").state())
    assert (task.scoring, task.images) == ("margin", "org/clip")
    with pytest.raises(UsageError, match="unknown scoring"):
        TextImage(scoring="dot")


def test_other_tasks_take_the_tower_of_texts_too(tiny_dual, sentences, tmp_path):
    bundle = Bundle.untrained(
        tiny_dual("clip"), task="similarity", encoder=EncoderSettings(prefix="photo: "), hardware=MACHINE
    )
    images = duals.pictures(tmp_path, 1)
    expected, _ = duals.vectors(tiny_dual("clip"), [f"photo: {text}" for text in sentences["en"]], images)
    np.testing.assert_allclose(bundle.embed(list(sentences["en"])), expected, atol=1e-6)
    with pytest.raises(UsageError, match="copy the folder that it came from"):
        bundle.save_pretrained(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["0.png"]
    with pytest.raises(UsageError, match="has a pooling of its own, to which its images were fitted; leave 'cls' out"):
        Bundle.untrained(tiny_dual("clip"), task="similarity", encoder=EncoderSettings(pooling="cls"))


def test_it_cannot_be_explained(tiny_dual, captions):
    bundle = Bundle.untrained(tiny_dual(duals.KINDS[0]), task="text-image", hardware=MACHINE)
    with pytest.raises(UsageError, match="text-image cannot be explained"):
        bundle.explain("чайник", pair=str(captions[1][0]), language="ru")
