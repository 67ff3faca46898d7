"""HTTP: one file per dialect, each holding its routes and wire models."""
