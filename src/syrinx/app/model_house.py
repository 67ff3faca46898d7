"""What the HTTP routes of models and the Talk notice are answered with."""

from __future__ import annotations

from urllib.parse import urlsplit

from syrinx.app.advising import recommended, worth_a_notice
from syrinx.app.house import House
from syrinx.engines.abilities import Ability, fast_enough
from syrinx.engines.models import CatalogueModel, ModelKind, ModelStatus, PullProgress
from syrinx.errors import EngineUnavailable, SyrinxError
from syrinx.transports.http.errors import ErrorBody
from syrinx.transports.http.models import (
    AbilityEntry,
    LicenceEntry,
    ModelEntry,
    ModelHouse,
    ModelList,
    ProgressEntry,
    Verification,
)
from syrinx.transports.http.talk import BetterOption


def model_house(house: House) -> ModelHouse:
    """The store of this house, as the routes need it."""

    async def listed() -> ModelList:
        hub = house.models.hub
        names = await _names_in_use(house)
        advised = {model.name for model in recommended(house).values()}
        return ModelList(
            models=[_entry(house, status, in_use=names, advised=advised) for status in house.models.statuses()],
            folder=str(house.models.folder),
            free_bytes=house.models.free_bytes(),
            hub=hub.shown_endpoint,
            offline=hub.offline,
        )

    async def one(name: str) -> ModelEntry:
        advised = {model.name for model in recommended(house).values()}
        return _entry(house, house.models.status(name), in_use=await _names_in_use(house), advised=advised)

    async def pull(name: str, accept_licence: str | None) -> ModelEntry:
        house.models.pull(name, accept_licence=accept_licence)
        return await one(name)

    async def cancel(name: str) -> ModelEntry:
        await house.models.cancel(name)
        return await one(name)

    async def remove(name: str) -> ModelEntry:
        await house.models.remove(name)
        house.shelf.refresh()
        return await one(name)

    async def verify(name: str) -> Verification:
        problems = await house.models.verify(name)
        return Verification(ok=not problems, problems=list(problems))

    return ModelHouse(list=listed, pull=pull, cancel=cancel, remove=remove, verify=verify)


async def better_options(house: House) -> list[BetterOption]:
    """What is worth a line in Talk."""
    return [
        BetterOption(
            kind=each.model.kind,
            model=each.model.name,
            title=each.model.title,
            size_bytes=each.model.size_bytes,
            says=each.says,
        )
        for each in await worth_a_notice(house)
    ]


async def _names_in_use(house: House) -> set[tuple[ModelKind, str]]:
    found: set[tuple[ModelKind, str]] = set()
    for kind in ("stt", "tts", "llm"):
        try:
            found |= {(kind, name) for name in await house.engines.in_use(kind)}
        except EngineUnavailable:
            continue
    return found


def _entry(house: House, status: ModelStatus, *, in_use: set[tuple[ModelKind, str]], advised: set[str]) -> ModelEntry:
    model = status.model
    return ModelEntry(
        name=model.name,
        engine=model.engine,
        kind=model.kind,
        title=model.title,
        good_for=model.good_for,
        languages=list(model.languages),
        size_bytes=model.size_bytes,
        memory_bytes=model.memory_bytes,
        licence=_licence(model),
        repository=model.repository,
        hosts=_hosts(model, house.models.hub.shown_endpoint),
        revision=model.revision,
        preference=model.preference,
        state=status.state,
        progress=_progress(status.progress),
        failure=_failure(status.failure),
        problem=status.problem or house.measuring.failure(model.kind, model.name),
        partial_bytes=status.partial_bytes,
        in_use=(model.kind, model.name) in in_use,
        adopted=status.adopted,
        ability=_ability(model.kind, house.shelf.ability(model.kind, model.name)),
        measuring=house.measuring.pending(model.kind, model.name),
        recommended=model.name in advised,
    )


def _hosts(model: CatalogueModel, hub: str) -> list[str]:
    addresses = dict.fromkeys(file.url or hub for file in model.files)
    return list(dict.fromkeys(urlsplit(address).netloc for address in addresses))


def _licence(model: CatalogueModel) -> LicenceEntry:
    licence = model.licence
    return LicenceEntry(id=licence.id, name=licence.name, url=licence.url, summary=licence.summary)


def _progress(progress: PullProgress | None) -> ProgressEntry | None:
    if progress is None:
        return None
    return ProgressEntry(
        stage=progress.stage,
        done_bytes=progress.done_bytes,
        total_bytes=progress.total_bytes,
        bytes_per_s=progress.bytes_per_s,
        seconds_left=progress.seconds_left,
    )


def _failure(error: SyrinxError | None) -> ErrorBody | None:
    return None if error is None else ErrorBody(code=error.code, message=error.message, retryable=error.retryable)


def _ability(kind: ModelKind, ability: Ability | None) -> AbilityEntry | None:
    if ability is None:
        return None
    return AbilityEntry(
        real_time_factor=ability.real_time_factor,
        first_ms=round(1000 * ability.first_s, 1),
        tokens_per_s=ability.tokens_per_s,
        fast_enough=fast_enough(kind, ability),
    )
