"""NIR files read by this process, where tests are about what is in them and not about damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking import nir_reader, nir_source


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves the start of a process for each file."""

    def read(path: Path) -> nir_source.Tree:
        try:
            tree, arrays = nir_reader.read(path)
        except nir_reader.RefusedError as error:
            raise E3neError(f"NIR file '{path}' {error}") from error
        return nir_source.unpacked(tree, {str(number): array for number, array in enumerate(arrays)})

    monkeypatch.setattr(nir_source, "_read", read)
