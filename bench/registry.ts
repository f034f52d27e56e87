/** The rows of the benchmark, in the order of their numbers. @module */
import type { Row } from './harness/row.js';
import { getNew } from './rows/get-new.js';
import { getRunning } from './rows/get-running.js';
import { growth } from './rows/growth.js';
import { listLag } from './rows/list-lag.js';
import { load } from './rows/load.js';
import { push } from './rows/push.js';
import { requestsPerTask } from './rows/requests.js';
import { result } from './rows/result.js';
import { start } from './rows/start.js';
import { submit } from './rows/submit.js';
import { subscriptions } from './rows/subscriptions.js';
import { throughput } from './rows/throughput.js';
import { waits } from './rows/waits.js';

export const ROWS: readonly Row[] = [
  submit,
  getRunning,
  getNew,
  result,
  push,
  throughput,
  requestsPerTask,
  waits,
  load,
  start,
  growth,
  subscriptions,
  listLag,
];
