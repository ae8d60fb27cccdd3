"""The pages: everything that a study found, and the synthesis of all reports."""
