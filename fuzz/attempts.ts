/** Carries out one case and reports what is wrong with the answer. @module */
import type { Bytes, Case, Exchange, Race } from './cases/cases.js';
import { fillJson, fillText } from './cases/markers.js';
import { ask } from './client.js';
import { judge, judgeMessage, type Verdict } from './judge.js';
import { send } from './send/http.js';
import { sendBytes } from './send/socket.js';
import type { StdioPeer } from './send/stdio.js';
import type { FuzzedProcess } from './served/process.js';
import type { HttpServed, Services } from './services.js';
import { startTask } from './world.js';

/** What is wrong, or nothing; and the kind of answer, for the statistics. */
export interface Outcome {
  readonly problem: string | undefined;
  readonly kind: string;
}

const HANG_UP_AFTER = 30;
/** How long a line of the log may take to arrive, in milliseconds. */
const LOG_DELAY = 3_000;

export async function attempt({ target, attempt: what }: Case, { http, stdio }: Services): Promise<Outcome> {
  const sdk = target.endsWith('v1') ? 'v1' : 'v2';
  switch (what.kind) {
    case 'line':
      return await sendLine(what.line, stdio[sdk], http[sdk]);
    case 'request':
      return await exchange(what, http[sdk]);
    case 'bytes':
      return await onSocket(what, http[sdk]);
    case 'race':
      return await race(what, http[sdk]);
  }
}

/** A valid request after a wrong one, perhaps on the same connection. */
export async function stillRight({ url, users, sdk }: HttpServed): Promise<string | undefined> {
  const version = sdk === 'v1' ? '2025-11-25' : '2026-07-28';
  const reply = await ask({ url, token: users.ann }, version, 'tools/call', {
    name: 'echo',
    arguments: { text: 'right' },
    ...(sdk === 'v1' ? { task: {} } : {}),
  });
  const taskId = reply?.result?.taskId ?? reply?.result?.task?.taskId;
  return typeof taskId === 'string'
    ? undefined
    : `the next good request failed: ${JSON.stringify(reply ?? 'no answer').slice(0, 500)}`;
}

async function exchange({ verb, headers, body, by, afterwards }: Exchange, served: HttpServed): Promise<Outcome> {
  const { url, users, live, process } = served;
  const problems = process.problems;
  const token = by === 'ann' ? users.ann : by === 'forged' ? `${users.ann}x` : undefined;
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, sendable(fillText(value, live))]),
  );
  const sent = fillJson(body, live);
  const answer = await send({
    url,
    verb,
    headers: { ...filled, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: sent,
    ...(afterwards === 'hang-up' ? { hangUpAfter: HANG_UP_AFTER } : {}),
    unread: afterwards === 'never-read',
  });
  if (!answer) return { problem: process.crash && `the server ended: ${process.crash}`, kind: 'hung up' };
  if (afterwards === 'never-read') return { problem: undefined, kind: 'unread' };
  if (verb === 'HEAD') return { problem: undefined, kind: `HEAD ${answer.status}` };
  const stream = String(answer.headers['content-type'] ?? '').startsWith('text/event-stream');
  const requestSize = sent.length + JSON.stringify(filled).length;
  return await checked(judge({ ...answer, stream, requestSize }), process, problems, answer.text);
}

/** Node's client refuses these characters itself. A long header is refused by every server. */
function sendable(value: string): string {
  // eslint-disable-next-line no-control-regex -- exactly these
  return value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 8_000);
}

/** Some answers must leave a line in the log, which may arrive after the answer. */
async function checked(
  { problem, mustBeLogged, kind }: Verdict,
  process: FuzzedProcess,
  before: number,
  text: string,
): Promise<Outcome> {
  if (problem !== undefined) return { problem: `${problem}: ${text.slice(0, 500)}`, kind };
  if (!mustBeLogged || (await process.hasLogged(before, LOG_DELAY))) return { problem: undefined, kind };
  return { problem: `nothing was logged about this answer: ${text.slice(0, 500)}`, kind };
}

