/** The workflows of the measured tools. @module */
import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { task } from '../../src/workflow/index.js';
import { FINISH, SAY } from './signals.js';

export * from '../../workflows/index.js';

/** Does nothing until it gets a signal. */
export async function idle(): Promise<string> {
  let over = false;
  setHandler(defineSignal<[string]>(SAY), (text) => task.status(text));
  setHandler(defineSignal(FINISH), () => void (over = true));
  task.status('asleep');
  await condition(() => over);
  return 'done';
}
