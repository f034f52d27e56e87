/** The workflows without this package. @module */
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import { FINISH, SAY } from './signals.js';
import type { Work } from './work.js';

/** Does what the workflow `idle` does. */
export async function bareIdle(): Promise<string> {
  let over = false;
  setHandler(defineSignal<[string]>(SAY), () => undefined);
  setHandler(defineSignal(FINISH), () => void (over = true));
  await condition(() => over);
  return 'done';
}

/** One activity and nothing else: the least that a durable function can be. */
export async function bareTask(name: keyof Work, args: object): Promise<unknown> {
  const activities = proxyActivities<Record<string, (given: object) => Promise<unknown>>>({
    startToCloseTimeout: '1 hour',
  });
  return await activities[name]?.(args);
}
