"""The instruction sets that a measurement is made under: the CPU's own, and older ones that it can run too.

NumPy, OpenBLAS, PyTorch, its oneDNN and MKL, and XLA each choose among kernels for several generations of CPUs when
they start, and each has an environment variable that holds it to an older one. So one machine with AVX-512 shows what a
CPU without has to expect: not its clock or its caches, but its kernels.
"""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from numpy._core._multiarray_umath import __cpu_features__ as features
from threadpoolctl import threadpool_info

INSTRUCTIONS: dict[str, dict[str, str]] = {
    "AVX2": {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    },
    "AVX-512": {},
}
"""By name the environment that holds every library to it; the newest, which needs none, last."""


def available() -> list[str]:
    """The sets of INSTRUCTIONS that this CPU has, oldest first; on other CPUs the machine's own name for its kind."""
    if features.get("X86_V4"):
        return ["AVX2", "AVX-512"]
    return ["AVX2"] if features.get("X86_V3") else [platform.machine()]


@contextmanager
def held_to(instructions: str) -> Iterator[None]:
    """For processes that are started meanwhile: libraries load kernels of that set.

    A shell that pins OpenBLAS to older kernels, for equal bits on several machines, would slow down one side: it is not
    heard.
    """
    before = dict(os.environ)
    for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(variable, None)
    if instructions != available()[-1]:
        os.environ.update(INSTRUCTIONS[instructions])
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def running() -> str:
    """The kernels that this process runs, as the libraries that it has loaded name them."""
    found = [f"{info['internal_api']} {info['architecture']}" for info in threadpool_info() if info.get("architecture")]
    found.append("numpy " + next((name for name in ("X86_V4", "X86_V3", "X86_V2") if features.get(name)), "baseline"))
    if torch := sys.modules.get("torch"):
        found.append(f"torch {torch.backends.cpu.get_cpu_capability()}")
    return ", ".join(sorted(set(found)))
