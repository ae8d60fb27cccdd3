"""One BLAS thread, and the kernels that the CPU can run."""

from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from bnlab import blas

ZEN5 = "processor\t: 0\nflags\t\t: fpu sse avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx_vnni\nbugs\t: none\n"


def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, description: str | None, **user: str) -> dict[str, str]:
    """The variables that `prepare` leaves on a machine with that CPU for a user with those variables."""
    variables = dict(user)
    monkeypatch.setattr(blas.os, "environ", variables)
    path = tmp_path / "cpuinfo"
    if description is not None:
        path.write_text(description, encoding="utf-8")
    blas.prepare(path)
    return variables


@pytest.mark.parametrize(
    ("description", "kernels"),
    [
        (ZEN5, "SkylakeX"),
        (ZEN5.replace("avx512vl ", ""), None),
        ("flags : fpu avx2\n" + ZEN5, None),
        ("model name : something without a list of features\n", None),
        (None, None),
    ],
    ids=["AVX-512", "a part of AVX-512 is missing", "the first CPU counts", "no list", "not Linux"],
)
def test_kernels_follow_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, description: str | None, kernels: str | None
) -> None:
    """Kernels of AVX-512 are asked for exactly where every instruction they use is there."""
    variables = prepared(tmp_path, monkeypatch, description)
    assert variables.pop("OPENBLAS_CORETYPE", None) == kernels
    assert set(variables.values()) == {"1"}


def test_the_user_s_kernels_stay_and_threads_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named kernel is a choice; a number of threads would change results."""
    variables = prepared(tmp_path, monkeypatch, ZEN5, OPENBLAS_CORETYPE="Haswell", OPENBLAS_NUM_THREADS="8")
    assert (variables["OPENBLAS_CORETYPE"], variables["OPENBLAS_NUM_THREADS"]) == ("Haswell", "1")


def test_these_tests_run_as_commands_do() -> None:
    """NumPy's BLAS, loaded after the preparation in conftest.py, has one thread."""
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
