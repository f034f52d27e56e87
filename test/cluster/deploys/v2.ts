/** Version 2: different steps in a different order, so that histories of version 1 do not replay on it. */
import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../deploys.test.js';

export * from '../../../workflows/index.js';

const { opened } = proxyActivities<Activities>({ startToCloseTimeout: '5 minutes', heartbeatTimeout: '10 seconds' });

export async function monthlyReport({ gate }: { gate: string }): Promise<{ version: number }> {
  await sleep(10);
  await opened(gate);
  return { version: 2 };
}
