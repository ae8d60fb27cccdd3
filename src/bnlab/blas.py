"""How NumPy's OpenBLAS is to run, told through the environment before NumPy loads."""

import os
from pathlib import Path

AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


def prepare(cpu_description: Path = Path("/proc/cpuinfo")) -> None:
    """Set one BLAS thread and, where the CPU has AVX-512, its kernels. Without effect once NumPy is loaded.

    More threads would change the last bits of results, and processes, not threads, fill the cores. OpenBLAS leaves
    recent AMD CPUs with kernels of half the vector length, which take up to 1.8 times as long on this package's
    products (docs/performance.md); kernels that the user names in OPENBLAS_CORETYPE are left alone.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    if _cpu_flags(cpu_description) >= AVX512:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")


def _cpu_flags(cpu_description: Path) -> set[str]:
    """The features Linux lists for the first CPU; none where there is no such file."""
    try:
        lines = cpu_description.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())
