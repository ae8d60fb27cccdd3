"""Which files there are to make, and from what. Knows nothing of Snakemake."""

from collections.abc import Collection, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, get_args

from bnlab.claims.load import claimed_reports, load_claims
from bnlab.claims.model import Claim, reported_checks_of, studies_of
from bnlab.config.data_sets import data_sets, load_data_set_items
from bnlab.config.gradient_checks import load_gate_settings, load_overfit_settings, load_step_sizes_settings
from bnlab.config.protocols import load_protocols
from bnlab.config.rankings import ranking_path
from bnlab.config.reported_checks import (
    check_reported_check_name,
    compares_causes,
    load_reported_check,
    reported_check_names,
)
from bnlab.config.studies import Configuration, Study, check_selection, load_configuration
from bnlab.config.study_file import TEST_FIGURES, FigureKind
from bnlab.config.synthesis import Synthesis, load_synthesis
from bnlab.data.prepared import FILES, MANIFEST
from bnlab.errors import ConfigError
from bnlab.fingerprint import code_parts, fingerprint_of
from bnlab.paths import CONFIG, RESULTS
from bnlab.runs.datasets import DataSet
from bnlab.runs.duration import estimated_seconds
from bnlab.runs.names import parse_run_name, split_name
from bnlab.runs.record import MODEL, RECORD, RESULT, TEST
from bnlab.runs.spec import Protocol, RunSpec

ROOTS = {
    "split": "data.split_data",
    "gate": "gradients.gate",
    "step-sizes": "gradients.step_sizes",
    "overfit": "gradients.overfit",
    "reported-check": "gradients.reported_check",
    "gradient-figure": "figures.draw",
    "train": "training.job",
    "sensitivity": "training.sensitivity",
    "rank": "analysis.rank",
    "collect": "analysis.collect",
    "test-results": "analysis.test_results",
    "tables": "analysis.tables",
    "figure": "figures.draw",
    "test-figure": "report.test_figures",
    "claims": "claims.judge",
    "ledger": "claims.judge",
    "calibrate": "claims.calibration",
    "calibration-figure": "figures.calibration",
    "answer-figure": "report.accuracies",
    "page": "report.study",
    "synthesis-page": "report.synthesis",
    "pdf": "report.pdf",
    "site": "site.build",
    "study-site": "site.build",
}
"""The module whose function each subcommand calls; editing it, or anything it imports, outdates what it has made."""

SETTINGS = {"gate": load_gate_settings, "step-sizes": load_step_sizes_settings, "overfit": load_overfit_settings}
"""What reads the settings of a command on gradients, one file each."""

_PACKAGE = Path(__file__).parent
_PARTS = [f"report/templates/parts/{path.name}" for path in sorted((_PACKAGE / "report/templates/parts").iterdir())]
_PAGE = [f"report/templates/{name}" for name in ("page.html.jinja", "macros.html.jinja", "page.css")] + _PARTS
_SITE = (
    *_PAGE,
    *sorted(
        path.relative_to(_PACKAGE).as_posix()
        for folder in ("templates", "assets")
        for path in (_PACKAGE / "site" / folder).rglob("*")
        if path.is_file()
    ),
)
TEMPLATES = {
    "page": (*_PAGE, "report/templates/study.html.jinja"),
    "synthesis-page": (*_PAGE, "report/templates/synthesis.html.jinja"),
    "pdf": ("report/templates/page.typ",),
    "site": _SITE,
    "study-site": _SITE,
}
"""Files beside the code that count as code."""


