"""Backfill: writes days of a table from the archive, and takes them away again if it is cancelled."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities import BackfillRequest, connect_archive, count_days, remove_days, write_days

TASK_QUEUE = "backfill"


@workflow.defn
class VerifyDays:
    @workflow.run
    async def run(self, request: BackfillRequest) -> int:
        retry = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=1))
        return await workflow.execute_activity(count_days, request, start_to_close_timeout=timedelta(seconds=10), retry_policy=retry)


@workflow.defn
class Backfill:
    @workflow.run
    async def run(self, request: BackfillRequest) -> dict:
        retry = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=1), maximum_attempts=100)
        try:
            await workflow.execute_activity(connect_archive, request, start_to_close_timeout=timedelta(seconds=10), retry_policy=retry)
            await workflow.execute_activity(
                write_days,
                request,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(seconds=2),
                retry_policy=retry,
                # No day may be written any more when they are removed.
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
            await asyncio.sleep(request.settle_ms / 1000)
            days = await workflow.execute_child_workflow(VerifyDays.run, request)
        except BaseException as error:
            if is_cancelled_exception(error):
                await workflow.execute_activity(remove_days, request, start_to_close_timeout=timedelta(seconds=10))
            raise
        return {"table": request.table, "days": days}
