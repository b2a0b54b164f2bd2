import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import accuracy
from benchmarks.accuracy_study import Precision, Recipe, Score, Study, mean, resume
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.models import fashion_mnist, mnist, training, tune
from e3ne.models.labelled_images import LabelledImages
from e3ne.semantics.snn import run_network

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = Recipe("lenet5", "digits", 1, 1, training.Augmentation())
W3T4, W2T3 = Precision(3, 4), Precision(2, 3)


def few(split: int) -> tuple[LabelledImages, LabelledImages]:
    images, unseen = mnist.split(split)
    return images[:200], unseen[:300]


def never(split: int) -> tuple[LabelledImages, LabelledImages]:
    raise AssertionError(f"split {split} is measured again")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two splits: both float networks and one integer network of the first."""
    folder = tmp_path_factory.mktemp("accuracy") / "study"
    torch.set_num_threads(1)
    study = resume(folder, RECIPE, few)
    study.measure_float(0)
    study.measure_float(1)
    study.measure_integer(W3T4, 0)
    return folder


def test_scores_are_those_of_the_networks_that_are_kept(folder: Path) -> None:
    study, (_, unseen) = resume(folder, RECIPE, never), few(0)
    share = training.accuracy(study.float_network(0), unseen.images, unseen.labels)
    assert study.floats[0].right == round(share * 300)
    assert study.floats[0].images == 300
    module = load_model(str(folder / "split0_w3_t4.mlir"), None)
    classes = run_network(tune.quantised(module), unseen.images).outputs[0].argmax(axis=1)
    assert study.integers["w3t4", 0].right == np.count_nonzero(classes == unseen.labels)
    assert study.integers["w3t4", 0].images == 300


def test_splits_give_networks_of_their_own(folder: Path) -> None:
    study = resume(folder, RECIPE, never)
    first, second = (dict(study.float_network(split).named_parameters()) for split in (0, 1))
    assert not torch.equal(first["conv1.weight"], second["conv1.weight"])


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    study = resume(folder, RECIPE, never)
    assert set(study.floats) == {0, 1}
    assert study.measure_float(1) == study.floats[1]
    assert study.measure_integer(W3T4, 0) == study.integers["w3t4", 0]
    with pytest.raises(AssertionError, match="split 0 is measured again"):
        study.measure_integer(W2T3, 0)


def test_an_interrupted_item_is_measured_from_its_beginning(tmp_path: Path) -> None:
    study = resume(tmp_path, RECIPE, never)
    with pytest.raises(AssertionError):
        study.measure_integer(W3T4, 0)
    assert not resume(tmp_path, RECIPE, few).floats
    study.floats[0] = Score(1, 2, 0.0)
    study.save()
    with pytest.raises(AssertionError, match="measured again"):
        resume(tmp_path, RECIPE, never).measure_float(0)  # its weights are not there


def test_a_folder_of_another_recipe_is_refused(folder: Path) -> None:
    with pytest.raises(E3neError, match="another data, epochs: choose another folder"):
        resume(folder, Recipe("lenet5", "fashion-mnist", 1, 2, training.Augmentation()), never)
    with pytest.raises(E3neError, match="another augmentation"):
        resume(folder, Recipe("lenet5", "digits", 1, 1, None), never)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema": 2}', '{"schema": 1, "recipe": {}}'])
def test_a_damaged_state_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "accuracy.json").write_text(text)
    with pytest.raises(E3neError, match=r"accuracy\.json|another network"):
        resume(tmp_path, RECIPE, never)


DAMAGES: dict[str, tuple[str, str, dict[str, object]]] = {
    "no images": ("float", "0", {"images": 0, "right": 0}),
    "more right ones than images": ("float", "0", {"right": 301}),
    "negative": ("float", "0", {"right": -1}),
    "text": ("float", "0", {"right": "a"}),
    "a fraction": ("float", "0", {"right": 1.5}),
    "a truth": ("float", "0", {"right": True}),
    "no seconds": ("float", "0", {"seconds": None}),
    "endless": ("float", "0", {"seconds": float("nan")}),
    "calibrated": ("integer", "w3t4 0", {"calibrated": 301}),
    "not calibrated": ("integer", "w3t4 0", {"calibrated": None}),
    "another field": ("float", "0", {"left": 3}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_scores_that_are_none_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    form, key, change = DAMAGES[name]
    content = json.loads((folder / "accuracy.json").read_text())
    content[form][key] |= change
    (tmp_path / "accuracy.json").write_text(json.dumps(content))
    with pytest.raises(E3neError, match=r"accuracy\.json"):
        resume(tmp_path, RECIPE, never)


@pytest.mark.parametrize("key", ["w3t4 2", "w3t4 -1", "w3t4 ²", "w3t4", "w3 0", "tiny 0"])
def test_integer_scores_without_their_float_network_are_refused(folder: Path, tmp_path: Path, key: str) -> None:
    content = json.loads((folder / "accuracy.json").read_text())
    content["integer"][key] = content["integer"]["w3t4 0"]
    (tmp_path / "accuracy.json").write_text(json.dumps(content))
    with pytest.raises(E3neError, match=r"accuracy\.json"):
        resume(tmp_path, RECIPE, never)


def test_table_has_means_over_the_splits_that_are_done() -> None:
    study = Study(Path("nowhere"), RECIPE, never)
    study.floats = {0: Score(90, 100, 1.0), 1: Score(80, 100, 1.0)}
    study.integers = {
        ("w3t4", 0): Score(91, 100, 1.0, 50),
        ("w3t4", 1): Score(78, 100, 1.0, 60),
        ("w2t3", 1): Score(75, 100, 1.0, 10),
    }
    assert mean(list(study.floats.values())) == 85
    columns = [list(column.cells) for column in accuracy.table(study, [W3T4, W2T3, Precision(2, 2)], 2).columns]
    rows = [tuple(row) for row in zip(*columns, strict=True)]
    assert rows == [
        ("float", "", "85.00", "", "", "90.00", "80.00"),
        ("3", "4", "84.50", "-0.50", "55.00", "91.00", "78.00"),
        ("2", "3", "75.00", "-5.00", "10.00", "", "75.00"),
        ("2", "2", "", "", "", "", ""),
    ]


def test_command_measures_what_is_missing_and_prints_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loads: list[int] = []

    def load(split: int) -> tuple[LabelledImages, LabelledImages]:
        loads.append(split)
        return few(split)

    data = accuracy.Data(load, 5, 1, "w3t4", 1, 1, None)
    monkeypatch.setitem(accuracy.DATA, "digits", data)
    options = ["-o", str(tmp_path)]
    assert accuracy.main(options) == 0
    assert loads == [0, 0]
    assert accuracy.main([*options, "--precisions", "w3t4, W3T3"]) == 0
    assert loads == [0, 0, 0]
    assert "lenet5 on digits" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "accuracy.json").read_text())["integer"]) == ["w3t4 0", "w3t3 0"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--splits", "6"], "--splits is 6; digits has 1 to 5"),
        (["--splits", "0"], "--splits is 0"),
        (["--data", "fashion-mnist", "--splits", "2"], "--splits is 2; fashion-mnist has 1 to 1"),
        (["--precisions", "w3t4,w1t3"], "--precisions has 'w1t3'; wWtT is needed"),
        (["--epochs", "0"], "--epochs is 0"),
        (["--float-epochs", "-1"], "--float-epochs is -1"),
        (["--network", "vgg"], "no reference network 'vgg'"),
    ],
)
def test_wrong_options_end_with_2_and_one_message(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy.main([*options, "-o", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


def test_absent_fashion_mnist_is_told_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fashion_mnist.VARIABLE, str(tmp_path))
    assert accuracy.main(["--data", "fashion-mnist", "-o", str(tmp_path / "out")]) == 2
    assert "apt-get install dataset-fashion-mnist" in capsys.readouterr().err
