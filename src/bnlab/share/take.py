"""Taking over the results of an archive: all of them, or nothing."""

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bnlab.config.violations import brief
from bnlab.errors import BnlabError, IntegrityError, StorageError
from bnlab.files import atomic, check_writable, sha256
from bnlab.formatting import count
from bnlab.made.accepted import Accepted, parse_accepted, read_accepted, write_accepted
from bnlab.made.changes import Changes
from bnlab.made.currency import Currency
from bnlab.made.receipts import receipt_path
from bnlab.made.steps import is_known
from bnlab.runs.record import RECORD, RESULT, TIMING, verify_run
from bnlab.share.manifest import NAME, Manifest, parse_manifest
from bnlab.targets import Targets

METADATA = "ro-crate-metadata.json"
PROBLEMS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What zipfile raises on archives that are damaged, encrypted, or packed in a way that it does not know."""
SHOWN = 5
"""How many of the files that are in the way, or of the reasons, a message lists."""


def take(targets: Targets, archive: Path) -> None:
    """Store what `export` wrote elsewhere, after a look at every byte, as if it had been made here.

    Raises IntegrityError, and stores nothing, when the archive is damaged or is something else, when its results are
    not what this project's code and configuration would make, and when others are in their place that are current;
    StorageError when the disk refuses.
    """
    targets.results.mkdir(exist_ok=True)
    check_writable(targets.results)
    with TemporaryDirectory(dir=targets.results, prefix=".import.") as name:
        staged = Path(name)
        manifest = _unpack(archive, staged)
        accepted = _accepted(manifest, archive)
        write_accepted(staged, accepted)
        _require_ours(Targets(config=targets.config, results=staged), archive, manifest)
        new = _new(targets, staged, manifest)
        known = read_accepted(targets.results)
        write_accepted(targets.results, [*known, *(one for one in accepted if one not in known)])
        # Records and receipts come last: without them, what an interrupted import has left counts as not made.
        for path in sorted(new, key=lambda path: (path.startswith("made/"), path.endswith(RECORD), path)):
            _move(staged / path, targets.results / path)
    print(
        f"{archive}: {count(len(manifest.runs), 'run')}, {count(len(new), 'file')} of {len(manifest.files)} new. "
        "python -m bnlab verify looks at them again."
    )


def _move(source: Path, place: Path) -> None:
    """Give a file its place, which may be on another disk. Raises StorageError."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        source.replace(place)
    except OSError:
        with atomic(place) as file:
            file.write(source.read_bytes())


def _unpack(archive: Path, folder: Path) -> Manifest:
    """Write the archive's results below an empty folder, each as its manifest says."""
    try:
        with zipfile.ZipFile(archive) as opened:
            manifest = parse_manifest(opened.read(NAME), archive)
            members = [one.filename for one in opened.infolist()]
            expected = [*(f"results/{path}" for path in manifest.files), NAME, METADATA]
            if sorted(members) != sorted(expected):
                odd = sorted({*members} ^ {*expected}) or ["one name twice"]
                raise IntegrityError(f"{archive}: holds other files than it says ({odd[0]}). Nothing was imported.")
            total, free = sum(size for size, _ in manifest.files.values()), shutil.disk_usage(folder).free
            if total > free:
                raise StorageError(
                    f"{archive}: holds {total:,} bytes, but only {free:,} are free on the disk of {folder}."
                )
            for path, (size, digest) in manifest.files.items():
                with opened.open(f"results/{path}", mode="r") as source, atomic(folder / path) as file:
                    found = hashlib.sha256()
                    # One byte more than it says is too many: what is packed can be of any size.
                    while block := source.read(min(2**20, size + 1 - file.tell())):
                        found.update(block)
                        file.write(block)
                        if file.tell() > size:
                            break
                if (folder / path).stat().st_size != size or found.hexdigest() != digest:
                    raise IntegrityError(f"{archive}: {path} in it is not what was exported. Nothing was imported.")
    except FileNotFoundError as error:
        raise IntegrityError(f"{archive}: no such file.") from error
    except KeyError as error:
        raise IntegrityError(f"{archive}: holds no {NAME}, so it is no archive of bnlab's.") from error
    except PROBLEMS as error:
        raise IntegrityError(f"{archive}: cannot be read as an archive ({error}). Nothing was imported.") from error
    return manifest


def _accepted(manifest: Manifest, archive: Path) -> list[Accepted]:
    try:
        return parse_accepted(manifest.accepted)
    except ValueError as error:
        raise IntegrityError(f"{archive}: {NAME} in it has no list of accepted changes ({brief(error)}).") from error


