"""Writing results into one archive: an RO-Crate, a zip file whose metadata other tools read as well."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rocrate.rocrate import ROCrate

from bnlab.config.studies import read_selection
from bnlab.errors import ConfigError, StorageError
from bnlab.files import atomic, sha256, write_text
from bnlab.formatting import count
from bnlab.made.accepted import in_effect
from bnlab.made.currency import Currency
from bnlab.made.history import history_path
from bnlab.made.receipts import receipt_path
from bnlab.paths import present_commit
from bnlab.runs.record import RESULT, TIMING, verify_run
from bnlab.share.manifest import NAME, Manifest
from bnlab.targets import Targets


def export(targets: Targets, archive: Path, studies: Sequence[str], runs: Sequence[str]) -> None:
    """Write all that these studies' pages are made of, and these runs, with what made them; images stay.

    Raises IntegrityError when something is damaged, or not what the present code, configuration and inputs make;
    ConfigError when there is no such study or run; StorageError when the archive cannot be written.
    """
    if archive.exists():
        raise StorageError(f"{archive}: is there already. Choose another name, or delete it.")
    exported = Exported(targets)
    for study in studies:
        exported.add_study(study)
    for path in targets.ledger(studies):
        exported.add(path)
    for run in runs:
        targets.run(run)
        exported.add(targets.records([run])[0])
    manifest = exported.manifest(studies)
    _write(archive, targets.results, manifest)
    size = archive.stat().st_size / 1e6
    print(f"{archive}: {count(len(manifest.runs), 'run')}, {count(len(manifest.files), 'file')}, {size:.1f} MB")


class Exported:
    """Files below the results, gathered from what receipts and records name."""

    def __init__(self, targets: Targets) -> None:
        """None yet."""
        self._targets, self._results = targets, targets.results
        self._currency = Currency(targets)
        self._files: set[Path] = set()
        self._runs: set[str] = set()

    def add_study(self, study: str) -> None:
        """Add a study's pages and runs, and all that they are made from."""
        if study not in self._targets.studies:
            known = ", ".join(self._targets.studies)
            raise ConfigError(f"'{study}' is no study. config/studies has {known}.")
        pages = self._targets.pages(study, read_selection(self._targets.config).studies)
        for path in (*pages, *self._targets.records(self._targets.ready_runs(study))):
            self.add(path)

    def add(self, path: str) -> None:
        """Add a file that has to be current, what made it, and what it was made from, but for the images."""
        self._currency.require([path])
        pending = [path]
        while pending:
            maker = self._currency.maker(pending.pop())
            match maker:
                case ("train", run):
                    self._add_run(run)
                case ("prepare", _) | None:
                    pass
                case _:
                    pending += self._add_made(maker)

    def manifest(self, studies: Sequence[str]) -> Manifest:
        """What an archive of these files says of itself."""
        files = {path.relative_to(self._results).as_posix(): path for path in self._files if path.is_file()}
        return Manifest(
            studies=sorted(studies),
            runs=sorted(self._runs),
            files={name: (path.stat().st_size, sha256(path)) for name, path in sorted(files.items())},
            accepted=[asdict(one) for one in in_effect(self._targets)],
            commit=present_commit(),
        )

    def _add_run(self, run: str) -> None:
        if run not in self._runs:
            folder = self._results / "runs" / run
            record = verify_run(folder)
            self._runs.add(run)
            self._files |= {folder / name for name in (*RESULT, TIMING)}
            self._files.add(history_path(self._results, record["code"]))

    def _add_made(self, maker: tuple[str, ...]) -> Iterator[str]:
        path, receipt = receipt_path(self._results, *maker), self._currency.receipts[maker]
        if path not in self._files:
            self._files |= {path, *(self._results / output for output in receipt.outputs)}
            self._files |= {history_path(self._results, digest) for digest in (receipt.code, receipt.settings)}
            yield from (f"{self._results}/{one}" for one, _ in receipt.inputs)


def _write(archive: Path, results: Path, manifest: Manifest) -> None:
    crate = ROCrate()
    crate.name = f"bnlab: {', '.join(manifest.studies) or count(len(manifest.runs), 'run')}"
    crate.description = "Trainings of small networks, with tables, figures and pages: bnlab import takes them over."
    crate.license = "https://spdx.org/licenses/MIT"
    for name, (size, digest) in manifest.files.items():
        crate.add_file(results / name, f"results/{name}", properties={"contentSize": str(size), "sha256": digest})
    with TemporaryDirectory() as folder:
        described = Path(folder) / NAME
        write_text(described, manifest.text())
        crate.add_file(described, NAME, properties={"name": "What bnlab import checks"})
        with atomic(archive) as file:
            for chunk in crate.stream_zip():
                file.write(chunk)
