"""Results that no study needs: what they weigh, and their removal."""

import os
import shutil
from collections import defaultdict
from pathlib import Path
from platform import node

from bnlab.errors import ConfigError
from bnlab.made.currency import Currency
from bnlab.made.receipts import receipt_path
from bnlab.made.wanted import Wanted
from bnlab.targets import Targets

SHOWN = 20
"""How many kinds of results are listed."""


def prune(targets: Targets, *, remove: bool, really: bool) -> None:
    """Say what no study has any more; with `remove` and `really`, delete it; with `remove` alone, ask for the other.

    Raises ConfigError, and deletes nothing, while it is not known what a study needs, since one of its searches has not
    been ranked, and while Snakemake is at work.
    """
    found = unneeded(targets)
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
    _require_certainty(targets)
    if not really:
        print("Only training would bring it back. To delete it all the same: python -m bnlab prune --remove --really")
        return
    for path in (path for paths in found.values() for path in paths):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    print("Deleted.")


def unneeded(targets: Targets) -> dict[str, list[Path]]:
    """Runs' folders by protocol, and files with their receipts by command, that no study of the configuration has."""
    currency, results = Currency(targets), targets.results
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
    return found


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _require_certainty(targets: Targets) -> None:
    for key, study in targets.studies.items():
        waiting = [experiment.id for experiment in study.experiments if experiment.pending]
        if waiting:
            raise ConfigError(
                f"config/studies/{key}.yaml: {waiting[0]} waits for a search, so which runs it needs is not known yet. "
                f"Nothing was deleted. Finish the search first: snakemake --cores 8 {key}"
            )
    if any(map(_at_work, Path(".snakemake/masters").glob("* [0-9]* [0-9]*"))):
        raise ConfigError("Snakemake is at work in this folder. Nothing was deleted. Wait until it has ended.")


def _at_work(note: Path) -> bool:
    """Whether the Snakemake that left this note may live: one of another host may."""
    host, process, _ = note.name.rsplit(" ", 2)
    if host == node():
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's
    return True
