"""`file.py:factory`: code of the user's own, which may fail in any way; it is named when it does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.hostile.case import Arguments, add, compile_

HEAD = "import torch, sys, os, warnings\nwarnings.simplefilter('ignore')\nfrom torch import nn\n"


def _given(text: str, call: str, shape: str, folder: Path) -> Arguments:
    (folder / "net.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    return compile_(f"{folder / 'net.py'}:{call}", "--input-shape", shape)


def _bad(name: str, body: str, *says: str, call: str = "make", shape: str = "1,2,2", head: str = HEAD) -> None:
    add(f"factory/{name}", partial(_given, head + body, call, shape), "net", *says)


def _module(name: str, forward: str, *says: str, shape: str = "1,2,2") -> None:
    body = f"class M(nn.Module):\n  def forward(self, x):\n    {forward}\ndef make(): return M()\n"
    _bad(name, body, *says, shape=shape)


_bad("raises", "def make(): raise ValueError('no weights here')", "'make'", "no weights here")
_bad("raises_without_a_text", "def make(): raise KeyError", "'make'", "KeyError")
_bad("raises_many_lines", "def make(): raise ValueError('a\\n' * 10000)", "'make'", "ValueError: a")
_bad("raises_a_long_line", "def make(): raise ValueError('a' * 100000)", "'make'", "ValueError")
_bad(
    "raises_what_cannot_be_shown", "class E(Exception):\n  def __str__(self): return 1/0\ndef make(): raise E", "'make'"
)
_bad("exits", "def make(): sys.exit(0)", "'make'")
_bad("exits_when_loaded", "sys.exit('bye')", "net.py")
_bad("fails_when_loaded", "1 / 0", "net.py", "ZeroDivisionError")
_bad("imports_what_is_not_there", "import nowhere_at_all", "nowhere_at_all")
_bad("is_no_python", "def make(:", "net.py", "SyntaxError")
_bad("is_no_text", "x = '\udcff'", "net.py")
_bad("has_zeros", "\0", "net.py")
_bad("recurses", "def make(): return make()", "'make'", "RecursionError")
_bad("takes_all_memory", "def make(): return bytearray(1 << 50)", "'make'", "MemoryError")
_bad("gives_nothing", "def make(): pass", "NoneType")
_bad("gives_a_class", "def make(): return nn.ReLU", "type")
_bad("gives_a_tensor", "def make(): return torch.zeros(3)", "Tensor")
_bad("gives_numbers", "def make(): return 42", "int")
_bad("needs_arguments", "def make(size): return nn.ReLU()", "'make'", "size")
_bad("is_not_there", "", "'other'", call="other")
_bad("is_not_a_function", "make = 3", "'make'", "int")
_bad("has_no_name", "", "''", call="")
_bad("is_private", "", "__import__", call="__import__")
_bad("has_a_dotted_name", "", "os.system", call="os.system")
_bad("is_a_generator", "def make(): yield nn.ReLU()", "generator")
_bad("has_nothing_to_train", "def make(): return nn.Identity()", "network 'net'")
_bad("does_not_fit_the_image", "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(5, 2))", "(1, 2, 2)")
_bad("has_unsupported_layers", "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.GELU())", "GELU")
_bad(
    "has_weights_that_are_no_numbers",
    "def make():\n m = nn.Linear(4, 2)\n nn.init.constant_(m.weight, float('nan'))\n"
    " return nn.Sequential(nn.Flatten(), m)",
    "not a number",
)
_bad(
    "has_infinite_weights",
    "def make():\n m = nn.Linear(4, 2)\n nn.init.constant_(m.weight, float('inf'))\n"
    " return nn.Sequential(nn.Flatten(), m)",
    "infinite",
)
_bad(
    "has_weights_of_zero",
    "def make():\n m = nn.Linear(4, 2)\n nn.init.zeros_(m.weight)\n nn.init.zeros_(m.bias)\n"
    " return nn.Sequential(nn.Flatten(), m, nn.ReLU(), nn.Linear(2, 2), nn.ReLU())",
    "net",
)
_bad("has_no_outputs", "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(4, 0))", "net")
_bad("is_on_no_device", "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(4, 2, device='meta'))", "net")
_LAZY = HEAD + "def make(): return nn.Sequential(nn.Flatten(), nn.LazyLinear(2))"
add("factory/takes_a_gigantic_image", partial(_given, _LAZY, "make", "1,1048576,1048576"), "--input-shape", "1048576")
_module("fails_in_forward", "raise RuntimeError('not today')", "not today")
_module("exits_in_forward", "sys.exit(3)", "net")
_module("gives_two_results", "return x, x")
_module("gives_no_result", "return None")
_module("gives_its_input", "return x")
_module("branches_on_numbers", "return x if x.sum() > 0 else -x", "(1, 2, 2)")
