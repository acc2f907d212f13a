"""The recorded order among what is under way at once."""

from __future__ import annotations

import asyncio

from inspector.replay.order import Order

LONG = 20.0


def test_nobody_goes_on_before_what_came_before_it():
    async def scenario() -> None:
        order, came = Order(), []

        async def turn(moment: int) -> None:
            assert await order.come(moment, LONG)
            came.append(moment)
            order.done(moment)

        for moment in (20, 10, 30, 10):
            order.expect(moment)
        late = [asyncio.create_task(turn(moment)) for moment in (30, 20, 10)]
        await asyncio.sleep(0)
        await turn(10)
        await asyncio.gather(*late)
        assert came == [10, 10, 20, 30]
        assert await order.come(99, 0)

    asyncio.run(scenario())


def test_what_is_done_out_of_turn_is_done():
    async def scenario() -> None:
        order = Order()
        for moment in (1, 2, 3):
            order.expect(moment)
        order.done(2)
        assert not await order.come(3, 0)
        order.done(1)
        assert await order.come(3, 0)

    asyncio.run(scenario())


def test_nobody_waits_for_ever():
    async def scenario() -> None:
        order = Order()
        order.expect(1)
        assert not await order.come(2, 0.01)
        order.done(1)  # while nobody waits any more
        assert await order.come(2, LONG)

    asyncio.run(scenario())


def test_as_long_as_something_happens_it_is_worth_waiting():
    async def scenario() -> None:
        order = Order()
        for moment in range(4):
            order.expect(moment)
        waiting = asyncio.create_task(order.come(4, 0.2))
        for moment in range(4):  # longer than 0.2 s in all
            await asyncio.sleep(0.1)
            order.done(moment)
        assert await waiting

    asyncio.run(scenario())
