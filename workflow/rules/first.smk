"""What has to come before anything else: this tree's package, and a look at the configuration by the strict reader."""

import os
import re
import sys

# Jobs run this interpreter and this tree's package, whatever else is on the path or installed.
SOURCE = os.path.join(os.path.dirname(workflow.main_snakefile), "src")
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
    PYTHONPATH=SOURCE,
)
sys.path.insert(0, SOURCE)

from bnlab.config.studies import read_selection
from bnlab.errors import BnlabError


def explained(function, *arguments, **options):
    """Call a function of the package and return its result; its BnlabErrors reach the user without a traceback."""
    try:
        return function(*arguments, **options)
    except BnlabError as error:
        raise WorkflowError(str(error)) from None


if re.search("[{}]", SOURCE):
    raise WorkflowError(
        f"{os.path.dirname(SOURCE)}: Snakemake takes braces in a path for wildcards. Move the project to a folder without."
    )

# Snakemake runs Python that a configuration file contains (its key __use_yte__): this reader knows no such key.
explained(read_selection)
