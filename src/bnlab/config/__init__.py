"""From the YAML files of config/ to validated settings, protocols and studies."""
