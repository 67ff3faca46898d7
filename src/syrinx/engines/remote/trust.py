"""Whom an encrypted connection to a service elsewhere trusts."""

from __future__ import annotations

import ssl

import certifi


def trusted_authorities() -> ssl.SSLContext:
    """The well-known authorities and those that this machine's owner has added. Reads files: not in the event loop."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
