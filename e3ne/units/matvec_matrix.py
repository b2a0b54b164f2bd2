"""A matrix of weights as a key, and what it comes to for a folding: planned once, however often it is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects.dataflow import MatvecOp
from e3ne.dialects.parameter import find_parameter, parameter_array
from e3ne.units.drive import DriveShape
from e3ne.units.matvec_adder import weight_bits, weight_range, weight_words
from e3ne.units.matvec_event import event_rows
from e3ne.units.synapses import Fold, Integers
from e3ne.units.table_plan import TableBits, table_plan


@dataclass(frozen=True)
class Matrix:
    """The matrix of weights of a unit as a key: equal contents, equal keys. `weights` are in their container type."""

    digest: bytes
    weights: NDArray[np.signedinteger] = field(compare=False)

    @staticmethod
    def of(op: MatvecOp) -> Matrix:
        """The weights of a unit."""
        weights = parameter_array(find_parameter(op, op.weights))
        assert np.issubdtype(weights.dtype, np.signedinteger)
        # The array is a view of immutable bytes, which know their hash.
        content = weights.base
        while isinstance(content, np.ndarray):
            content = content.base
        assert isinstance(content, bytes)
        return _matrix(content, weights.shape, weights.dtype.str)

    @cached_property
    def range(self) -> tuple[int, int]:
        """The least and the greatest weight, zero included."""
        return weight_range(self.weights)

    def integers(self) -> Integers:
        """The weights to compute with."""
        return self.weights.astype(np.int64)


@lru_cache(maxsize=64)
def _matrix(content: bytes, shape: tuple[int, ...], dtype: str) -> Matrix:
    digest = blake2b(content, digest_size=16)
    digest.update(str((shape, dtype)).encode())
    return Matrix(digest.digest(), np.frombuffer(content, np.dtype(dtype)).reshape(shape))


@lru_cache(maxsize=4096)
def table_plan_of(
    matrix: Matrix, fold: Fold, outputs: int, lanes: int, parallel: int, multiple: int, bits: int, lut_inputs: int
) -> tuple[DriveShape, TableBits]:
    """The plan of the tables for a folding, once for each."""
    return table_plan(fold.lane_weights(matrix.integers(), outputs, lanes, parallel), multiple, bits, lut_inputs)


CHOSEN = 0.4
"""LUTs for each table of 64 words that choose among more than four: up to four, multiplexers between LUTs do."""


@dataclass(frozen=True)
class Rom:
    """A memory of weights: bits of a word that vary; as logic the different tables of 64 words, and what chooses.

    `different` columns are not equal to another one, `selected` not to another one of the same input.
    """

    varying: int
    tables: int
    multiplexed: int
    different: int
    selected: int


@lru_cache(maxsize=4096)
def rom_of(matrix: Matrix, fold: Fold, outputs: int, lanes: int, block: bool) -> Rom:
    """What the memory of weights comes to."""
    words = weight_words(matrix.integers(), fold, outputs, lanes)
    return _rom(words, weight_bits(*weight_range(matrix.weights)), lanes, block)


@lru_cache(maxsize=4096)
def rows_of(matrix: Matrix, groups: int, block: bool) -> Rom:
    """What the memory comes to that has a word for each input: its weights for a group of outputs."""
    words = event_rows(matrix.integers(), groups)
    return _rom(words, weight_bits(*weight_range(matrix.weights)), 1, block)


def _rom(words: Integers, bits: int, lanes: int, block: bool) -> Rom:
    """A memory of words of weights, shape (words, weights)."""
    changes = np.bitwise_or.reduce(words ^ words[:1], axis=0)
    varies = ((changes[:, None] >> np.arange(bits)) & 1).astype(bool).reshape(-1)
    varying = int(varies.sum())
    if block:
        # Nobody sees that two bits of a block memory are always equal.
        return Rom(varying, 0, 0, varying, varying)
    columns = ((words[:, :, None] >> np.arange(bits)) & 1).astype(np.uint8).reshape(len(words), -1)[:, varies]
    depth = max(64, 1 << (len(words) - 1).bit_length())
    padded = np.zeros((varying, depth), dtype=np.uint8)
    padded[:, : len(words)] = columns.T
    blocks = np.packbits(padded.reshape(-1, 64), axis=1)
    constant = (blocks == blocks[:, :1]).all(axis=1) & ((blocks[:, 0] == 0) | (blocks[:, 0] == 255))
    packed = np.packbits(padded, axis=1)
    lane = (np.flatnonzero(varies) // bits % lanes).astype(np.uint16)
    by_lane = np.concatenate([lane[:, None].view(np.uint8), packed], axis=1)
    multiplexed = round(CHOSEN * varying * -(-len(words) // 64)) if len(words) > 256 else 0
    return Rom(varying, _different(blocks[~constant]), multiplexed, _different(packed), _different(by_lane))


def _different(rows: NDArray[np.uint8]) -> int:
    """How many rows of bytes are not equal to another one, by their sums with random factors where they are long."""
    count, width = rows.shape
    padded = np.zeros((count, -(-width // 8) * 8), dtype=np.uint8)
    padded[:, :width] = rows
    words = padded.view(np.uint64)
    sums = words[:, 0] if words.shape[1] == 1 else (words * _factors(words.shape[1])).sum(axis=1, dtype=np.uint64)
    return len(np.unique(sums))


@lru_cache(maxsize=64)
def _factors(count: int) -> NDArray[np.uint64]:
    """Odd numbers of 64 bits: two different rows have one sum once in 2^63 times."""
    return np.random.default_rng(count).integers(1 << 64, size=count, dtype=np.uint64) | np.uint64(1)
