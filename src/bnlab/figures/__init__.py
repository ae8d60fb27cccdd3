"""Every figure, drawn from tables. Test results are never read here."""