async function onSocket(bytes: Bytes, { port, process }: HttpServed): Promise<Outcome> {
  const given = await sendBytes(port, bytes);
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(given)?.[1];
  if (process.crash) return { problem: `the server ended: ${process.crash}`, kind: 'crash' };
  if (given !== '' && status === undefined)
    return { problem: `not an HTTP answer: ${given.slice(0, 200)}`, kind: 'wrong' };
  return {
    problem: status?.startsWith('5') ? `the status is ${status}: ${given.slice(0, 300)}` : undefined,
    kind: `bytes ${status ?? 'closed'}`,
  };
}

/** The errors of requests that come too late: the task has ended, or `tasks/result` of one that was cancelled. */
const EXPECTED = new Set([-32602, -32600]);

/** In 2025-11-25 a task whose cancellation was acknowledged is `cancelled`, whatever else happens to it. */
async function race({ tool, version, steps }: Race, { url, users }: HttpServed): Promise<Outcome> {
  const at = { url, token: users.ann };
  const taskId = await startTask(at, version, tool, tool === 'echo' ? { text: 'raced' } : {});
  const modern = version === '2026-07-28';
  const replies = await Promise.all(
    steps.map(async (step) => {
      if (step === 'list') return await ask(at, '2025-11-25', 'tasks/list');
      if (step === 'hang-up') return await ask(at, version, 'tasks/get', { taskId }, { hangUpAfter: 1 });
      if (step === 'result' && !modern) return await ask(at, version, 'tasks/result', { taskId }, { readFor: 200 });
      return await ask(at, version, step === 'cancel' ? 'tasks/cancel' : 'tasks/get', { taskId });
    }),
  );
  const unexpected = replies.find(
    (reply) => reply?.error && !EXPECTED.has(reply.error.code) && reply.error.data?.retryable !== true,
  );
  if (unexpected) return { problem: `a race ended in ${JSON.stringify(unexpected.error)}`, kind: 'race' };
  const cancelled = replies.some((reply, index) => steps[index] === 'cancel' && reply !== undefined && !reply.error);
  const end = await ask(at, version, 'tasks/get', { taskId });
  // Temporal may be busy with the other cases.
  if (end?.error?.data?.retryable === true) return { problem: undefined, kind: 'race busy' };
  const status = String(end?.result?.status);
  // In 2026-07-28 a cancellation is only a request: the task may go on, and complete.
  const right = cancelled
    ? modern
      ? ['working', 'input_required', 'cancelled', 'completed']
      : ['cancelled']
    : ['working', 'input_required', 'completed'];
  return {
    problem: right.includes(status) ? undefined : `after a race of ${steps.join(', ')} the task is ${status}`,
    kind: `race ${status}`,
  };
}

async function sendLine(line: string, peer: StdioPeer, { live }: HttpServed): Promise<Outcome> {
  const problems = peer.process.problems;
  const sent = fillJson(line, live).replaceAll(/[\r\n]/g, ' ');
  peer.write(sent);
  const { answer, before } = await peer.good('tools/list');
  const kinds = new Set<string>();
  let mustBeLogged = false;
  for (const text of [...before, answer]) {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return { problem: `stdout has something else than JSON-RPC: ${text.slice(0, 200)}`, kind: 'wrong' };
    }
    const verdict = judgeMessage(message, { requestSize: sent.length });
    if (verdict.problem !== undefined) return { problem: `${verdict.problem}: ${text.slice(0, 500)}`, kind: 'wrong' };
    if (text !== answer) kinds.add(verdict.kind);
    mustBeLogged ||= verdict.logged;
  }
  const { result } = JSON.parse(answer) as { result?: { tools?: unknown } };
  if (!Array.isArray(result?.tools))
    return { problem: `the next good request failed: ${answer.slice(0, 500)}`, kind: 'wrong' };
  const kind = `stdio ${[...kinds].join(' ')}`;
  return await checked({ problem: undefined, mustBeLogged, kind }, peer.process, problems, before.join('\n'));
}
