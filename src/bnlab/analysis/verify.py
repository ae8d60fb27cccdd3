"""Check that everything in the results is still as it was stored."""

from pathlib import Path

from bnlab.data.prepared import MANIFEST, verify
from bnlab.data.splits import load_split
from bnlab.runs.record import RECORD, verify_run


def verify_results(results: Path) -> None:
    """Rehash all prepared data, splits and stored runs. Raises IntegrityError at the first difference."""
    folders = sorted(path.parent for path in (results / "data").glob(f"*/{MANIFEST}"))
    runs = sorted(path.parent for path in (results / "runs").glob(f"*/*/{RECORD}"))
    splits = sorted((results / "splits").glob("*.npz"))
    for folder in folders:
        verify(folder)
    for path in splits:
        load_split(path)
    for folder in runs:
        verify_run(folder)
    print(f"{len(folders)} data sets, {len(splits)} splits and {len(runs)} runs are as they were stored.")