class Targets:
    """The files of one project, by its present configuration."""

    figure_kinds = tuple(kind for kind in get_args(FigureKind) if kind not in TEST_FIGURES)
    test_figure_kinds = TEST_FIGURES
    gradient_kinds = ("step_sizes", "overfit")

    def __init__(
        self, selection: Mapping[str, Any] | None = None, *, config: Path = CONFIG, results: Path = RESULTS
    ) -> None:
        """Nothing is read before something needs it: a training needs its protocol alone.

        selection: the content of config.yaml with its overlays; with it, everything is read and validated at once.
        Raises ConfigError.
        """
        self.config, self.results = config, results
        if selection is not None:
            check_selection(selection, self.configuration, source="config/config.yaml (or --config)")
            self.read_everything()

    def read_everything(self) -> "Targets":
        """Read and validate all of the configuration but the claims, since a study can be edited while none matters."""
        for part in ("configuration", "reported_checks", "runs", "reports", "synthesis"):
            getattr(self, part)
        for load in SETTINGS.values():
            load(self.config)
        return self

    @cached_property
    def protocols(self) -> dict[str, Protocol]:
        """By name. Raises ConfigError."""
        return load_protocols(self.config)

    @cached_property
    def data_sets(self) -> dict[str, DataSet]:
        """By name. Raises ConfigError."""
        return data_sets(self.config)

    @cached_property
    def configuration(self) -> Configuration:
        """Protocols and studies. Raises ConfigError."""
        return load_configuration(self.config, results=self.results)

    @property
    def studies(self) -> Mapping[str, Study]:
        """By key."""
        return self.configuration.studies

    @cached_property
    def reports(self) -> list[str]:
        """The reports that have claims. Raises ConfigError for one that is no study, on whose page they would stand."""
        reports = claimed_reports(self.config)
        for report in reports:
            if report not in self.studies:
                raise ConfigError(
                    f"{self.config}/claims/{report}.yaml: found no study '{report}', on whose page its claims would "
                    f"stand. Expected the name of one in {self.config}/studies."
                )
        return reports

    @cached_property
    def reported_checks(self) -> dict[str, Any]:
        """By name. Raises ConfigError."""
        return {name: load_reported_check(name, self.config) for name in reported_check_names(self.config)}

    @cached_property
    def runs(self) -> dict[str, dict[str, RunSpec]]:
        """Each study's runs by name, as far as its searches were ranked when the configuration was read."""
        return {key: self.configuration.names(study.runs) for key, study in self.studies.items()}

    @cached_property
    def synthesis(self) -> Synthesis | None:
        """What the page of all studies shows; a project of one's own need not have one. Raises ConfigError."""
        exists = (self.config / "synthesis.yaml").exists()
        return load_synthesis(self.configuration, self.config) if exists else None

    @cache  # noqa: B019 (there is one of these, and it lasts as long as the process)
    def code(self, command: str) -> str:
        """The fingerprint of a subcommand."""
        return fingerprint_of(self.code_parts(command))

    def code_parts(self, command: str) -> dict[str, str]:
        """The modules and templates that a subcommand's fingerprint is over, with the digest of each."""
        return code_parts(f"bnlab.{ROOTS[command]}", *TEMPLATES.get(command, ()))

    # Runs

    def run(self, name: str) -> RunSpec:
        """The run with that directory name, of a study or not: names say all. Raises ConfigError."""
        return parse_run_name(name, self.protocols)

    def run_files(self, runs: Collection[str], *names: str) -> list[str]:
        """The named files of each run's folder; by default all that make up its result."""
        return [f"{self.results}/runs/{run}/{name}" for run in runs for name in names or RESULT]

    def records(self, runs: Collection[str]) -> list[str]:
        """Each run's record, which stands for all its files: where one is missing, the run is made again."""
        return self.run_files(runs, RECORD)

    def duration(self, name: str) -> float:
        """How long a run will take, in seconds, more or less."""
        run = self.run(name)
        return estimated_seconds(run, self.protocols[run.protocol])

    def training_inputs(self, name: str) -> list[str]:
        """What a training waits for: data, gate and split, and the run that a warm start begins from.

        The manifest stands for the images: with thousands of trainings, what each names is most of what a plan costs.
        """
        run = self.run(name)
        protocol = self.protocols[run.protocol]
        return [
            *self._predecessor(run),
            f"{self.results}/data/{protocol.data.name}/{MANIFEST}",
            f"{self.results}/gradients/{protocol.data.name}.json",
            f"{self.results}/splits/{split_name(protocol, run.seed)}.npz",
        ]

    def sensitivity_inputs(self, name: str) -> list[str]:
        """What measuring a run's sensitivity takes: the run, all that it is trained with, that of the run before it."""
        before = self._before(self.run(name))
        measured = [f"{self.results}/sensitivity/{before}.json"] if before else []
        return [*self.training_inputs(name), *self.run_files([name]), *measured]

    def _predecessor(self, run: RunSpec) -> list[str]:
        before = self._before(run)
        return self.run_files([before], RECORD, MODEL) if before else []

    def _before(self, run: RunSpec) -> str | None:
        """The run that a warm start begins from. Raises ConfigError when no study has it."""
        if run.warm_start is None:
            return None
        for name in (name for study in self.studies for name in self.ready_runs(study)):
            if name.endswith(f"_{run.warm_start}"):
                return name
        raise ConfigError(f"{run}: starts from a run whose name ends in _{run.warm_start}, which no study has.")

    def searches(self, study: str, experiment: str | None = None) -> list[str]:
        """The searches whose rankings decide the runs of a study, or of one of its experiments."""
        experiments = self.configuration.study(study).experiments
        return [search for one in experiments if experiment in (None, one.id) for search in one.searches]

    def ready_runs(self, study: str, experiment: str | None = None) -> list[str]:
        """The runs of a study, or of one of its experiments, as far as its searches have been ranked by now."""
        return self._runs_at(study, experiment, self.stamps())

    def stamps(self) -> tuple[int, ...]:
        """When each search of all studies was ranked: within one process, whether one was ranked again."""
        paths = [
            ranking_path(study, search, results=self.results)
            for study in self.studies
            for search in self.configuration.study(study).searched
        ]
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    @cache  # noqa: B019
    def _runs_at(self, study: str, experiment: str | None, stamps: tuple[int, ...]) -> list[str]:
        now = self._configuration_at(stamps)
        runs = now.study(study).runs if experiment is None else now.study(study).experiment(experiment).runs
        return list(now.names(runs))

    @cache  # noqa: B019
    def _configuration_at(self, stamps: tuple[int, ...]) -> Configuration:
        """The configuration, read again when one of the rankings, of which `stamps` are the times, has changed."""
        del stamps
        return load_configuration(self.config, results=self.results)

    @cached_property
    def known_runs(self) -> frozenset[str]:
        """All runs of all studies, as far as their searches have been ranked by now."""
        return frozenset(run for study in self.studies for run in self.ready_runs(study))

    # Data and gradients

    def data_set(self, data: str) -> DataSet:
        """The data set of that name. Raises ConfigError when there is no such, or nothing pins it yet."""
        if data not in self.data_sets and data in load_data_set_items(self.config):
            raise ConfigError(
                f"'{data}' has no digest and size in config/datasets.yaml yet: put there what `bnlab prepare {data}` "
                "prints."
            )
        if data not in self.data_sets:
            raise ConfigError(f"'{data}' is not a data set. Expected {' or '.join(self.data_sets)}.")
        return self.data_sets[data]

    def class_names(self, data: str) -> list[str]:
        """What config/datasets.yaml calls the classes of a data set; empty where it leaves that to the data."""
        item = load_data_set_items(self.config).get(data)
        return item.classes if item else []

    def data_files(self, data: str) -> list[str]:
        """The prepared data set. Raises ConfigError when there is no such."""
        return [f"{self.results}/data/{self.data_set(data).name}/{name}" for name in FILES]

    def data_of(self, study: str) -> list[str]:
        """The data sets that a study's runs are trained on, those that wait for a search included."""
        experiments = self.configuration.study(study).experiments
        return sorted({self.protocols[experiment.protocol].data.name for experiment in experiments})

    def manifests(self, study: str) -> list[str]:
        """The manifests of those data sets."""
        return [f"{self.results}/data/{data}/{MANIFEST}" for data in self.data_of(study)]

    def gates(self, study: str) -> list[str]:
        """The checks that had to pass before the study's runs were trained."""
        return [f"{self.results}/gradients/{data}.json" for data in self.data_of(study)]

    def described(self, name: str) -> list[str]:
        """The files of config/reported_checks about a figure on gradients: a reported check's own, and its tables'."""
        if name in self.gradient_kinds:
            return []
        check_reported_check_name(name, self.config, source="reported_check")
        return list(dict.fromkeys([name, self.reported_checks[name]["published_in"]]))

    def gradient_files(self, study: str) -> list[str]:
        """What a study's page shows about gradients on its data: two figures, and the reported checks it names."""
        files = []
        for data in self.data_of(study):
            folder = f"{self.results}/gradients/{data}"
            files += [f"{folder}/{kind}.svg" for kind in self.gradient_kinds]
            for name in self.configuration.study(study).gradients:
                endings = ("csv", "svg") if compares_causes(self.reported_checks[name]) else ("csv",)
                files += [f"{folder}/{name}.{ending}" for ending in endings]
        return files

    # Claims and pages

    @cache  # noqa: B019
    def claims(self, report: str) -> tuple[Claim, ...]:
        """The claims of a report. Raises ConfigError."""
        return load_claims(self.configuration, [report])

    def claims_inputs(self, report: str) -> list[str]:
        """What a report's claims are judged by."""
        claims = self.claims(report)
        return [
            *(self.table(study, name) for study in studies_of(claims) for name in ("runs", "curves", "test")),
            *(f"{self.results}/gradients/cifar10/{check}.csv" for check in reported_checks_of(claims)),
        ]

    def calibration_inputs(self) -> list[str]:
        """What the rules are tried on: the runs of all studies that claims are about."""
        return [self.table(study, name) for study in self.claimed_studies for name in ("runs", "curves", "test")]

    @cached_property
    def claimed_studies(self) -> list[str]:
        """The studies that the claims of all reports are about. Raises ConfigError."""
        return studies_of(claim for report in self.reports for claim in self.claims(report))

    def outcomes(self, *reports: str) -> list[str]:
        """The claims of these reports with their outcomes, by default of all; of a study that is no report's, none."""
        return [f"{self.results}/tables/claims/{one}.csv" for one in reports or self.reports if one in self.reports]

    def predictions(self, study: str, experiment: str) -> list[str]:
        """The test predictions of an experiment's runs, with their records, and what they should be."""
        names = (MANIFEST, "test_labels.npy")
        labels = [f"{self.results}/data/{data}/{name}" for data in self.data_of(study) for name in names]
        return labels + self.run_files(self.ready_runs(study, experiment), RECORD, TEST)

    def figures(self, study: str) -> list[str]:
        """Every figure of a study, and its data."""
        folder = f"{self.results}/studies/{study}/figures"
        experiments = self.configuration.study(study).experiments
        names = [f"{experiment.id}_{figure}" for experiment in experiments for figure in experiment.figures]
        return [f"{folder}/{name}.{ending}" for name in names for ending in ("svg", "csv")]

    def page(self, study: str) -> list[str]:
        """A study's page, or that of all, for screens and for paper. Raises ConfigError when there is no such study."""
        if study != "synthesis":
            self.configuration.study(study)
        return [f"{self.results}/studies/{study}/page.{ending}" for ending in ("html", "pdf")]

    def site(self, study: str) -> str:
        """The first page of the site of all reports, "synthesis", or of a study by itself."""
        return (
            f"{self.results}/site/index.html"
            if study == "synthesis"
            else f"{self.results}/studies/{study}/site/index.html"
        )

    def pages(self, study: str, asked: Collection[str]) -> list[str]:
        """What there is to read about a study: its page, and a site of its own if that of all is without it.

        asked: the studies that are made together, on which hangs whether there is a site of all.
        """
        alone = study not in self.on_site or self.site("synthesis") not in self.ledger(asked)
        return [*self.page(study), *([self.site(study)] if alone else [])]

    @cached_property
    def on_site(self) -> list[str]:
        """The studies with a page on the site of all."""
        return self.synthesis.on_site(self.reports) if self.synthesis else []

    def page_tables(self, study: str) -> list[str]:
        """The tables that a study's page shows."""
        return [self.table(study, name) for name in ("runs", "test", "cells", "pairs", "expectations")]

    def page_inputs(self, study: str) -> list[str]:
        """What a study's page is made of."""
        return [
            *self.manifests(study),
            *self.gates(study),
            *self.gradient_files(study),
            *self.outcomes(study),
            *self.figures(study),
            *self.page_tables(study),
        ]

    def synthesis_inputs(self) -> list[str]:
        """The ledger, its calibration, and the tables and figures of every study that the synthesis shows."""
        studies = self.synthesis.studies if self.synthesis else ()
        shown = (
            self.page_tables(study) + self.figures(study) + self.gates(study) + self.manifests(study)
            for study in studies
        )
        trust = [
            f"{self.results}/tables/{name}"
            for name in ("family.csv", "calibration.csv", "calibration.svg", "answer.svg")
        ]
        return self.outcomes() + trust + [file for files in shown for file in files]

    def site_inputs(self, *studies: str) -> list[str]:
        """What a site of these studies is made of, and that of all reports if none is named."""
        shown = studies or self.on_site
        files = [file for study in shown for file in [*self.page_inputs(study), self.table(study, "curves")]]
        whole = [] if studies else [f"{self.results}/tables/claims.csv", *self.synthesis_inputs()]
        return list(dict.fromkeys(whole + files))

    def lacking(self, asked: Collection[str]) -> list[str]:
        """What is not asked for and has to be, for a ledger: reports, then studies of claims; or for a synthesis."""
        missing = [report for report in self.reports if report not in asked]
        if missing or not self.reports:
            return missing
        needed = [*self.claimed_studies, *(self.synthesis.studies if self.synthesis else ())]
        return [study for study in dict.fromkeys(needed) if study not in asked]

    def ledger(self, asked: Collection[str]) -> list[str]:
        """The ledger of all reports and the synthesis, if all studies that they need are asked for."""
        if not self.reports or not {*self.reports} <= {*asked} or not {*self.claimed_studies} <= {*asked}:
            return []
        shown = self.synthesis is not None and {*asked} >= {*self.synthesis.studies}
        self._require_claims()
        tables = [f"{self.results}/tables/{name}.csv" for name in ("claims", "claims_summary", "family", "calibration")]
        return tables + ([*self.page("synthesis"), self.site("synthesis")] if shown else [])

    def _require_claims(self) -> None:
        """Raise ConfigError unless all claims that the synthesis names are there."""
        known = {one for report in self.reports for claim in self.claims(report) for one in (claim.id, claim.item)}
        for i, question in enumerate(self.synthesis.questions if self.synthesis else ()):
            for claim in (*question.claims, *question.further_claims):
                if claim not in known:
                    raise ConfigError(
                        f"{self.config}/synthesis.yaml: questions[{i}]: found the claim '{claim}', expected one "
                        f"of {self.config}/claims, as report/id."
                    )

    def table(self, study: str, name: str) -> str:
        """One of a study's tables."""
        return f"{self.results}/studies/{study}/{name}.csv"
