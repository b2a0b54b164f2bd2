"""Files that are no NIR, hold what no exporter writes, or have damaged bytes: always one message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking import nir_reader, nir_source
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.nir_writer import write_nir
from e3ne.frontends.spiking.reference import simulate
from tests.frontends.spiking.files import CHAIN, EDGES, everything, h5py, problems, write


def test_files_that_are_no_nir(tmp_path: Path) -> None:
    path = tmp_path / "bad.nir"
    assert "does not exist" in problems(path)
    path.write_bytes(b"not HDF5")
    assert "not a readable HDF5 file" in problems(path)
    whole = write(path, CHAIN, EDGES).read_bytes()
    for part in (1, 5, 15):
        path.write_bytes(whole[: len(whole) * part // 16])
        assert "not a readable HDF5 file" in problems(path)
    with h5py.File(path, "w") as file:
        file["data"] = 1
    assert "holds no NIR graph" in problems(path)


DAMAGE = [
    *(np.array([]), np.array(0), np.array([np.nan]), -np.ones(4), np.ones((4, 4)), "text", np.ones(1, complex)),
    *(np.array(10**18), np.array([-1, 2]), np.zeros((2, 0)), np.array([True]), np.array(1e300), h5py.Empty("f4")),
    np.array(["a", "b"], dtype=h5py.string_dtype()),
]


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("own", [False, True])
def test_any_field_may_be_anything(own: bool, tmp_path: Path) -> None:
    """Fields taken away, put elsewhere or replaced: a network, or a message."""
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    if own:
        pytest.importorskip("nir")
        write_nir(everything(), path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(50):
        path.write_bytes(whole)
        with h5py.File(path, "a") as file:
            names: list[str] = []
            file.visit(names.append)
            name = names[random.integers(1, len(names))]
            match random.integers(3):
                case 0:
                    file.move(name, f"{name}x")
                case 1:
                    del file[name]
                case _:
                    del file[name]
                    file[name] = DAMAGE[random.integers(len(DAMAGE))]
        try:
            network = read_nir(path, "literal")
            simulate(network, np.ones((1, 2, *network.input_shape)))
        except E3neError:
            refused += 1
    assert 20 < refused < 50


def test_groups_that_hold_one_another_in_a_circle(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif/again"] = file["node"]
    assert "nested more than" in problems(path)


def test_links_and_great_sizes_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif/extra"] = h5py.ExternalLink("other.h5", "/secret")
    assert "is a link to somewhere else" in problems(path)
    path = write(tmp_path / "big.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif"].create_dataset("w_in", shape=(2**40,), chunks=(2**20,), dtype="f4")
    assert "MiB" in problems(path)


def outcome(path: Path) -> str:
    try:
        read_nir(path, "snntorch")
    except E3neError as error:
        return str(error)
    return ""


def test_damaged_bytes(tmp_path: Path) -> None:
    """Bits that are turned round, or blocks that are missing: a network, or a message about the file."""
    path = tmp_path / "bad.nir"
    whole = write(path, CHAIN, EDGES).read_bytes()
    messages: list[str] = []
    for seed in range(12):
        rng, data = np.random.default_rng(seed), bytearray(whole)
        if seed % 3:
            for place in rng.integers(0, len(data), 4 * (seed % 3) - 3):
                data[place] ^= 1 << int(rng.integers(8))
        else:
            start = int(rng.integers(8, len(data) - 512))
            del data[start : start + 512]
        path.write_bytes(data)
        messages.append(outcome(path))
    told = [message for message in messages if message]
    assert 4 < len(told) < len(messages)
    assert all(message.startswith(f"NIR file '{path}' ") for message in told)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "is damaged: reading it ended the HDF5 library (Segmentation fault)"),
        ("import os; os.abort()", "is damaged: reading it ended the HDF5 library (Aborted)"),
        ("all(zero == 0 for zero in iter(int, 1))", "is damaged: reading it takes more than 1 seconds"),
        ("import time; time.sleep(60)", "is damaged: reading it takes more than 1 seconds"),
        ("raise ImportError('no HDF5 here')", "cannot be read: ImportError: no HDF5 here"),
    ],
)
def test_the_end_of_the_reader_is_not_ours(
    program: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "bad.nir", CHAIN, EDGES)
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 3)); {program}"
    monkeypatch.setattr(nir_source, "READER", (sys.executable, "-c", limited))
    monkeypatch.setattr(nir_source, "MOST_SECONDS", 1)
    assert problems(path) == f"NIR file '{path}' {message}"


def test_memory_is_limited(tmp_path: Path) -> None:
    """In a process of its own, which gets less than the data take."""
    path = write(tmp_path / "big.nir", CHAIN, EDGES)
    with h5py.File(path, "a") as file:
        file["node/nodes/lif"].create_dataset("w_in", shape=(2**28,), chunks=(2**20,), dtype="f4")
    program = f"import sys; sys.argv = ['', {str(path)!r}]; from e3ne.frontends.spiking import nir_reader as r; "
    program += "import h5py; r._MOST_MEMORY = 2**30; sys.exit(r.main())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (nir_reader.REFUSED, b"takes more than 1 GiB of memory to read")


def test_modules_of_users_are_not_taken_for_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "net.nir", CHAIN, EDGES)
    (tmp_path / "numpy.py").write_text("raise RuntimeError('this is no NumPy')")
    monkeypatch.chdir(tmp_path)
    assert len(read_nir(path, "snntorch").nodes) == 2
