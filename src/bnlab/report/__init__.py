"""The report: everything a study found, on one page."""
