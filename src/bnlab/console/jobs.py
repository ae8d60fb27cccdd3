"""A job of Snakemake's, and what there is to say about a training that has ended."""

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from bnlab.formatting import percent
from bnlab.runs.record import TIMING, read_record


@dataclass(frozen=True)
class Job:
    """What a log record says about a job."""

    number: int
    name: str
    """The command of bnlab that it runs, such as `train demo/50-50_bn_...`; of a job without, its rule."""
    outputs: list[str]
    logs: list[str]
    began: float
    """When it was announced, by a clock that only ever goes on."""

    @classmethod
    def of(cls, record: logging.LogRecord) -> "Job":
        """The job of a record that announces one, or its failure."""
        said = record.__dict__
        name = command_in(said["shellcmd"] or "") or said["rule_name"]
        return cls(said["jobid"], name, said["output"], said["log"], monotonic())

    @property
    def run(self) -> str | None:
        """The run that it trains, if it trains one."""
        return self.name.removeprefix("train ") if self.name.startswith("train ") else None


def command_in(text: str) -> str | None:
    """The command of bnlab in a line of shell, without what it is redirected to: `train demo/50-50_bn_...`."""
    found = re.search(r"python -m bnlab (.*?)(?: > \S+ 2>&1|$)", text, flags=re.MULTILINE)
    return found[1].strip() if found else None


def finished_training(job: Job) -> str:
    """A run's name, its accuracy on validation images, if any (test results stay closed), and its time."""
    folder = Path(job.outputs[0]).parent
    record = read_record(folder)
    seconds = json.loads((folder / TIMING).read_bytes())["total_seconds"]
    if record["final"] is None:
        outcome = f"diverged at update {record['diverged_at']}"
    else:
        part = "validation" if "validation" in record["final"] else "training"
        outcome = f"{part} accuracy {percent(record['final'][part]['accuracy'])} %"
    return f"{job.run}: {outcome}, {seconds:.1f} s"
