"""Tasks that were left behind are found, and those that are ending are given their time."""

from __future__ import annotations

import asyncio

from syrinx.testing.tasks import none_left_but
from syrinx.testing.virtual_time import virtual_time


@virtual_time
async def test_a_task_that_ends_in_time_is_not_left_behind():
    before = asyncio.all_tasks()
    ending = asyncio.create_task(asyncio.sleep(0.9))
    assert await none_left_but(before)
    assert ending.done()


@virtual_time
async def test_a_task_that_goes_on_is_left_behind():
    before = asyncio.all_tasks()
    going_on = asyncio.create_task(asyncio.sleep(1.1))
    assert not await none_left_but(before)
    await going_on


@virtual_time
async def test_without_new_tasks_no_time_passes():
    assert await none_left_but(asyncio.all_tasks())
    assert asyncio.get_running_loop().time() == 0.0
