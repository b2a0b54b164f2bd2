from pathlib import Path

import numpy as np
import pytest

from e3ne.dialects.snn import RadixAttr, find_network
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.models import tune, zoo
from e3ne.models.labelled_images import LabelledImages
from e3ne.semantics.snn import run_network


@pytest.mark.parametrize(
    ("name", "weight_bits", "steps", "least"),
    [("lenet5", 3, 4, 0.985), ("lenet5", 3, 3, 0.983), ("lenet5", 2, 3, 0.983), ("fang", 4, 4, 0.987)],
)
def test_accuracy_of_the_networks_that_come_with_the_project(
    name: str, weight_bits: int, steps: int, least: float, test_digits: LabelledImages
) -> None:
    path = zoo.tuned(name, weight_bits, steps)
    assert path is not None
    assert path.stat().st_size < 20_000
    module = load_model(str(path), zoo.get(name).input_shape)
    assert find_network(module).input_encoding == RadixAttr.of(steps)
    assert tune.integer_accuracy(module, test_digits) >= least


def test_there_is_no_tuned_network_at_other_precisions() -> None:
    assert zoo.tuned("lenet5", 7, 7) is None
    assert zoo.tuned("resnet", 3, 4) is None


def test_command_writes_what_it_measures(
    tmp_path: Path,
    training_digits: LabelledImages,
    test_digits: LabelledImages,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    few, unseen = training_digits[:200], test_digits[:300]
    monkeypatch.setattr(tune.mnist, "train", lambda: few)
    monkeypatch.setattr(tune.mnist, "test", lambda: unseen)
    arguments = ["tune", "lenet5", "--weight-bits", "3", "--steps", "4", "--epochs", "1", "-o", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert tune.main() == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lenet5_w3_t4.mlir", "lenet5_w3_t4.safetensors"]
    written = load_model(str(tmp_path / "lenet5_w3_t4.mlir"), None)
    _, expected = tune.tune(load_model("lenet5", None), tune.Settings(weight_bits=3, steps=4, epochs=1), few)
    scores, wanted = (run_network(tune.quantised(module), unseen.images).outputs[0] for module in (written, expected))
    np.testing.assert_array_equal(scores, wanted)
    share = np.mean(scores.argmax(axis=1) == unseen.labels)
    assert f"integer, fine-tuned: {share:.2%}" in capsys.readouterr().out


def test_command_ends_with_2_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--weight-bits", "3", "--steps", "4"]
    monkeypatch.setattr("sys.argv", ["tune", "lenet5", *options, "-o", str(tmp_path / "nowhere")])
    assert tune.main() == 2
    assert capsys.readouterr().err == f"error: -o {tmp_path / 'nowhere'}: there is no such folder\n"
    monkeypatch.setattr("sys.argv", ["tune", "vgg", *options, "-o", str(tmp_path)])
    assert tune.main() == 2
    assert "there is no reference network 'vgg'" in capsys.readouterr().err


def test_wrong_precision_is_refused_before_training(training_digits: LabelledImages) -> None:
    with pytest.raises(E3neError, match=r"at most 8 bits, those of #snn.radix<9>"):
        tune.tune(load_model("lenet5", None), tune.Settings(weight_bits=3, steps=9), training_digits[:10])
