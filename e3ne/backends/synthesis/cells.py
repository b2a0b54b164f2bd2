"""What each primitive cell of an FPGA family occupies.

`lut` counts every LUT that is used as logic, as RAM or as a shift register. Wide multiplexers (MUXF7 …, PFUMX, L6MUX21)
and the carry chains of AMD devices stand beside the LUTs of a slice and are not counted; Lattice's CCU2C is two LUTs
that also carry. `bram36` counts an 18-kbit block as a half. A cell that is not in the table is an error, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from e3ne.devices.families import Family
from e3ne.errors import E3neError


@dataclass(frozen=True)
class Resources:
    """Primitives of a device: LUTs, flip-flops, 36-kbit block RAMs (18 kbit is a half), UltraRAMs, DSP blocks."""

    lut: int = 0
    ff: int = 0
    bram36: float = 0.0
    uram: int = 0
    dsp: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.lut + other.lut,
            self.ff + other.ff,
            self.bram36 + other.bram36,
            self.uram + other.uram,
            self.dsp + other.dsp,
        )

    def __mul__(self, times: int) -> "Resources":
        return Resources(self.lut * times, self.ff * times, self.bram36 * times, self.uram * times, self.dsp * times)


_FREE = Resources()

# LUTs of AMD's distributed RAMs, in 6-input LUTs (a LUT holds 64×1 or 32×2 bits; every read port is a copy):
# the libraries guides UG953 (7 series) and UG974 (UltraScale).
_AMD_LUT_RAM = {
    "RAM32X1S": 1,
    "RAM32X1D": 2,
    "RAM64X1S": 1,
    "RAM64X1D": 2,
    "RAM128X1S": 2,
    "RAM128X1D": 4,
    "RAM256X1S": 4,
    "RAM256X1D": 8,
    "RAM512X1S": 8,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM32M16": 8,
    "RAM64M8": 8,
}
_AMD_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1")
_AMD_FREE = ("CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9", "IBUF", "OBUF", "BUFG", "VCC", "GND")

_AMD: dict[str, Resources] = {
    **{f"LUT{inputs}": Resources(lut=1) for inputs in range(1, 7)},
    "INV": Resources(lut=1),
    "LUT6_2": Resources(lut=1),
    **{cell: Resources(lut=luts) for cell, luts in _AMD_LUT_RAM.items()},
    "SRL16E": Resources(lut=1),
    "SRLC32E": Resources(lut=1),
    **{cell: Resources(ff=1) for cell in _AMD_FLIP_FLOPS},
    **dict.fromkeys(_AMD_FREE, _FREE),
}

CELLS: Mapping[Family, Mapping[str, Resources]] = {
    "xcup": {
        **_AMD,
        "RAMB18E2": Resources(bram36=0.5),
        "RAMB36E2": Resources(bram36=1.0),
        "URAM288": Resources(uram=1),
        "DSP48E2": Resources(dsp=1),
    },
    "xc7": {
        **_AMD,
        "RAMB18E1": Resources(bram36=0.5),
        "RAMB36E1": Resources(bram36=1.0),
        "DSP48E1": Resources(dsp=1),
    },
    "ecp5": {
        "LUT4": Resources(lut=1),
        "CCU2C": Resources(lut=2),
        # 16×4 bits in four LUTs; the two LUTs of a third slice become its write port and are lost for logic.
        "TRELLIS_DPR16X4": Resources(lut=6),
        "TRELLIS_FF": Resources(ff=1),
        "DP16KD": Resources(bram36=0.5),
        "PDPW16KD": Resources(bram36=0.5),
        "MULT18X18D": Resources(dsp=1),
        **dict.fromkeys(("PFUMX", "L6MUX21", "TRELLIS_IO", "DCCA", "VHI", "VLO"), _FREE),
    },
}


def count_cells(modules: Mapping[str, Mapping[str, int]], top: str, family: Family) -> Resources:
    """What `top` occupies, with all that it instantiates; `modules` holds the cells by type of each module.

    Raises E3neError that names every cell type that is neither a module nor in the family's table.
    """
    table = CELLS[family]
    known: dict[str, Resources] = {}
    unknown: set[str] = set()

    def of(name: str) -> Resources:
        if name not in known:
            total = Resources()
            for cell, count in modules[name].items():
                if cell == "$scopeinfo":  # remembers the hierarchy that was flattened; no hardware
                    continue
                if cell in modules:
                    total += of(cell) * count
                elif cell in table:
                    total += table[cell] * count
                else:
                    unknown.add(cell)
            known[name] = total
        return known[name]

    resources = of(top)
    if unknown:
        raise E3neError(f"module '{top}' has cells of unknown size on {family}: {', '.join(sorted(unknown))}")
    return resources
