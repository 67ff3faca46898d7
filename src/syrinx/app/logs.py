"""How logs are written; no audio, no words of a talk and no token are ever in them."""

from __future__ import annotations

import logging
import sys

import structlog

_TALKATIVE = (
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "websockets",
    "uvicorn.error",
    "asyncio",
    "faster_whisper",
    "filelock",
    "alembic",
    "sqlalchemy",
)
"""They would log the addresses of requests, which the hub signs for its storage, whole frames and statements, which
hold the words of a talk, or several lines for every decode and every migration."""


def set_up_logging(level: str) -> None:
    """Send logs of `level` and above to standard error, one line each; may be called again to change the level."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=True) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
