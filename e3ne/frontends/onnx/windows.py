"""The windows of convolutions and pools: ONNX' padding, automatic padding and rounding of sizes as one `Window`."""

from __future__ import annotations

from e3ne.dialects.snn import Window
from e3ne.errors import E3neError
from e3ne.frontends.onnx.arguments import Arguments, normalised_axes
from e3ne.frontends.onnx.description import Pad

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def conv_window(arguments: Arguments, kernel: Pair, size: Pair) -> Window:
    """Of a convolution over maps of `size`; raises `E3neError` if it does not fit."""
    if "kernel_shape" in arguments.node.attributes:
        found = _pair(arguments, "kernel_shape", (1, 1), 1)
        if found != kernel:
            raise E3neError(f"its kernel_shape is {list(found)}, but its weights are {kernel[0]}x{kernel[1]}")
    window = _window(arguments, kernel, size)
    return _fitting(window, size)


def pool_window(arguments: Arguments, kind: str, size: Pair) -> Window:
    """Of a pool over maps of `size`, with what ceil_mode adds as padding at the bottom and right."""
    if "kernel_shape" not in arguments.node.attributes:
        raise E3neError("it has no kernel_shape")
    window = _window(arguments, _pair(arguments, "kernel_shape", (1, 1), 1), size)
    if kind != "max" and any(window.padding) and not arguments.integer("count_include_pad", 0):
        raise E3neError("padding that is not counted averages windows over different numbers of elements")
    if kind != "max" and window.dilation != (1, 1):
        raise E3neError("dilated average pools are not supported")
    if arguments.integer("ceil_mode", 0):
        more = _missing(window, size)
        if kind != "max" and any(more):
            raise E3neError("ceil_mode averages windows that reach beyond the padded map over fewer elements")
        top, left, bottom, right = window.padding
        window = Window(window.kernel, window.stride, (top, left, bottom + more[0], right + more[1]), window.dilation)
    _fitting(window, size)
    if kind == "max" and window.padding_only(*size):
        raise E3neError("one of its windows lies in the padding alone")
    return window


def pad_sizes(arguments: Arguments) -> Pad:
    """Of a Pad node on images with channels; raises `E3neError` for anything but zeros around a map."""
    if arguments.text("mode", "constant") != "constant":
        raise E3neError("only padding with zeros is supported")
    value = arguments.optional(2, "value")
    filled = arguments.real("value", 0) if value is None else float(value.reals().reshape(-1)[0])
    if filled:
        raise E3neError(f"it pads with {filled}; only padding with zeros is supported")
    given = arguments.numbers(1, "pads") or ()
    if arguments.has(3):
        axes = arguments.numbers(3, "axes") or ()
        if len(given) != 2 * len(axes):
            raise E3neError(f"its pads are {list(given)}, which do not fit its axes {list(axes)}")
        spread = [0] * 8
        for place, axis in enumerate(normalised_axes(axes, 4)):
            spread[axis], spread[4 + axis] = given[place], given[len(axes) + place]
        given = tuple(spread)
    if len(given) != 8 or min(given) < 0 or any(given[place] for place in (0, 1, 4, 5)):
        raise E3neError(f"its pads are {list(given)}; only zeros around height and width are added")
    return Pad((given[2], given[3], given[6], given[7]))


def _window(arguments: Arguments, kernel: Pair, size: Pair) -> Window:
    stride, dilation = _pair(arguments, "strides", (1, 1), 1), _pair(arguments, "dilations", (1, 1), 1)
    window = Window(kernel, stride, (0, 0, 0, 0), dilation)
    return Window(kernel, stride, _padding(arguments, window, size), dilation)


def _padding(arguments: Arguments, window: Window, size: Pair) -> Padding:
    top, left, bottom, right = arguments.integers("pads", (0, 0, 0, 0), 4, 0)
    automatic = arguments.text("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return (top, left, bottom, right)
    if automatic == "VALID":
        return (0, 0, 0, 0)
    if automatic not in ("SAME_UPPER", "SAME_LOWER"):
        raise E3neError(f"its auto_pad is {automatic}")
    # as many positions as strides fit into the map, begun or whole
    total = [
        max(0, (-(-length // step) - 1) * step + extent - length)
        for length, step, extent in zip(size, window.stride, window.extent, strict=True)
    ]
    less, more = [count // 2 for count in total], [count - count // 2 for count in total]
    before, behind = (less, more) if automatic == "SAME_UPPER" else (more, less)
    return (before[0], before[1], behind[0], behind[1])


def _missing(window: Window, size: Pair) -> Pair:
    """Rows and columns by which the last window reaches beyond the padded map; none starts in the padding behind it."""
    found: list[int] = []
    for axis in (0, 1):
        before, behind = window.padding[axis], window.padding[2 + axis]
        free = size[axis] + before + behind - window.extent[axis]
        last = -(-free // window.stride[axis])
        if last * window.stride[axis] >= size[axis] + before:
            last -= 1
        found.append(max(0, last * window.stride[axis] - free))
    return (found[0], found[1])


def _fitting(window: Window, size: Pair) -> Window:
    if problems := window.problems(*size):
        raise E3neError("; ".join(problems))
    return window


def _pair(arguments: Arguments, name: str, default: Pair, least: int) -> Pair:
    found = arguments.integers(name, default, 2, least)
    return (found[0], found[1])
