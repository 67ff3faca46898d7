from __future__ import annotations

import asyncio

import httpx
import pytest

from syrinx.testing.openai_stand_in import Answer, Wait, delta, open_stand_in, streaming, whole


async def test_answers_come_in_order_and_the_last_one_stays() -> None:
    async with open_stand_in() as server, httpx.AsyncClient() as client:
        server.answer_with(whole({"n": 1}), whole({"n": 2}, status=429, headers={"retry-after": "3"}))
        answers = [await client.post(server.url, json={"asked": n}) for n in range(3)]
    assert [answer.json()["n"] for answer in answers] == [1, 2, 2]
    assert (answers[1].status_code, answers[1].headers["retry-after"]) == (429, "3")
    assert [seen.json for seen in server.requests] == [{"asked": 0}, {"asked": 1}, {"asked": 2}]
    assert {seen.connection for seen in server.requests} == {0}
    assert server.disconnects == 0


async def test_a_stream_is_sent_step_by_step() -> None:
    gate = asyncio.Event()
    async with open_stand_in() as server, httpx.AsyncClient() as client:
        server.answer_with(Answer(steps=(delta("one"), Wait(until=gate), delta("two"))))
        async with client.stream("POST", server.url) as answer:
            parts = answer.aiter_bytes()
            first = await anext(parts)
            assert b"one" in first
            assert b"two" not in first
            gate.set()
            assert b"two" in b"".join([part async for part in parts])


async def test_a_client_that_leaves_is_seen() -> None:
    async with open_stand_in() as server, httpx.AsyncClient() as client:
        server.answer_with(Answer(steps=(delta("one"), "hang")))
        async with client.stream("POST", server.url):
            assert server.disconnects == 0
        await asyncio.wait_for(server.left.wait(), timeout=1)
        assert server.disconnects == 1


async def test_a_dropped_connection_is_an_error_for_the_client_and_no_disconnect_of_its_own() -> None:
    async with open_stand_in() as server, httpx.AsyncClient() as client:
        server.answer_with(Answer(steps=(delta("one"), "drop")))
        with pytest.raises(httpx.HTTPError):
            await client.post(server.url)
        assert server.disconnects == 0


async def test_leaving_ends_every_connection() -> None:
    before = asyncio.all_tasks()
    async with httpx.AsyncClient() as client:
        async with open_stand_in() as server:
            server.answer_with(streaming(["one"]))
            await client.post(server.url)
        with pytest.raises(httpx.ConnectError):
            await client.post(server.url)
    assert asyncio.all_tasks() == before


async def test_without_a_script_it_says_so() -> None:
    async with open_stand_in() as server, httpx.AsyncClient() as client:
        assert (await client.post(server.url)).status_code == 404
        with pytest.raises(ValueError, match="at least one"):
            server.answer_with()
