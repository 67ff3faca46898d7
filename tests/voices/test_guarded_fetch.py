from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from syrinx.errors import SyrinxError, TooLarge
from syrinx.voices.guarded_fetch import AddressRefused, FetchFailed, FetchRules, GuardedFetch, resolve

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answering(body: bytes, *, status: str = "200 OK", **headers: str) -> Answer:
    async def answer(to: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        to.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await to.drain()

    return answer


def leading_to(address: str, *, status: str = "302 Found") -> Answer:
    return answering(b"", status=status, Location=address)


@dataclass
class Web:
    """A server on loopback that stands for the public internet, and what was asked of it."""

    port: int = 0
    pages: dict[str, Answer] = field(default_factory=dict[str, Answer])
    """By path."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    serving: int = 0
    nobody_there: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving += 1
        self.nobody_there.clear()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = head[0].split()[1]
            self.asked.append((path, dict(line.lower().split(": ", 1) for line in head[1:] if line)))
            await self.pages.get(path, answering(b"", status="404 Not Found"))(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self.serving -= 1
            if not self.serving:
                self.nobody_there.set()


@asynccontextmanager
async def web(tls: ssl.SSLContext | None = None, /, **pages: Answer) -> AsyncGenerator[Web]:
    there = Web(pages={f"/{name}": answer for name, answer in pages.items()})
    there.nobody_there.set()
    server = await asyncio.start_server(there.serve, "127.0.0.1", 0, ssl=tls)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        await server.wait_closed()
        async with asyncio.timeout(5):
            await there.nobody_there.wait()


@dataclass
class Names:
    """A resolver with answers by host, the last of them again and again."""

    answers: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if answers is None:
            raise OSError(f"no such host: {host}")
        return answers.pop(0) if len(answers) > 1 else answers[0]


def names(**hosts: Sequence[str]) -> Names:
    return Names({host.replace("_", "."): [found] for host, found in hosts.items()})


def public_loopback(address: str) -> bool:
    """In these tests one address of this machine is the public internet; the others are inside."""
    return address == "127.0.0.1"


def guarded(resolver: Names, **rules: Any) -> GuardedFetch:
    return GuardedFetch(FetchRules(allowed=public_loopback, any_port=True, resolve=resolver, **rules))


async def read(fetch: GuardedFetch, address: str) -> bytes:
    async with fetch.fetched(address) as file:
        return file.read()


async def test_a_file_at_a_public_address_is_fetched() -> None:
    async with web(voice=answering(b"sound" * 1000)) as there:
        resolver = names(voices_example=["127.0.0.1"])
        assert await read(guarded(resolver), f"http://voices.example:{there.port}/voice") == b"sound" * 1000
        path, headers = there.asked[0]
        assert path == "/voice"
        assert headers["host"] == f"voices.example:{there.port}"
        assert "authorization" not in headers
        assert "cookie" not in headers


async def test_the_file_is_gone_afterwards() -> None:
    async with web(voice=answering(b"s" * 2_000_000)) as there:
        async with guarded(names(a=["127.0.0.1"])).fetched(f"http://a:{there.port}/voice") as file:
            assert len(file.read()) == 2_000_000
        assert file.closed


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://voices.example/voice.wav",
        "gopher://voices.example/",
        "data:audio/wav;base64,AAAA",
        "//voices.example/voice.wav",
        "voices.example/voice.wav",
        "/etc/passwd",
        "",
        "http://",
        "http:///voice.wav",
        "http://user@voices.example/voice.wav",
        "http://user:secret@voices.example/voice.wav",
        "http://voices.example:99999999/",
        "http://voices.example\r\nX-Injected: 1/",
        "http://xn--/",
        "http://0177.0.0.1/",
        "http://[::1/",
        "http://" + "a" * 70_000,
    ],
)
async def test_addresses_of_another_kind_are_refused_before_any_name_is_looked_up(address: str) -> None:
    resolver = names(voices_example=["127.0.0.1"])
    with pytest.raises(AddressRefused):
        await read(guarded(resolver), address)
    assert not resolver.asked or not address.isascii() or "xn--" in address


@pytest.mark.parametrize(
    "address", ["http://voices.example:8080/", "https://voices.example:80/", "http://voices.example:0/"]
)
async def test_other_ports_than_those_of_the_web_are_refused(address: str) -> None:
    resolver = names(voices_example=["93.184.215.14"])
    with pytest.raises(AddressRefused, match="80 for http and 443 for https"):
        await read(GuardedFetch(FetchRules(resolve=resolver)), address)
    assert resolver.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/",
        "http://localhost./",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25lo]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "https://192.168.1.1/",
    ],
)
async def test_this_machine_and_its_network_are_refused_however_they_are_written(address: str) -> None:
    """Through the system's own resolver, which needs no network for these."""
    with pytest.raises(AddressRefused):
        await read(GuardedFetch(), address)


@pytest.mark.parametrize(
    "found",
    [["10.0.0.7"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["93.184.215.14", "fd00:ec2::254"], []],
    ids=["private", "mixed", "loopback", "mixed families", "none"],
)
async def test_a_name_with_any_address_inside_is_refused(found: Sequence[str]) -> None:
    with pytest.raises(AddressRefused):
        await read(GuardedFetch(FetchRules(resolve=names(voices_example=found))), "https://voices.example/voice.wav")


async def test_what_is_refused_tells_nothing_of_the_network_inside() -> None:
    told: set[str] = set()
    fetch = GuardedFetch(FetchRules(resolve=names(inside=["10.0.0.7"])))
    for host in ("inside", "nowhere"):
        with pytest.raises(AddressRefused) as refusal:
            await read(fetch, f"http://{host}/")
        told.add(refusal.value.message)
    assert len(told) == 1
    assert "10.0.0.7" not in told.pop()


async def test_a_name_that_changes_its_mind_is_not_asked_again() -> None:
    async with web(voice=answering(b"sound")) as there:
        resolver = Names({"rebinding": [["127.0.0.1"], ["127.0.0.2"]]})
        assert await read(guarded(resolver), f"http://rebinding:{there.port}/voice") == b"sound"
        assert resolver.asked == ["rebinding"]


async def test_a_redirect_is_looked_at_like_the_first_address() -> None:
    async with web(voice=leading_to("http://rebinding/inside")) as there:
        resolver = Names({"rebinding": [["127.0.0.1"], ["127.0.0.2"]]})
        with pytest.raises(AddressRefused):
            await read(guarded(resolver), f"http://rebinding:{there.port}/voice")
        assert resolver.asked == ["rebinding", "rebinding"]
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    "onward",
    [
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "//inside/",
        "http://user:secret@voices.example/",
        "http://[::ffff:127.0.0.1]/",
        "ftp://voices.example/",
        "http://[",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_that_lead_inside_are_refused(onward: str, status: str) -> None:
    async with web(voice=leading_to(onward, status=status)) as there:
        resolver = Names({"voices.example": [["127.0.0.1"]], "127.0.0.2": [["127.0.0.2"]], "inside": [["127.0.0.3"]]})
        with pytest.raises(AddressRefused):
            await read(guarded(resolver), f"http://voices.example:{there.port}/voice")
        assert len(there.asked) == 1


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    pages = {str(n): leading_to(f"/{n + 1}") for n in range(4)}
    async with web(**pages) as there:
        there.pages["/4"] = answering(b"sound")
        fetch = guarded(names(a=["127.0.0.1"]))
        assert await read(fetch, f"http://a:{there.port}/1") == b"sound"
        there.asked.clear()
        with pytest.raises(FetchFailed, match="more than 3 times"):
            await read(fetch, f"http://a:{there.port}/0")
        assert [path for path, _ in there.asked] == ["/0", "/1", "/2", "/3"]


async def endless(to: asyncio.StreamWriter) -> None:
    to.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not to.is_closing():
        to.write(b"s" * 65536)
        await to.drain()


async def dripping(to: asyncio.StreamWriter) -> None:
    to.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not to.is_closing():
        to.write(b"s")
        await to.drain()
        await asyncio.sleep(0.01)


async def endless_head(to: asyncio.StreamWriter) -> None:
    to.write(b"HTTP/1.1 200 OK\r\n")
    while not to.is_closing():
        to.write(b"X-More: " + b"s" * 1000 + b"\r\n")
        await to.drain()


async def never_beginning(to: asyncio.StreamWriter) -> None:
    while not to.is_closing():
        to.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await to.drain()
        await asyncio.sleep(0.01)


async def breaking_off(to: asyncio.StreamWriter) -> None:
    to.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsound")
    await to.drain()


async def not_http(to: asyncio.StreamWriter) -> None:
    to.write(b"220 mail.example ESMTP\r\n" * 3)
    await to.drain()


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (endless, TooLarge),
        (answering(b"s" * 200_001), TooLarge),
        (dripping, FetchFailed),
        (never_beginning, FetchFailed),
        (endless_head, FetchFailed),
        (breaking_off, FetchFailed),
        (not_http, FetchFailed),
        (answering(b"gone", status="404 Not Found"), FetchFailed),
        (answering(b"oops", status="500 Oops"), FetchFailed),
        (answering(b"part", status="206 Partial Content"), FetchFailed),
        (answering(b"\x1f\x8b", Content_Encoding="gzip"), FetchFailed),
        (answering(b"", status="302 Found"), FetchFailed),
    ],
    ids=[
        "endless",
        "large",
        "dripping",
        "never beginning",
        "endless head",
        "breaking off",
        "no HTTP",
        "404",
        "500",
        "206",
        "packed",
        "leading nowhere",
    ],
)
async def test_what_is_too_much_too_slow_or_no_file_is_given_up(answer: Answer, refusal: type[SyrinxError]) -> None:
    async with web(voice=answer) as there:
        fetch = guarded(names(a=["127.0.0.1"]), largest_bytes=200_000, within_s=1.0)
        with pytest.raises(refusal):
            await read(fetch, f"http://a:{there.port}/voice")


async def test_a_name_server_that_does_not_answer_is_given_up() -> None:
    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(FetchFailed, match="did not come within"):
        await read(GuardedFetch(FetchRules(resolve=silent, within_s=0.05)), "http://voices.example/")


async def test_where_nobody_listens_the_next_address_of_the_name_is_tried() -> None:
    async with web(voice=answering(b"sound")) as there:
        resolver = names(a=["127.0.0.9", "127.0.0.1"])
        fetch = GuardedFetch(FetchRules(allowed=lambda _: True, any_port=True, resolve=resolver))
        assert await read(fetch, f"http://a:{there.port}/voice") == b"sound"
    with pytest.raises(FetchFailed, match="nothing answers"):
        await read(fetch, f"http://a:{there.port}/voice")


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with web(voice=answering(b"sound")) as there, web() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await read(guarded(names(a=["127.0.0.1"])), f"http://a:{there.port}/voice") == b"sound"
        assert proxy.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of voices.example, signed by itself; and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=voices.example"
    )
    try:
        subprocess.run(
            [*command.split(), "-addext", "subjectAltName=DNS:voices.example", "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return certificate, key


async def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(certificate: tuple[Path, Path]) -> None:
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(*certificate)
    trusted = ssl.create_default_context(cafile=certificate[0])
    rules = FetchRules(
        allowed=public_loopback,
        any_port=True,
        resolve=names(voices_example=["127.0.0.1"], other_example=["127.0.0.1"]),
    )
    fetch = GuardedFetch(rules, tls=trusted)
    async with web(offered, voice=answering(b"sound")) as there:
        assert await read(fetch, f"https://voices.example:{there.port}/voice") == b"sound"
        with pytest.raises(FetchFailed, match="not as who it says it is"):
            await read(fetch, f"https://other.example:{there.port}/voice")
        # Without trust in who signed it, likewise.
        with pytest.raises(FetchFailed, match="not as who it says it is"):
            await read(GuardedFetch(rules), f"https://voices.example:{there.port}/voice")
        assert len(there.asked) == 1


async def test_the_systems_own_resolver_gives_each_address_once() -> None:
    assert list(await resolve("127.0.0.1", 80)) == ["127.0.0.1"]
