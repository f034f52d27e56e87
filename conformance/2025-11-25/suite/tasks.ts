/** Steps that many tests share. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../wire/exchange.js';
import { type Json, type Message, relatedTask } from '../wire/message.js';
import { TERMINAL } from '../wire/schemas.js';
import { PATIENCE, type Answer, type Session } from '../wire/session.js';
import { check, Failed, seen, skip, within } from './verdict.js';

/** A task as the server sent it, not validated except for its ID. */
export type ReadTask = Json & { readonly taskId: string };

/** How often to poll a task, in milliseconds: short enough to see a short-lived status. */
const POLL = 100;
/** How many pages of a list to read: a server may have many tasks from earlier runs. */
const MOST_PAGES = 50;

/** Calls a tool as a task and returns the whole `CreateTaskResult`. */
export async function call(
  session: Session,
  name: string,
  args: Json = {},
  extra: Json = {},
): Promise<Json & { task: ReadTask }> {
  const result = await session.result('tools/call', { name, arguments: args, task: { ttl: 60_000 }, ...extra });
  const task = result['task'] as ReadTask | undefined;
  check(typeof task?.taskId === 'string', `the call of ${name} as a task was answered with ${seen(result)}`);
  return result as Json & { task: ReadTask };
}

export async function startTask(session: Session, name: string, args?: Json, extra?: Json): Promise<string> {
  return (await call(session, name, args, extra)).task.taskId;
}

/** Starts a task that works for `seconds` seconds. */
export async function startSlow(session: Session, seconds: number, extra?: Json): Promise<string> {
  return await startTask(session, 'slow_compute', { seconds, label: 'conformance' }, extra);
}

export async function get(session: Session, taskId: string): Promise<ReadTask> {
  return (await session.result('tasks/get', { taskId })) as ReadTask;
}

/** Polls until the task matches `wanted`. @returns every task read on the way, the matching one last */
export async function poll(
  session: Session,
  taskId: string,
  what: string,
  wanted: (task: ReadTask) => boolean,
): Promise<ReadTask[]> {
  const read: ReadTask[] = [];
  const over = new AbortController();
  const looks = async (): Promise<void> => {
    for (; !over.signal.aborted; await delay(POLL)) {
      const task = await get(session, taskId);
      read.push(task);
      if (wanted(task)) return;
    }
  };
  try {
    await within(PATIENCE, `the task to be ${what}`, looks());
  } catch (error) {
    throw read.length > 0 && error instanceof Failed
      ? new Failed(`${error.message}; the last read was ${seen(read.at(-1))}`)
      : error;
  } finally {
    over.abort();
  }
  return read;
}

export const isTerminal = (task: ReadTask): boolean => TERMINAL.includes(String(task['status']));

export async function finished(session: Session, taskId: string): Promise<ReadTask> {
  return (await poll(session, taskId, 'in a terminal status', isTerminal)).at(-1) as ReadTask;
}

/** Returns the answer to `tasks/result`, which may have to wait for the task to end. */
export async function resultOf(session: Session, taskId: string, patience = PATIENCE): Promise<Answer> {
  return await session.ask('tasks/result', { taskId }, patience);
}

export async function cancel(session: Session, taskId: string): Promise<Answer> {
  if (!declares(session, 'cancel')) skip('the server does not declare tasks.cancel');
  return await session.ask('tasks/cancel', { taskId });
}

export function declares(session: Session, what: 'list' | 'cancel'): boolean {
  return ((session.capabilities['tasks'] ?? {}) as Json)[what] !== undefined;
}

export type Question = Message & { readonly params: Json };

/** Returns the questions that have arrived for this task on any stream, in order. */
export function questions(session: Session, taskId: string): Question[] {
  const all = session.arrived.items.flatMap(({ message }) =>
    message?.method === 'elicitation/create' ? [message as Question] : [],
  );
  // A question without the metadata counts as this task's. Another test checks the metadata.
  return all.filter((asked) => (relatedTask(asked) ?? taskId) === taskId);
}

/** Waits for the task's `nth` question, counted from 1, on any stream. */
export async function question(session: Session, taskId: string, nth = 1): Promise<Question> {
  await within(
    PATIENCE,
    `question ${nth} of the task (elicitation/create)`,
    session.arrived.find(() => questions(session, taskId).length >= nth),
  );
  return questions(session, taskId)[nth - 1] as Question;
}

/**
 * Accepts a form, filling in "yes", true or 1 depending on the field type.
 * @returns the HTTP status and body of the answer to that
 */
export async function accept(session: Session, { id, params }: Question): Promise<{ status: number; body: string }> {
  const { properties = {} } = (params['requestedSchema'] ?? {}) as { properties?: Record<string, { type?: string }> };
  const content = Object.fromEntries(
    Object.entries(properties).map(([name, { type }]) => [
      name,
      type === 'boolean' ? true : type === 'string' ? 'yes' : 1,
    ]),
  );
  return await session.post({ jsonrpc: '2.0', id, result: { action: 'accept', content } });
}

export interface Asking {
  readonly taskId: string;
  readonly result: { readonly exchange: Exchange; readonly answer: Promise<Answer> };
}

/** Starts a task that asks, with every stream open on which its question may arrive. */
export async function startAsking(
  session: Session,
  tool = 'confirm_delete',
  args: Json = { filename: 'conformance.txt' },
): Promise<Asking> {
  await session.listen();
  const taskId = await startTask(session, tool, args);
  return { taskId, result: session.send('tasks/result', { taskId }) };
}

/** Yields the pages of `tasks/list`, requesting each only when it is read. */
export async function* pages(session: Session): AsyncGenerator<{ page: Json; tasks: ReadTask[] }> {
  if (!declares(session, 'list')) skip('the server does not declare tasks.list');
  for (let cursor: unknown, count = 0; count < MOST_PAGES; count++) {
    const page = await session.result('tasks/list', cursor === undefined ? {} : { cursor });
    yield { page, tasks: (page['tasks'] ?? []) as ReadTask[] };
    cursor = page['nextCursor'];
    if (cursor === undefined) return;
  }
}

export async function firstPage(session: Session): Promise<{ page: Json; tasks: ReadTask[] }> {
  for await (const first of pages(session)) return first;
  throw new Failed('tasks/list returned no page');
}

/** Finds the task in `tasks/list`; returns `undefined` if it is on no page. */
export async function listed(session: Session, taskId: string): Promise<ReadTask | undefined> {
  for await (const { tasks } of pages(session)) {
    const found = tasks.find((task) => task.taskId === taskId);
    if (found) return found;
  }
}

export interface Tool {
  readonly name: string;
  readonly execution?: { readonly taskSupport?: string };
}

export async function tools(session: Session): Promise<Tool[]> {
  return ((await session.result('tools/list'))['tools'] ?? []) as Tool[];
}

export async function taskSupport(session: Session, name: string): Promise<string> {
  const tool = (await tools(session)).find((each) => each.name === name);
  check(tool, `the server does not offer the fixture tool ${name}`);
  return tool.execution?.taskSupport ?? 'forbidden';
}
