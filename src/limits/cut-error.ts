/** Cuts errors so that they can be sent. Safe in the workflow sandbox. @module */
import { jsonSize } from './json-size.js';
import { cut, LARGEST_ERROR_DATA, LONGEST_CAUSE, LONGEST_ERROR, number } from './limits.js';

/** How many causes of an error are kept. */
const MOST_CAUSES = 10;
/** The maximum length of a stack trace besides the message, in characters. */
const LONGEST_STACK = 20_000;

/** Errors that only say where their cause comes from. */
const WRAPPERS = new Set(['ActivityFailure', 'ChildWorkflowFailure']);

interface Cuttable {
  readonly name: string;
  message: string;
  stack?: string;
  details?: unknown;
  cause?: unknown;
  /** The failure that the error was decoded from. If set, Temporal sends it instead of the error. */
  failure?: unknown;
}

/**
 * Cuts the message, stack trace and causes of an error that are too large. Drops details that are too large, and says
 * so in the message. Otherwise Temporal would replace the error with one that says nothing, or retry reporting it until
 * the step times out.
 * @returns the same error, changed
 */
export function cutError(error: unknown): unknown {
  if (typeof error === 'string') return cut(error, LONGEST_ERROR);
  if (error instanceof Error) cutChain(error);
  return error;
}

function cutChain(error: Cuttable): void {
  const chain: Cuttable[] = [error];
  for (let last = error; last.cause instanceof Error && chain.length <= MOST_CAUSES; last = last.cause)
    chain.push(last.cause);
  const last = chain.at(-1);
  if (last?.cause instanceof Error) set(last, 'cause', undefined);
  const said = chain.findIndex(({ name }) => !WRAPPERS.has(name));
  const changed = chain.map((one, index) => cutOne(one, index <= said ? LONGEST_ERROR : LONGEST_CAUSE));
  if (changed.includes(true)) for (const one of chain) if (one.failure !== undefined) set(one, 'failure', undefined);
}

/** @returns whether anything was cut */
function cutOne(error: Cuttable, limit: number): boolean {
  const { message, stack, details } = error;
  const note = Array.isArray(details) ? droppedNote('Its details', details) : undefined;
  if (note !== undefined) set(error, 'details', undefined);
  const shorter = note === undefined ? cut(message, limit) : `${cut(message, limit)} (${note})`;
  if (shorter !== message) set(error, 'message', shorter);
  const changed = shorter !== message;
  if (stack === undefined || (!changed && stack.length <= limit + LONGEST_STACK)) return changed;
  // A stack trace begins with the message.
  const at = stack.indexOf(message);
  const frames = at < 0 ? stack : stack.slice(at + message.length);
  set(error, 'stack', `${at < 0 ? '' : stack.slice(0, at)}${shorter}${cut(frames, LONGEST_STACK)}`);
  return true;
}

/** Returns why the data of an error cannot be kept; `undefined` if it can. */
export function droppedNote(what: string, data: unknown): string | undefined {
  try {
    const size = jsonSize([data]);
    return size <= LARGEST_ERROR_DATA
      ? undefined
      : `${what}, ${number(size)} bytes, were dropped: the limit is ${number(LARGEST_ERROR_DATA)}`;
  } catch {
    return `${what} were dropped: they are not JSON`;
  }
}

function set<Key extends keyof Cuttable>(error: Cuttable, key: Key, value: Cuttable[Key]): void {
  // A frozen error stays as it is.
  Reflect.set(error, key, value);
}
