"""Address events: what becomes of them, and every mistake in a file of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from e3ne import dataset, event_data
from e3ne.errors import E3neError
from e3ne.event_data import Binning, bin_events

STEPS, WIDTH = 5, 100
SHAPE = (2, 3, 4)
TONIC = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])


def _events(count: int, seed: int = 0) -> np.ndarray:
    """As tonic gives them, of one sample, in any order."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, TONIC)
    events["t"] = rng.integers(1000, 1000 + 7 * WIDTH, count)
    for name, size in (("p", 2), ("y", 3), ("x", 4)):
        events[name] = rng.integers(0, size, count)
    return events


def _one_by_one(events: np.ndarray) -> np.ndarray:
    spikes = np.zeros((STEPS, *SHAPE), np.float32)
    start = min(events["t"], default=0)
    for event in events:
        step = int(event["t"] - start) // WIDTH
        if step < STEPS:
            spikes[step, int(event["p"]), event["y"], event["x"]] += 1
    return spikes


def test_samples_of_events() -> None:
    samples = [_events(60, 1), _events(0), _events(35, 2)]
    counts = np.array([len(sample) for sample in samples])
    arrays = {"events": np.concatenate(samples), "counts": counts, "shape": np.array(SHAPE)}
    spikes, described = bin_events(arrays, Binning(STEPS, WIDTH))
    expected = np.stack([_one_by_one(sample) for sample in samples])
    assert np.array_equal(spikes, expected)
    assert spikes.max() > 1
    assert 40 < spikes.sum() < counts.sum()
    assert described == f"{int(spikes.sum())} of 95 events in 5 steps of 100"


def test_columns_mean_the_same_as_fields() -> None:
    events = _events(50)
    columns = np.stack([events[name].astype(np.int64) for name in ("t", "p", "y", "x")], axis=1)
    first, _ = bin_events({"events": events, "shape": np.array(SHAPE)}, Binning(STEPS, WIDTH))
    second, _ = bin_events({"events": columns, "shape": np.array(SHAPE)}, Binning(STEPS, WIDTH))
    assert first.shape == (1, STEPS, *SHAPE)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("names", ["t,c", "timestamp,polarity"])
def test_fields_that_are_left_out_are_zero(names: str) -> None:
    """A cochlea's channels."""
    events = np.array([(7, 3), (8, 0), (17, 3)], np.dtype([(name, np.int64) for name in names.split(",")]))
    spikes, _ = bin_events({"events": events, "shape": np.array([4, 1, 1])}, Binning(2, 10))
    assert spikes.reshape(2, 4).tolist() == [[1, 0, 0, 1], [0, 0, 0, 1]]


def test_a_file_with_labels(tmp_path: Path) -> None:
    path = tmp_path / "events.npz"
    np.savez(path, events=_events(40), counts=[30, 10], shape=SHAPE, y=[3, 1], sensor="other things are left alone")
    data = dataset.read(path, "--data", Binning(STEPS, WIDTH, is_asked=True))
    assert data.images.shape == (2, STEPS, *SHAPE)
    assert data.time_steps == STEPS
    assert data.labels is not None
    assert data.labels.tolist() == [3, 1]
    assert data.origin.startswith("events.npz, ")


@pytest.mark.parametrize(
    ("changed", "binning", "words"),
    [
        ({}, Binning(), ["address events need --time-steps and --bin-width"]),
        ({}, Binning(STEPS, 0), ["--bin-width"]),
        ({"events": np.zeros((4, 3), np.int64)}, Binning(STEPS, WIDTH), ["int64 of shape (4, 3)", "t, c, y and x"]),
        ({"events": np.zeros((4, 4))}, Binning(STEPS, WIDTH), ["float64 of shape (4, 4)"]),
        ({"events": np.zeros(4, [("x", "i2"), ("y", "i2")])}, Binning(STEPS, WIDTH), ["fields x, y; t (or timestamp)"]),
        ({"events": np.zeros(4, [("t", "f8")])}, Binning(STEPS, WIDTH), ["all of them whole numbers"]),
        ({"shape": None}, Binning(STEPS, WIDTH), ["shape must hold three"]),
        ({"shape": np.array([2, 0, 4])}, Binning(STEPS, WIDTH), ["shape must hold three positive"]),
        ({"shape": np.array([1, 2, 4])}, Binning(STEPS, WIDTH), ["a c outside 0 to 0", "a y outside 0 to 1"]),
        ({"counts": np.array([20, 19])}, Binning(STEPS, WIDTH), ["adds up to 39, but there are 40"]),
        ({"counts": np.array([50, -10])}, Binning(STEPS, WIDTH), ["number of events of each sample"]),
        ({"y": np.array([1, 2])}, Binning(STEPS, WIDTH), ["y must hold 1 integers"]),
        ({"shape": np.array([1, 1, 1])}, Binning(), ["need --time-steps", "a c outside", "a y outside", "a x outside"]),
    ],
)
def test_mistakes(tmp_path: Path, changed: dict[str, object], binning: Binning, words: list[str]) -> None:
    arrays = {"events": _events(40), "shape": np.array(SHAPE), **changed}
    path = tmp_path / "events.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(E3neError) as error:
        dataset.read(path, "--test-data", binning)
    message = str(error.value)
    assert message.startswith(f"--test-data {path}: ")
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def test_sizes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"events": _events(40), "shape": np.array(SHAPE)}
    monkeypatch.setattr(event_data, "MOST_NUMBERS", 119)
    with pytest.raises(E3neError, match=r"1 samples of 5 steps are 120 numbers; at most 119"):
        bin_events(arrays, Binning(STEPS, WIDTH))
    same = {"events": np.zeros((8, 4), np.int64), "shape": np.ones(3, np.int64)}
    monkeypatch.setattr(event_data, "MOST_SPIKES", 7)
    with pytest.raises(E3neError, match="an input has 8 events in a step; at most 7"):
        bin_events(same, Binning(STEPS, WIDTH))


def test_only_events_have_bins(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3, 4)))
    with pytest.raises(E3neError, match="--bin-width is for address events, but there are none"):
        dataset.read(tmp_path / "x.npz", "--data", Binning(STEPS, WIDTH, is_asked=True))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"shape": np.array([1 << 40] * 3)}, "are 6,646,139,978,924,579,364,519,035,301,401,722,880 numbers; at most"),
        ({"events": np.array([-(1 << 63), (1 << 63) - 1], [("t", np.int64)])}, "further apart than 63 bits"),
        ({"events": np.array([1, 1 << 63], [("t", np.uint64)])}, "a t of 9223372036854775808; at most"),
        ({"events": np.zeros(2, [("t", np.int64, (2,))])}, "all of them whole numbers"),
        ({"counts": np.array([1 << 62] * 4 + [2])}, "counts adds up to at least 4,611,686,018,427,387,904, but"),
        ({"counts": np.array([(1 << 64) - 1, 3], np.uint64)}, "counts adds up to at least 18,446,744,073,709,551,615"),
    ],
)
def test_numbers_that_do_not_wrap(arrays: dict[str, np.ndarray], message: str) -> None:
    given = {"events": np.array([3, 5], [("t", np.int64)]), "shape": np.array([1, 1, 1]), **arrays}
    with pytest.raises(E3neError, match=message):
        bin_events(given, Binning(STEPS, WIDTH))
