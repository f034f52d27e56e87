"""The measured tools on FastMCP and Docket. BENCH_PORT is the port, FASTMCP_DOCKET_URL the Redis."""

import asyncio
import os
import time

from fastmcp import FastMCP
from fastmcp.utilities.tasks import TaskConfig
from fastmcp_tasks import TasksExtension

server = FastMCP("bench")
# As many tasks at a time as our worker runs activities.
server.add_extension(TasksExtension(url=os.environ["FASTMCP_DOCKET_URL"], name="bench", concurrency=100))
task = TaskConfig(mode="optional")


def ended() -> dict:
    return {"ended": time.monotonic() * 1000}


@server.tool(task=task)
async def echo() -> dict:
    return ended()


@server.tool(task=task)
async def wait(ms: float) -> dict:
    await asyncio.sleep(ms / 1000)
    return ended()


server.run(
    transport="http",
    host="127.0.0.1",
    port=int(os.environ["BENCH_PORT"]),
    stateless_http=True,
    show_banner=False,
    log_level="warning",
)
