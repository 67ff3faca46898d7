"""What the text fields of forms mean: numbers and switches, or a refusal that names the field."""

from __future__ import annotations

from collections.abc import Collection

from syrinx.errors import WrongParameter


def fraction_of(text: str, name: str) -> float | None:
    """A number from 0 to 1; None for "". Raises WrongParameter."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    # Written so that it refuses NaN as well.
    if not 0.0 <= value <= 1.0:
        raise WrongParameter(f"{name} is {text[:40]!r}: a number from 0 to 1 is right", parameter=name)
    return value


def flag_of(text: str, name: str) -> bool:
    """Whether it is switched on; "" is off. Raises WrongParameter."""
    if text.lower() not in {"", "true", "1", "false", "0"}:
        raise WrongParameter(f"{name} is {text[:40]!r}: true or false is right", parameter=name)
    return text.lower() in {"true", "1"}


def only_fields(sent: Collection[str], known: Collection[str]) -> None:
    """No field is accepted and ignored. Raises WrongParameter."""
    for name in sent:
        if name not in known:
            shown = name[:40]
            raise WrongParameter(f"there is no field {shown!r}: {', '.join(known)} can be given", parameter=shown)
