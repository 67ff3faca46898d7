"""Brokers: on a reachable host they pass requests to a model server on a private one, and its answers back."""

from syrinx.transports.brokers.broker import Broker, broker_app
from syrinx.transports.brokers.remote import RemoteServer

__all__ = ["Broker", "RemoteServer", "broker_app"]
