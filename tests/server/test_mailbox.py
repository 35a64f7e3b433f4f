"""Where events of clients wait: what is taken, and when it ends."""

from __future__ import annotations

import asyncio

from stdbpy.engine.subscriptions.events import Ended, EndReason, Event, SubscriptionFailed
from stdbpy.server.doorbell import Doorbell
from stdbpy.server.websocket.mailbox import ClientMailbox

LATE = SubscriptionFailed(1, 1, "too late")


def test_the_end_is_the_last_that_is_taken() -> None:
    async def taken() -> list[Event]:
        mailbox = ClientMailbox(Doorbell(asyncio.get_running_loop()), lambda: None)
        mailbox.put(Ended(EndReason.DATABASE_GONE))
        mailbox.put(LATE)  # its thread did not know yet
        events, _ = await mailbox.take()
        return events

    assert asyncio.run(taken()) == [Ended(EndReason.DATABASE_GONE)]
