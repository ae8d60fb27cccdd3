"""The site of the synthesis, or of one study: pages that open from disk, without a server or a network.

Its texts, tables and figures are the parts of the pages that are also typeset (bnlab.report); a ledger to filter and
runs to compare come to them. Equal inputs give equal bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bnlab.analysis.read import NAMES, read_table
from bnlab.claims.load import claimed_reports
from bnlab.config.studies import Configuration
from bnlab.config.synthesis import Synthesis
from bnlab.files import atomic, write_text
from bnlab.report.inputs import Inputs, read_inputs
from bnlab.report.made_by import made_by
from bnlab.report.study import environment
from bnlab.site.medium import ENDINGS, OnSite
from bnlab.site.pages import MENUS, TABLES, Page, of_all, of_study, of_synthesis
from bnlab.site.runs import curves_script, runs_script

HERE = Path(__file__).parent
PAGE_STYLE = HERE.parent / "report" / "templates" / "page.css"


@dataclass(frozen=True)
class Site:
    """A site to be; `results` is where its tables and figures come from, `folder` where it goes."""

    title: str
    pages: list[Page]
    inputs: dict[str, Inputs]
    medium: OnSite
    results: Path
    folder: Path


def build_site(
    configuration: Configuration, synthesis: Synthesis, *, results: Path, accepted: Sequence[str] = ()
) -> None:
    """Write results/site, whose index.html is the last to be written.  accepted: as `render_page` has it.

    Reads the ledger, its calibration, and the tables, curves and figures of every report, and of every study that the
    synthesis names.
    Raises IntegrityError as `render_page` does.
    """
    studies = synthesis.on_site(claimed_reports(configuration.folder))
    inputs = {study: read_inputs(configuration, study, results=results) for study in studies}
    pages = [
        *of_synthesis(configuration, synthesis, inputs, results),
        *(of_study(one, f"study-{study}", "Reports") for study, one in inputs.items()),
        *of_all(inputs, synthesis),
    ]
    _write(Site(synthesis.title, pages, inputs, OnSite(), results, results / "site"), configuration, accepted)


def build_study_site(configuration: Configuration, study: str, *, results: Path, accepted: Sequence[str] = ()) -> None:
    """Write results/studies/<study>/site, of a study by itself, in the same way."""
    inputs = {study: read_inputs(configuration, study, results=results)}
    pages = [of_study(inputs[study], "index", ""), *of_all(inputs)]
    title, folder = inputs[study].study.title, results / "studies" / study / "site"
    _write(Site(title, pages, inputs, OnSite(alone=True), results, folder), configuration, accepted)


def _write(site: Site, configuration: Configuration, accepted: Sequence[str]) -> None:
    pages = _rendered(site, accepted)
    _write_data(site, configuration)
    _copy_files(site)
    for name in sorted(pages, key=lambda name: name == "index"):
        write_text(site.folder / f"{name}.html", pages[name])


def _rendered(site: Site, accepted: Sequence[str]) -> dict[str, str]:
    """Every page by its name."""
    templates = environment(site.medium, HERE / "templates")
    common = {
        "menu": [(menu, [(page.name, page.words) for page in site.pages if page.menu == menu]) for menu in MENUS],
        "generated": any("generated" in one.manifests for one in site.inputs.values()),
        "images": sorted({one.data.title for view in site.inputs.values() for one in view.protocols.values()}),
        "made_by": made_by(),
        "accepted": accepted,
    }
    pages = {}
    for page in site.pages:
        heads = {"page": page.name, "page_title": page.words if page.menu else site.title}
        pages[page.name] = templates.get_template(page.template).render(common | heads | page.context)
    return pages


def _write_data(site: Site, configuration: Configuration) -> None:
    """What the page of runs loads, as scripts: a browser refuses to read data beside a page that it has from disk."""
    write_text(site.folder / "data" / "runs.js", runs_script(site.inputs))
    for study, one in site.inputs.items():
        curves = read_table(site.results / "studies" / study / "curves.csv", dtype=NAMES)
        for experiment in one.study.experiments:
            script = curves_script(configuration, one, experiment.id, curves)
            write_text(site.folder / "data" / f"curves-{study}.{experiment.id}.js", script)


def _copy_files(site: Site) -> None:
    """Copy tables, the figures that pages show, style sheets and scripts."""
    for study in site.inputs:
        for table in TABLES:
            _copy(site.results / "studies" / study / f"{table}.csv", site.folder / "tables" / f"{study}-{table}.csv")
    if any(page.name == "ledger" for page in site.pages):
        _copy(site.results / "tables" / "claims.csv", site.folder / "tables" / "claims.csv")
    for name, path in site.medium.figures.items():
        for ending in ENDINGS:
            if path.with_suffix(ending).exists():
                _copy(path.with_suffix(ending), site.folder / "figures" / f"{name}{ending}")
    _copy(PAGE_STYLE, site.folder / "assets" / PAGE_STYLE.name)
    assets = HERE / "assets"
    for asset in sorted(path for path in assets.rglob("*") if path.is_file()):
        _copy(asset, site.folder / "assets" / asset.relative_to(assets))


def _copy(source: Path, target: Path) -> None:
    with atomic(target) as file:
        file.write(source.read_bytes())
