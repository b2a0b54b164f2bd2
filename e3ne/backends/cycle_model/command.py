"""The command line of the stand-alone cycle model. NumPy alone: this module is printed into it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import Cycles
from e3ne.errors import E3neError
from e3ne.semantics.plan import INPUT, OUTPUT, Plan
from e3ne.units.layout import Values


def read_images(path: Path, shape: tuple[int, ...], count: int) -> NDArray[np.floating]:
    """Images (N, C, H, W) of 0 … 1 from an .npy, or the array `x` of an .npz; bytes count as 0 … 255.

    With a shape (T, C, H, W) it is numbers of spikes, (N, T, C, H, W). Raises E3neError, which does not name the file,
    when it does not hold what the network takes.
    """
    try:
        with path.open("rb") as file:
            loaded: NDArray[np.generic] | Mapping[str, NDArray[np.generic]] = np.load(file, allow_pickle=False)
            data = loaded if isinstance(loaded, np.ndarray) else loaded["x"]
    except Exception as error:  # NumPy raises many kinds for a file that is not one of its own
        raise E3neError(f"not an .npy file, or an .npz file with an array x ({error})") from None
    if data.dtype.kind not in "fuib":
        raise E3neError(f"the array holds {data.dtype}, not numbers")
    if data.ndim == 3 and shape[0] == 1:
        data = data[:, None]
    if data.ndim == 3 and len(shape) == 4:
        data = data[..., None, None]
    if data.shape[1:] != shape:
        raise E3neError(f"images of shape {data.shape[1:]}, but the network takes {shape}")
    if not len(data):
        raise E3neError("there are no images")
    if len(shape) == 4:
        return data[:count].astype(np.float64)
    bytes_given = data.dtype == np.uint8
    images = data[:count].astype(np.float64) / (255 if bytes_given else 1)
    if not (bytes_given or data.dtype.kind == "f") or not ((images >= 0) & (images <= 1)).all():
        raise E3neError("the images must hold floats in 0 to 1, or bytes")
    return images


def traces(plan: Plan, bits: Values, gaps: Cycles | None = None, stalls: Cycles | None = None) -> dict[str, Values]:
    """For every stream `<name>.transfers` (images, beats) and `<name>.values` (images, beats, elements).

    `bits` are those of the input bus, as of `Plan.pack`.
    """
    values = plan.run(bits)
    schedule = plan.schedule(len(bits), gaps, stalls, values)
    found: dict[str, Values] = {}
    for name in (INPUT, *(stream.name for stream in plan.streams), OUTPUT):
        found[f"{name}.transfers"] = schedule.times[name]
        found[f"{name}.values"] = values[name]
    return found


def _measured(plan: Plan, bits: Values) -> str:
    """What these images need, where that depends on them."""
    cycles = plan.measure(plan.run(bits))
    interval = "" if cycles.interval is None else f", interval {cycles.interval:.1f} on average"
    return (
        f"on these images: latency {cycles.latency:.1f} cycles on average, {cycles.largest_latency} at most{interval}"
    )


def main(plan: Plan, arguments: Sequence[str] | None = None) -> int:
    """Runs the model on images and prints what each stream does; exit status 2 for a user's mistake."""
    parser = argparse.ArgumentParser(description=f"Cycle model of {plan.name}: every beat's cycle and value.")
    parser.add_argument("data", nargs="?", type=Path, help="images, .npy or .npz with x, 0 to 1; random if left out")
    parser.add_argument("--count", type=int, default=16, help="how many images (default 16)")
    parser.add_argument("-o", "--output", type=Path, help="write all transfers and values to this .npz")
    options = parser.parse_args(arguments)
    if options.output is not None and not options.output.resolve().parent.is_dir():
        parser.error(f"{options.output}: there is no such folder")
    if options.count < 1:
        parser.error("--count must be at least 1")
    if options.data is None:
        images = np.random.default_rng(0).random((options.count, *plan.data_shape))
        bits = plan.pack(np.rint(images) if plan.input_frames else images)
    else:
        try:
            bits = plan.pack(read_images(options.data, plan.data_shape, options.count))
        except E3neError as error:
            parser.error(f"{options.data}: {error}")
    found = traces(plan, bits)
    interval, latency = plan.speed()
    most = "at most " if plan.is_data_dependent else ""
    print(f"{plan.name}: {len(bits)} images, latency {most}{latency} cycles, interval {most}{interval} cycles")
    if plan.is_data_dependent:
        print(_measured(plan, bits))
    print(f"{'stream':28} {'beats':>8} {'bits':>6} {'first':>8} {'last':>8}   (cycles of image 0)")
    for stream in plan.streams:
        times = found[f"{stream.name}.transfers"][0]
        print(f"{stream.name:28} {stream.beats:8} {stream.width:6} {times[0]:8} {times[-1]:8}")
    for number, result in enumerate(found[f"{OUTPUT}.values"]):
        print(f"image {number}: {' '.join(str(value) for value in result.reshape(-1))}")
    if options.output is not None:
        np.savez_compressed(options.output, **found)  # pyright: ignore[reportArgumentType]
    sys.stdout.flush()
    return 0