def _require_ours(staged: Targets, archive: Path, manifest: Manifest) -> None:
    """Refuse all of it unless it is what this project's configuration and code would make."""
    problems = list(dict.fromkeys(_foreign(staged, manifest)))
    if problems:
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        commit = f" It was made by commit {manifest.commit}." if manifest.commit else ""
        listed = "\n".join(f"  {problem}" for problem in [*problems[:SHOWN], *more])
        raise IntegrityError(
            f"{archive}: is not what this project would make. Nothing was imported.{commit} What differs:\n{listed}"
        )


def _foreign(staged: Targets, manifest: Manifest) -> Iterator[str]:
    """What of it this project would not make, in words."""
    currency = Currency(staged)
    yield from _foreign_runs(currency, manifest)
    yield from _foreign_files(currency, manifest)
    receipts = {
        receipt_path(staged.results, *maker).relative_to(staged.results).as_posix() for maker in currency.receipts
    }
    for path in manifest.files:
        made = currency.maker(f"{staged.results}/{path}")
        if made is None and path.split("/")[0] != "history" and path not in receipts:
            yield f"{path}: nothing says what made it"


def _foreign_runs(currency: Currency, manifest: Manifest) -> Iterator[str]:
    staged = currency.targets
    if {*manifest.runs} != {*currency.stored_runs()}:
        yield f"{NAME} lists other runs than there are"
        return
    for run in manifest.runs:
        try:
            problem = _strange(verify_run(staged.results / "runs" / run), staged, run)
        except BnlabError as error:
            yield str(error).replace(f"{staged.results}/", "")
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            yield f"{run}: a record that makes no sense ({error!r})"
        else:
            yield from [problem] if problem else Changes(currency).causes("train", run)


def _strange(record: dict[str, Any], staged: Targets, run: str) -> str:
    """What a record says that no training of such a run would; empty if nothing.

    A protocol has a key that is newer than the record at its default, and a spec one that it lacks at None.
    """
    spec = staged.run(run)
    protocol = staged.protocols[spec.protocol]
    defaults = {name: field.default for name, field in type(protocol).model_fields.items() if not field.is_required()}
    pairs = {
        "spec": (json.loads(json.dumps(asdict(spec))), dict.fromkeys(asdict(spec)) | record["spec"]),
        "protocol": (protocol.model_dump(), defaults | record["protocol"]),
        "data": ({"name": protocol.data.name, "digest": protocol.data.digest}, record["data"]),
    }
    for key, (expected, found) in pairs.items():
        if expected != found:
            return f"{run}: its record has another {key} than its name says"
    whole = isinstance(record["split"]["name"], str) and isinstance(record["environment"], dict)
    ended = (record["final"] is None) == (record["diverged_at"] is not None)
    return (
        "" if whole and ended and {*record["files"]} == {*RESULT} - {RECORD} else f"{run}: its record lacks something"
    )


def _foreign_files(currency: Currency, manifest: Manifest) -> Iterator[str]:
    for maker, receipt in currency.receipts.items():
        try:
            if not {*receipt.outputs} <= {*manifest.files}:
                yield f"{' '.join(maker)}: its receipt names other files"
            elif not is_known(currency.targets, *maker):
                yield f"{' '.join(maker)}: this project's configuration knows no such thing"
            elif reason := currency.reason(*maker):
                yield from Changes(currency).causes(*maker) or [f"{' '.join(maker)}: {reason}"]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            yield f"a receipt that makes no sense ({error!r})"


def _new(targets: Targets, staged: Path, manifest: Manifest) -> list[str]:
    """The files that are not here yet, or are here but out of date."""
    currency = Currency(targets)
    current = {
        receipt_path(targets.results, *maker).relative_to(targets.results).as_posix()
        for maker in currency.receipts
        if currency.reason(*maker) is None
    }
    new, in_the_way = [], []
    for path in manifest.files:
        here = targets.results / path
        if not here.exists():
            new.append(path)
        elif here.name == TIMING or path.startswith("history/") or sha256(here) == sha256(staged / path):
            continue
        elif path.startswith("made/"):
            if path not in current:
                new.append(path)
        elif currency.reason_of_file(str(here)) is not None:
            new.append(path)
        else:
            in_the_way.append(str(here))
    if in_the_way:
        raise IntegrityError(
            f"{len(in_the_way)} files are here already with another content, and current: "
            f"{', '.join(in_the_way[:SHOWN])}. Nothing was imported. To have the archive's, delete yours first."
        )
    return new
