"""A provider's keys: asked for seldom, by one at a time, and believed for a while when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.accounts.identity_provider import PROJECT, IdentityProvider, curve_key
from tests.accounts.moments import Clock

from syrinx.accounts import IdentityProviderAway
from syrinx.accounts.published_keys import (
    AWAY_EVERY_S,
    FRESH_S,
    LARGEST_BYTES,
    OF_USE_S,
    UNKNOWN_EVERY_S,
    PublishedKeys,
)

URL = f"{PROJECT}/keys"


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(provider: IdentityProvider, clock: Clock) -> PublishedKeys:
    return PublishedKeys(URL, http=provider.http, clock=clock.seconds)


async def test_they_are_fetched_once_by_many_who_ask_at_the_same_time(
    provider: IdentityProvider, keys: PublishedKeys
) -> None:
    found = await asyncio.gather(*(keys.key("first") for _ in range(20)))
    assert all(each is not None and each.key_id == "first" for each in found)
    assert provider.asked == [URL]


async def test_unknown_keys_make_us_ask_again_but_seldom(
    provider: IdentityProvider, keys: PublishedKeys, clock: Clock
) -> None:
    """ASVS 5.0 V2.4.1: strangers with invented tokens make no work for the provider."""
    for number in range(50):
        assert await keys.key(f"invented-{number}") is None
    assert len(provider.asked) == 1
    provider.add("second", curve_key(), "ES256")
    assert await keys.key("second") is None
    clock.go_on(UNKNOWN_EVERY_S)
    assert await keys.key("second") is not None
    assert len(provider.asked) == 2


async def test_a_key_that_was_withdrawn_is_of_no_use_after_a_while(
    provider: IdentityProvider, keys: PublishedKeys, clock: Clock
) -> None:
    provider.add("second", curve_key(), "ES256")
    assert await keys.key("first") is not None
    del provider.keys["first"]
    clock.go_on(FRESH_S)
    assert await keys.key("first") is None


AWAY = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.Response(500),
    httpx.Response(302, headers={"location": "https://evil.test/keys"}),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"keys": []}),
    httpx.Response(200, json={"keys": "none"}),
    httpx.Response(200, json={"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}]}),
]


@pytest.mark.parametrize("answer", AWAY, ids=str)
async def test_keys_that_are_known_are_believed_for_a_day_while_the_provider_is_away(
    provider: IdentityProvider, keys: PublishedKeys, clock: Clock, answer: httpx.Response | Exception
) -> None:
    """ASVS 5.0 V16.5.3: what cannot be checked is not let in; V1.3.6: nobody is followed elsewhere."""
    assert await keys.key("first") is not None
    provider.answer = answer
    clock.go_on(FRESH_S)
    assert await keys.key("first") is not None
    with pytest.raises(IdentityProviderAway) as away:
        await keys.key("second")
    assert away.value.retryable
    clock.go_on(OF_USE_S)
    with pytest.raises(IdentityProviderAway):
        await keys.key("first")
    assert set(provider.asked) == {URL}
    provider.answer = None
    clock.go_on(AWAY_EVERY_S)
    assert await keys.key("first") is not None


async def test_a_provider_that_is_away_is_asked_again_but_seldom(
    provider: IdentityProvider, keys: PublishedKeys, clock: Clock
) -> None:
    provider.answer = httpx.ConnectError("refused")
    for _ in range(20):
        with pytest.raises(IdentityProviderAway):
            await keys.key("first")
    assert len(provider.asked) == 1
    clock.go_on(AWAY_EVERY_S)
    provider.answer = None
    assert await keys.key("first") is not None


async def test_an_answer_without_end_is_not_read_to_its_end(provider: IdentityProvider, keys: PublishedKeys) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 4096

    provider.answer = httpx.Response(200, content=endless())
    with pytest.raises(IdentityProviderAway):
        await keys.key("first")
    assert sent <= LARGEST_BYTES // 4096 + 2


async def test_nobody_waits_for_a_slow_provider_whose_keys_are_known(clock: Clock) -> None:
    provider, answering = IdentityProvider(), asyncio.Event()
    answering.set()

    async def answer(_: httpx.Request) -> httpx.Response:
        await answering.wait()
        return httpx.Response(200, json=provider.published())

    keys = PublishedKeys(
        URL, http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)), clock=clock.seconds
    )
    assert await keys.key("first") is not None
    answering.clear()
    clock.go_on(FRESH_S)
    waiting = asyncio.create_task(keys.key("first"))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(keys.key("first"), timeout=1) is not None
    assert not waiting.done()
    answering.set()
    assert await waiting is not None
