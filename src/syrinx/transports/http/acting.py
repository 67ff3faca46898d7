"""On whose behalf a request for a voice is: its caller's own, or that of the user whom an operator names."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from syrinx.accounts import Caller, Forbidden, is_user
from syrinx.errors import WrongParameter
from syrinx.transports.http.access import named_user
from syrinx.voices import Voices
from syrinx.voices.profile import VoiceProfile


def acting_as(connection: HTTPConnection, caller: Caller, user_id: str) -> Caller:
    """The caller as the user named in a field of the request; "" names nobody.

    Raises Forbidden where that is another user and the caller no operator, or one who has named a user already, and
    WrongParameter where it is no name of a user.
    """
    if user_id in {"", caller.user}:
        return caller
    if not is_user(user_id):
        raise WrongParameter(
            "user_id is to be 1 to 64 letters, digits or ._@-, beginning with a letter or digit", parameter="user_id"
        )
    if not caller.is_operator:
        raise Forbidden("this key is one user's own: leave user_id out, or use a key with the scope 'admin'")
    if named_user(connection) is not None:
        raise Forbidden("X-Syrinx-User and user_id name two users: send one of them")
    return caller.acting_for(user_id)


def sees_all(connection: HTTPConnection, caller: Caller) -> bool:
    """Whether everybody's voices are the caller's to see: an operator's who asks on nobody's behalf."""
    return caller.is_operator and named_user(connection) is None


async def voice_and_owner(
    connection: HTTPConnection, caller: Caller, voices: Voices, voice_id: str, *, user_id: str = ""
) -> tuple[VoiceProfile, Caller]:
    """A profile that the caller may have, and the caller as its owner. Raises UnknownVoice, and as `acting_as`."""
    acting = acting_as(connection, caller, user_id)
    if user_id or not sees_all(connection, caller):
        return await voices.get(acting.user, voice_id), acting
    profile = await voices.owner_and_profile(voice_id)
    return profile, caller.acting_for(profile.user)
