"""A server of talks and their history alone, over scripted engines and whatever database it is given."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from tests.conversation.talk import FakeEngines
from tests.transports.speech_house import ScriptedHouse, speech_server, until
from tests.transports.talking_house import QUICK, echoing

from syrinx.accounts import LOCAL_USER, PERSONAL_SCOPES, Caller, Door, OpenDoor, Scope
from syrinx.accounts.doors import acting_for, credential_wanted
from syrinx.conversation import Conversation, Conversations, ConversationSettings, open_conversations
from syrinx.conversation.history import History
from syrinx.storage import Database
from syrinx.testing.fake_llm import ScriptedLlm
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.transports.http.conversations import conversation_routes
from syrinx.transports.http.voice_messages import MessageHouse, voice_message_routes
from syrinx.transports.websocket import TalkHouse, talk_routes


class KeyDoor:
    """Ann and Bob come with their names as keys, the operator with "root", a listener with "ear"."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        scopes: dict[str, frozenset[Scope]] = {
            "ann": PERSONAL_SCOPES,
            "bob": PERSONAL_SCOPES,
            "ear": frozenset({"listen"}),
            "root": frozenset({"admin"}),
        }
        if credential not in scopes:
            raise credential_wanted()
        user = LOCAL_USER if credential == "root" else credential
        return acting_for(Caller(user=user, scopes=scopes[credential], how="key", key_id=credential), on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        del caller
        return True


def key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def talking_engines() -> FakeEngines:
    return FakeEngines(llm=ScriptedLlm(echoing), tts=ScriptedTts(QUICK))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTalks:
    web: httpx.AsyncClient
    socket: str
    history: History
    engines: FakeEngines
    conversations: Conversations
    begun: list[Conversation]
    house: ScriptedHouse

    async def list(self, **more: Any) -> list[dict[str, Any]]:
        return (await self.web.get("/api/conversations", **more)).raise_for_status().json()["conversations"]

    async def said(self, conversation_id: str, **more: Any) -> list[tuple[int, str, str]]:
        answer = (await self.web.get(f"/api/conversations/{conversation_id}", **more)).raise_for_status().json()
        return [(each["turn"], each["role"], each["heard"]) for each in answer["messages"]]

    async def all_ended(self) -> None:
        """Wait until no talk is open any more, and so all of them kept."""
        for talk in self.begun:
            await talk.aclose()


@asynccontextmanager
async def kept_talks(
    database: Database,
    *,
    door: Door | None = None,
    house: ScriptedHouse | None = None,
    engines: FakeEngines | None = None,
) -> AsyncGenerator[KeptTalks, None]:
    """For as long as the context lasts; afterwards no engine is leased."""
    history = History(database)
    engines = engines or talking_engines()
    door = door or OpenDoor()
    house = house or ScriptedHouse()
    origins = {"https://app.example"}

    async with open_conversations() as conversations:
        talks: list[Conversation] = []

        def begun(user: str, **more: Any) -> Conversation:
            talk = conversations.create(
                lambda: Conversation(engines=engines, user=user, keep=partial(history.keep, user), **more)
            )
            talks.append(talk)
            return talk

        async def begin(settings: ConversationSettings, user: str) -> Conversation:
            return begun(user, settings=settings)

        async def go_on(settings: ConversationSettings, user: str, conversation_id: str) -> Conversation:
            memory = await history.memory(user, conversation_id)
            return begun(user, settings=settings, memory=memory, conversation_id=conversation_id)

        async def in_use(_: Conversation) -> dict[str, Any]:
            return {}

        talk_house = TalkHouse(conversations=conversations, begin=begin, go_on=go_on, engines_in_use=in_use, door=door)
        async with (
            speech_server(
                lambda _: talk_routes(talk_house),
                lambda _: conversation_routes(history, door=door, origins=origins),
                lambda speech: voice_message_routes(
                    MessageHouse(speech=speech, engines=engines, history=history), door=door, origins=origins
                ),
                house=house,
            ) as server,
            httpx.AsyncClient(base_url=server.address, timeout=20.0) as web,
        ):
            yield KeptTalks(
                web=web,
                socket=server.address.replace("http", "ws", 1) + "/ws",
                history=history,
                engines=engines,
                conversations=conversations,
                begun=talks,
                house=house,
            )
            conversations.close_all()
            await until(lambda: not engines.leases)
