"""Results that no study needs: what they weigh, and their removal."""

import shutil
import time
from collections import defaultdict
from pathlib import Path

from bnlab.config.studies import check_selection, read_selection
from bnlab.errors import ConfigError, StorageError
from bnlab.made.currency import Currency
from bnlab.made.masters import masters, unnoted_snakemakes
from bnlab.made.receipts import receipt_path
from bnlab.made.wanted import Wanted
from bnlab.targets import Targets

SHOWN = 20
"""How many kinds of results are listed."""
PARTS, OLD = (".import.*", ".*.tmp"), 3600
"""What a command that is killed leaves, and after how many seconds no command can be at it any more."""


def prune(targets: Targets, *, remove: bool, really: bool) -> None:
    """Say what no study has any more; with `remove` and `really`, delete it; with `remove` alone, ask for the other.

    Raises ConfigError, and deletes nothing, when a study that config.yaml asks for is not there, while it is not known
    what a study needs, since one of its searches has not been ranked, and while Snakemake is at work. Raises
    StorageError when something cannot be deleted.
    """
    check_selection(
        read_selection(targets.config).model_dump(), targets.configuration, source=f"{targets.config}/config.yaml"
    )
    currency = Currency(targets)
    found = _unneeded(targets, currency)
    if not found:
        print("Every result is a study's.")
        return
    weights = {kind: sum(map(_bytes, paths)) / 1e6 for kind, paths in found.items()}
    heaviest = sorted(found, key=lambda kind: -weights[kind])
    for kind in heaviest[:SHOWN]:
        print(f"{weights[kind]:8.1f} MB  {kind}: {len(found[kind])}")
    if len(heaviest) > SHOWN:
        print(f"{sum(weights[kind] for kind in heaviest[SHOWN:]):8.1f} MB  {len(heaviest) - SHOWN} more")
    print(f"{sum(weights.values()):8.1f} MB  in all")
    if not remove:
        print("To delete all of it: python -m bnlab prune --remove")
        return
    _require_certainty(targets, currency)
    if not really:
        print("Only training would bring it back. To delete it all the same: python -m bnlab prune --remove --really")
        return
    for path in (path for paths in found.values() for path in paths):
        _delete(path)
    print("Deleted.")


def _unneeded(targets: Targets, currency: Currency) -> dict[str, list[Path]]:
    """Runs' folders by protocol, and files with their receipts by command, that no study of the configuration has."""
    results = targets.results
    found = defaultdict(list)
    for run in currency.stored_runs():
        if run not in targets.known_runs:
            found[f"runs of {run.split('/')[0]}"].append(results / "runs" / run)
    is_wanted = Wanted(targets)
    wanted = {maker for maker in currency.receipts if is_wanted(*maker)}
    needed = {path for maker in wanted for path in currency.receipts[maker].outputs}
    for maker, receipt in currency.receipts.items():
        if maker not in wanted:
            files = [results / path for path in receipt.outputs if path not in needed]
            found[" ".join(maker)] += [receipt_path(results, *maker), *(path for path in files if path.is_file())]
    left = [path for pattern in PARTS for path in results.rglob(pattern) if time.time() - _last_change(path) > OLD]
    return found | ({"parts that killed commands have left": left} if left else {})


def _last_change(path: Path) -> float:
    """When something in it was written last; now if it goes just now."""
    try:
        return max(one.stat().st_mtime for one in [path, *path.rglob("*")])
    except FileNotFoundError:
        return time.time()


def _delete(path: Path) -> None:
    try:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{error.filename}: cannot be deleted ({error.strerror}). What stands before it in the list is deleted. "
            "Make it writable, then run the same command again."
        ) from error


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _require_certainty(targets: Targets, currency: Currency) -> None:
    for key, study in targets.studies.items():
        waiting = [experiment.id for experiment in study.experiments if experiment.pending]
        if waiting:
            raise ConfigError(
                f"config/studies/{key}.yaml: {waiting[0]} waits for a search, so which runs it needs is not known yet. "
                f"Nothing was deleted. Finish the search first: snakemake --cores 8 {key}"
            )
        for experiment in study.searched:
            if not currency.is_as_written("rank", key, experiment):
                raise ConfigError(
                    f"The ranking of {key}, {experiment}, is not what was written, so which runs it leads to is not "
                    f"known. Nothing was deleted. Rank it again: snakemake --cores 8 {key}"
                )
    at_work = [master for master in masters() if master.may_live]
    if at_work:
        raise ConfigError(
            f"Snakemake is at work in this folder (process {at_work[0].process} of {at_work[0].host}). Nothing was "
            "deleted. Wait until it has ended; if that machine is gone, snakemake --unlock forgets it."
        )
    if unnoted_snakemakes():
        raise ConfigError("Another Snakemake is at work in this folder. Nothing was deleted. Wait until it has ended.")
