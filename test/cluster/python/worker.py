"""A worker for backfills. It connects as TEMPORAL_ADDRESS and its kin say."""

import asyncio
import signal

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from activities import connect_archive, count_days, remove_days, write_days
from workflows import TASK_QUEUE, Backfill, VerifyDays


async def main() -> None:
    client = await Client.connect(**ClientConfig.load_client_connect_config())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Backfill, VerifyDays],
        activities=[connect_archive, write_days, remove_days, count_days],
    )
    async with worker:
        print("The worker has started", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
