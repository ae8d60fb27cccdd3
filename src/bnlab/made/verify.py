"""Check that everything stored is as it was stored, and what the present code, configuration and inputs make."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bnlab.config.data_sets import load_data_set_items
from bnlab.data.prepared import FILES, MANIFEST, verify
from bnlab.data.splits import load_split
from bnlab.errors import BnlabError, IntegrityError
from bnlab.made.accepted import FILE, in_effect
from bnlab.made.currency import Currency
from bnlab.made.receipts import receipt_path
from bnlab.made.wanted import Wanted
from bnlab.runs.record import RECORD, TIMING, verify_run
from bnlab.targets import Targets

UNCHECKED = {"logs": "logs", "history": "notes of code and configuration"}
"""Folders of files that nothing is made from."""
SHOWN = 20
"""How many problems a message lists."""


def verify_results(targets: Targets) -> None:
    """Rehash everything below the results, and name every file about which nothing can be said.

    Raises IntegrityError, with all that is wrong, when something is damaged or out of date. What the configuration no
    longer asks for is named as well and is no fault.
    """
    currency = Currency(targets)
    checked: set[Path] = set()
    left: set[Path] = set()
    problems = [*_data(currency, checked), *_runs(currency, checked), *_receipts(currency, checked, left)]
    for one in in_effect(targets):
        print(f"Accepted as harmless: {one}")
    for line in (*_unchecked(targets.results, checked | left), *_left_over(currency)):
        print(line)
    if problems:
        more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        listed = "\n".join(problems[:SHOWN])
        raise IntegrityError(f"{len(problems):,} things are not as they should be:\n{listed}{more}")
    kinds = Counter(path.relative_to(targets.results).parts[0] for path in checked)
    print(
        f"{len(checked):,} files are as they were stored, and what the present code and configuration make: "
        + ", ".join(f"{number:,} in {kind}" for kind, number in sorted(kinds.items()))
        + "."
    )


def _data(currency: Currency, checked: set[Path]) -> Iterator[str]:
    for manifest in sorted((currency.results / "data").glob(f"*/{MANIFEST}")):
        folder = manifest.parent
        checked.update(folder / name for name in FILES)
        try:
            verify(folder)
        except BnlabError as error:
            yield str(error)
            continue
        if _is_data_set(currency, folder) and (reason := currency.reason("prepare", folder.name)):
            again = f". Make it again: snakemake --cores 8 {manifest}"
            yield f"{folder}: {reason}{again if folder.name in currency.targets.data_sets else ''}"


def _is_data_set(currency: Currency, folder: Path) -> bool:
    """Whether the configuration has it, pinned or not."""
    targets = currency.targets
    return folder.name in targets.data_sets or folder.name in load_data_set_items(targets.config)


def _runs(currency: Currency, checked: set[Path]) -> Iterator[str]:
    for name in currency.stored_runs():
        folder = currency.results / "runs" / name
        try:
            record = verify_run(folder)
        except BnlabError as error:
            checked.add(folder / RECORD)
            yield str(error)
            continue
        checked.update(folder / file for file in (RECORD, *record["files"]))
        split = currency.results / "splits" / f"{record['split']['name']}.npz"
        if split.is_file() and _digest_of_split(split) not in (record["split"]["digest"], None):
            yield f"{folder}: was trained on another split than {split} is now. Delete the folder and train it again."
        elif name in currency.targets.known_runs and (reason := currency.reason("train", name)):
            yield f"{folder}: {reason}. Train it again: snakemake --cores 8 {folder / RECORD}"


def _digest_of_split(path: Path) -> str | None:
    try:
        return load_split(path).digest
    except IntegrityError:
        return None  # said of the split itself


def _receipts(currency: Currency, checked: set[Path], left: set[Path]) -> Iterator[str]:
    """left: what was made for another configuration, of which nothing is said but its name."""
    wanted = Wanted(currency.targets)
    for maker, receipt in currency.receipts.items():
        files = [receipt_path(currency.results, *maker), *(currency.results / path for path in receipt.outputs)]
        if not wanted(*maker):
            left.update(files)
            continue
        checked.update(files)
        if maker[0] == "split":
            try:
                load_split(currency.results / next(iter(receipt.outputs)))
            except IntegrityError as error:
                yield str(error)
            continue  # what its runs say of it is said with them; one of older code is drawn again when it is needed
        if reason := currency.reason(*maker):
            target = _first_page(currency.targets, *maker) or currency.results / next(iter(receipt.outputs))
            yield f"{' '.join(maker)}: {reason}. Make it again: snakemake --cores 8 {target}"


def _first_page(targets: Targets, command: str, *studies: str) -> str | None:
    """The file that a site's rule makes, of all that its receipt names."""
    return targets.site(*studies or ["synthesis"]) if command in ("site", "study-site") else None


def _left_over(currency: Currency) -> Iterator[str]:
    """What was made for a configuration that has changed, and can be deleted."""
    for manifest in sorted((currency.results / "data").glob(f"*/{MANIFEST}")):
        if not _is_data_set(currency, manifest.parent):
            yield f"No data set of the configuration: {manifest.parent}"
    runs = [name for name in currency.stored_runs() if name not in currency.targets.known_runs]
    if runs:
        yield f"Asked for by no study: {len(runs):,} runs, among them {runs[0]}"
    wanted = Wanted(currency.targets)
    for maker in currency.receipts:
        if not wanted(*maker):
            yield f"Asked for by no study: {' '.join(maker)}"


def _unchecked(results: Path, checked: set[Path]) -> Iterator[str]:
    """Timings, logs and the history are no results, and are counted; any other file is named."""
    counted: Counter[str] = Counter()
    for path in sorted(results.rglob("*")):
        if not path.is_file() or path in checked or path in (results / "README.md", results / FILE):
            continue
        if path.name == TIMING:
            counted[f"files {TIMING}, measurements"] += 1
        elif (kind := path.relative_to(results).parts[0]) in UNCHECKED:
            counted[UNCHECKED[kind]] += 1
        else:
            yield f"Not checked: {path}"
    for kind, number in counted.items():
        yield f"Not checked: {number:,} {kind}"
