"""Comparisons of signed numbers."""

from __future__ import annotations

from xdsl.ir import SSAValue

from e3ne.dialects.rtl.builder import ModuleBuilder, width_of


def less(m: ModuleBuilder, left: SSAValue, right: SSAValue) -> SSAValue:
    """Whether one signed number is less than another of its width.

    As unsigned numbers with inverted signs: what synthesis makes of a signed comparison looks at the last two carries,
    and where a carry leaves it (ECP5) a chain is cut in two.
    """
    return m.ult(_biased(m, left), _biased(m, right))


def _biased(m: ModuleBuilder, value: SSAValue) -> SSAValue:
    """The number above the least one of its width."""
    bits = width_of(value)
    sign = m.not_(m.extract(value, bits - 1))
    return m.concat(sign, m.extract(value, 0, bits - 1)) if bits > 1 else sign
