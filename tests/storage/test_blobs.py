"""Blobs in a folder and in a store of S3's kind: wholly there or not at all, under keys of our own."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import stat
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syrinx.errors import ConfigurationError, DiskRefused, NotFound
from syrinx.storage import Blobs, DamagedBlob, StoreUnavailable, open_blobs
from syrinx.testing.s3_stand_in import S3StandIn, open_s3_stand_in

LARGE = bytes(range(256)) * 50_000  # 12.8 MB: three parts


@pytest.fixture
def s3() -> Generator[S3StandIn, None, None]:
    with open_s3_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(params=["folder", "s3"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Blobs, None]:
    async with AsyncExitStack() as stack:
        if request.param == "folder":
            yield await stack.enter_async_context(open_blobs(tmp_path / "blobs"))
        else:
            s3 = stack.enter_context(open_s3_stand_in())
            yield await stack.enter_async_context(open_blobs(f"s3://{s3.bucket}/house/one", options=s3.options))


async def put(blobs: Blobs, content: bytes | io.BytesIO) -> str:
    return (await blobs.put(content, purpose="sample", user="ann", media_type="audio/wav")).key


async def all_keys(blobs: Blobs, older_than: datetime | None = None) -> set[str]:
    return {key async for key in blobs.keys(older_than)}


@pytest.mark.parametrize("content", [b"", b"RIFF", LARGE], ids=["nothing", "little", "much"])
async def test_what_was_put_comes_back_with_its_size_and_hash(blobs: Blobs, content: bytes) -> None:
    for given in (content, io.BytesIO(content)):
        stored = await blobs.put(given, purpose="sample", user="ann", media_type="audio/wav")
        assert stored.sha256 == hashlib.sha256(content).hexdigest()
        assert stored.size_bytes == len(content) == await blobs.size(stored.key)
        assert await blobs.get(stored.key, sha256=stored.sha256) == content


async def test_a_file_is_read_from_where_it_stands(blobs: Blobs) -> None:
    file = io.BytesIO(b"head and body")
    file.seek(9)
    assert await blobs.get(await put(blobs, file)) == b"body"


async def test_keys_are_made_here_and_never_twice(blobs: Blobs) -> None:
    keys = {await put(blobs, b"same") for _ in range(3)}
    assert len(keys) == 3
    for key in keys:
        purpose, beginning, name = key.split("/")
        assert (purpose, beginning, len(name)) == ("sample", name[:2], 32)
    assert await all_keys(blobs) == keys


async def test_a_purpose_that_is_a_path_is_a_mistake(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match="purpose"):
        await blobs.put(b"", purpose="../sample", user="ann", media_type="audio/wav")


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "sample/ab/../../x", "", "sample/00/" + "0" * 32])
async def test_a_key_that_was_not_made_here_names_nothing(blobs: Blobs, key: str) -> None:
    with pytest.raises(NotFound):
        await blobs.get(key)
    with pytest.raises(NotFound):
        await blobs.size(key)
    await blobs.delete(key)


async def test_what_is_deleted_is_gone_and_deleting_it_again_is_fine(blobs: Blobs) -> None:
    first, second, third = [await put(blobs, b"x") for _ in range(3)]
    await blobs.delete(first, first, "sample/00/" + "0" * 32, second)
    await blobs.delete(first)
    assert await all_keys(blobs) == {third}
    with pytest.raises(NotFound):
        await blobs.get(first)


async def test_only_what_is_older_is_listed_where_that_is_asked(blobs: Blobs) -> None:
    key = await put(blobs, b"x")
    now = datetime.now(UTC)
    assert await all_keys(blobs, now - timedelta(minutes=5)) == set()
    assert await all_keys(blobs, now + timedelta(minutes=5)) == {key}


class BreaksOff(io.BytesIO):
    """A file that cannot be read to its end."""

    def __init__(self) -> None:
        super().__init__(LARGE)

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 10_000_000:
            raise OSError(5, "the disk that it lies on has gone")
        return super().read(size)


async def test_of_a_file_that_breaks_off_nothing_is_kept_and_its_own_error_is_raised(blobs: Blobs) -> None:
    with pytest.raises(OSError, match="that it lies on"):
        await put(blobs, BreaksOff())
    assert await all_keys(blobs) == set()


async def test_of_a_put_that_is_cancelled_nothing_is_kept(blobs: Blobs) -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return bytes(size or 0)

    putting = asyncio.create_task(put(blobs, Endless()))
    await asyncio.sleep(0.05)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await all_keys(blobs) == set()


async def test_what_is_damaged_is_told_where_the_hash_is_known(tmp_path: Path) -> None:
    async with open_blobs(tmp_path) as blobs:
        stored = await blobs.put(b"whole", purpose="sample", user="ann", media_type="audio/wav")
        (tmp_path / stored.key).write_bytes(b"hole")
        assert await blobs.get(stored.key) == b"hole"
        with pytest.raises(DamagedBlob):
            await blobs.get(stored.key, sha256=stored.sha256)


async def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    async with open_blobs(shared) as blobs:
        for content in (b"little", LARGE):
            key = await put(blobs, content)
            assert stat.S_IMODE((shared / key).stat().st_mode) == 0o600
        assert stat.S_IMODE(shared.stat().st_mode) == 0o700


async def test_a_folder_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with open_blobs(tmp_path) as blobs:
        (tmp_path / "sample").write_text("a file where a folder should be")
        with pytest.raises(DiskRefused):
            await put(blobs, b"x")
        with pytest.raises(DiskRefused):
            await put(blobs, LARGE)
    (tmp_path / "file").touch()
    with pytest.raises(DiskRefused):
        async with open_blobs(tmp_path / "file"):
            pass


async def test_what_was_never_finished_is_cleared_when_it_is_old(tmp_path: Path) -> None:
    async with open_blobs(tmp_path) as blobs:
        key = await put(blobs, b"x")
        old, young = (tmp_path / f"{key}#{number}" for number in (1, 2))
        for unfinished, age_s in ((old, 7200), (young, 60)):
            unfinished.write_bytes(b"part")
            then = datetime.now(UTC).timestamp() - age_s
            os.utime(unfinished, (then, then))
        assert await all_keys(blobs) == {key}
        await blobs.clear(older_than_s=3600)
        assert not old.exists()
        assert young.exists()
        assert await blobs.get(key) == b"x"


async def test_a_large_one_goes_to_s3_in_parts_and_a_small_one_at_once(s3: S3StandIn) -> None:
    async with open_blobs(f"s3://{s3.bucket}/house/one/", options=s3.options) as blobs:
        small = await put(blobs, b"small")
        assert [seen.method for seen in s3.requests] == ["PUT"]
        large = await put(blobs, LARGE)
        assert s3.objects[f"house/one/{large}"].content == LARGE
        assert s3.objects[f"house/one/{small}"].media_type == "audio/wav"
        assert s3.uploads == {}


async def test_all_are_listed_page_by_page(s3: S3StandIn) -> None:
    s3.page = 3
    async with open_blobs(f"s3://{s3.bucket}", options=s3.options) as blobs:
        keys = {await put(blobs, b"x") for _ in range(8)}
        assert await all_keys(blobs) == keys


async def test_a_store_that_fails_once_is_asked_again_and_one_that_keeps_failing_is_unavailable(s3: S3StandIn) -> None:
    async with open_blobs(f"s3://{s3.bucket}", options=s3.options) as blobs:
        s3.answer_with(503, times=1)
        key = await put(blobs, b"x")
        s3.answer_with(503, times=100)
        with pytest.raises(StoreUnavailable) as raised:
            await blobs.get(key)
        assert raised.value.retryable


async def test_a_store_that_does_not_know_the_key_is_told_apart_without_the_secret(s3: S3StandIn) -> None:
    options = {**s3.options, "access_key_id": "somebody", "secret_access_key": "quite-secret"}
    async with open_blobs(f"s3://{s3.bucket}", options=options) as blobs:
        with pytest.raises(StoreUnavailable) as raised:
            await put(blobs, b"x")
    assert not raised.value.retryable
    assert "keys" in raised.value.message
    assert "quite-secret" not in raised.value.message
    assert s3.objects == {}


async def test_variables_of_other_programs_do_not_decide_where_blobs_go(
    s3: S3StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name, value in {
        "AWS_REGION": "elsewhere",
        "AWS_SESSION_TOKEN": "token",
        "AWS_SKIP_SIGNATURE": "true",
    }.items():
        monkeypatch.setenv(name, value)
    async with open_blobs(f"s3://{s3.bucket}", options=s3.options) as blobs:
        await put(blobs, b"x")
    seen = s3.requests[0]
    assert "/eu-test-1/s3/" in seen.headers["authorization"]
    assert "x-amz-security-token" not in seen.headers


@pytest.mark.parametrize(
    ("url", "options", "right"),
    [
        ("gs://bucket", {}, "s3://bucket/prefix"),
        ("s3://", {"access_key_id": "a", "secret_access_key": "b"}, "s3://bucket/prefix"),
        ("s3://bucket", {}, "access_key_id"),
        ("s3://bucket", {"access_key_id": "a", "secret_access_key": "b", "colour": "red"}, "endpoint"),
        ("s3://bucket", {"access_key_id": "a", "secret_access_key": "b", "allow_http": "maybe"}, "true or false"),
        ("s3://bucket", {"access_key_id": "a", "secret_access_key": "b", "endpoint": "http://x"}, "allow_http"),
        ("blobs", {"endpoint": "http://x"}, "a folder has none"),
    ],
)
async def test_a_store_that_cannot_be_is_refused_with_what_would_be_right(
    url: str, options: dict[str, str], right: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=right):
        async with open_blobs(url if "://" in url else tmp_path / url, options=options):
            pass
