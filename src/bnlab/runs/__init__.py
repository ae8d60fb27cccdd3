"""What one run is: its spec, its name, its stored record."""
