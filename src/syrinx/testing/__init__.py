"""Fakes and conformance suites, for us and for writers of plug-in engines."""
