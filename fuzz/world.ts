/** The tasks, sessions and states that cases refer to. @module */
import { ask, type Reply } from './client.js';
import type { Live } from './cases/markers.js';
import type { Version } from './cases/messages.js';
import { SECRET } from './served/tools.js';

export interface Users {
  /** The token of the user whose requests are fuzzed. */
  readonly ann: string;
  /** The token of another user, whose requests must keep working. */
  readonly bob: string;
}

/** More tasks than fit on one page of a list, so that there is a cursor. */
const LISTED = 60;

/** Creates what the cases of one HTTP server refer to. */
export async function createWorld(url: string, sdk: 'v1' | 'v2', { ann, bob }: Users): Promise<Live> {
  const at = { url, token: ann };
  const version: Version = sdk === 'v1' ? '2025-11-25' : '2026-07-28';
  const done = await startTask(at, version, 'echo', { text: 'done' });
  const waiting = await startTask(at, version, 'wait', {});
  const asking = await startTask(at, version, 'ask', {});
  const foreign = await startTask({ url, token: bob }, version, 'echo', { text: SECRET });
  for (let listed = 0; listed < LISTED; listed += 1) await startTask(at, version, 'echo', { text: `${listed}` });
  const session = await beginSession(at);
  const cursor = await until(
    'a second page',
    async () => (await ask(at, '2025-11-25', 'tasks/list'))?.result?.nextCursor,
  );
  // The server sends the question on the stream of `tasks/result`.
  const question = await until(
    'a question',
    async () =>
      (await ask(at, '2025-11-25', 'tasks/result', { taskId: asking }, { session, readFor: 1_000 }))?.before.find(
        ({ method }) => method === 'elicitation/create',
      )?.id,
  );
  const form = { capabilities: { elicitation: { form: {} } } };
  const state = async (name: string): Promise<string> =>
    sdk === 'v1'
      ? 'none'
      : await until(`the state of ${name}`, async () => {
          const reply = await ask(at, version, 'tools/call', { name, arguments: {} }, form);
          return reply?.result?.requestState;
        });
  return {
    done,
    waiting,
    asking,
    foreign,
    cursor,
    session,
    question,
    state: await state('careful'),
    taskState: await state('ask'),
  };
}

/** Starts a task. @returns its ID */
export async function startTask(
  at: { readonly url: string; readonly token: string },
  version: Version,
  name: string,
  args: object,
): Promise<string> {
  const reply = await ask(at, version, 'tools/call', {
    name,
    arguments: args,
    ...(version === '2025-11-25' ? { task: { ttl: 3_600_000 } } : {}),
  });
  const taskId = reply?.result?.taskId ?? reply?.result?.task?.taskId;
  if (typeof taskId !== 'string') throw new Error(`${name} did not become a task: ${shown(reply)}`);
  return taskId;
}

/** Begins a session of a client that can answer questions. @returns its ID */
async function beginSession(at: { readonly url: string; readonly token: string }): Promise<string> {
  const begun = await ask(at, '2025-11-25', 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {}, tasks: {} },
    clientInfo: { name: 'fuzz', version: '0' },
  });
  const id = begun?.headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error(`no session: ${shown(begun)}`);
  return id;
}

/** How often to try, at most. Each attempt waits for the server or for a stream. */
const ATTEMPTS = 100;

async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tried = 0; tried < ATTEMPTS; tried += 1) {
    const found = await attempt();
    if (found !== undefined) return found;
  }
  throw new Error(`there is no ${what}`);
}

function shown(reply: Reply | undefined): string {
  return JSON.stringify(reply)?.slice(0, 500) ?? 'no answer';
}
