"""What the backfill does, on the folder DATA_DIR: TABLE.days holds the days that were written, TABLE.lock is there
while somebody else works on the table.
"""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

DIR = Path(os.environ.get("DATA_DIR", "."))


@dataclass
class BackfillRequest:
    table: str
    days: int
    settle_ms: int = 0


@activity.defn
async def connect_archive(request: BackfillRequest) -> None:
    """Fails until the archive has come up."""
    if request.table == "secrets":
        raise ApplicationError("the table secrets is not for backfills", type="ForbiddenTable", non_retryable=True)
    if not (DIR / f"{request.table}.archive").exists():
        raise ConnectionError(f"the archive of {request.table} is down")


@activity.defn
async def write_days(request: BackfillRequest) -> int:
    """Goes on after the last day that an earlier attempt has told of."""
    details = activity.info().heartbeat_details
    done = details[0]["progress"] if details else 0
    folder = DIR / f"{request.table}.days"
    folder.mkdir(exist_ok=True)
    while done < request.days:
        await asyncio.sleep(0.02)
        (folder / str(done)).touch()
        done += 1
        activity.heartbeat({"progress": done, "total": request.days, "message": "days"})
    return done


@activity.defn
async def remove_days(request: BackfillRequest) -> None:
    shutil.rmtree(DIR / f"{request.table}.days", ignore_errors=True)


@activity.defn
async def count_days(request: BackfillRequest) -> int:
    if (DIR / f"{request.table}.lock").exists():
        raise BlockingIOError(f"the table {request.table} is locked")
    return len(list((DIR / f"{request.table}.days").iterdir()))
