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
 * Makes an error fit to be sent. Otherwise Temporal would replace it with one that says nothing, or retry reporting it
 * until the step times out, or the worker would break down.
 *
 * - Cuts the message, stack trace and causes if they are too large. Drops details that are too large, and says so in the
 *   message.
 * - Replaces halves of surrogate pairs, which messages end with if they were cut in the middle of a character. Protobuf
 *   refuses them, and Temporal's worker ends.
 * @returns the same error, changed; a copy if it cannot be changed
 */
export function cutError(error: unknown): unknown {
  if (typeof error === 'string') return fitting(error, LONGEST_ERROR);
  return error instanceof Error ? cutChain(error) : error;
}

function cutChain(error: Cuttable): Cuttable {
  const chain: [Cuttable, ...Cuttable[]] = [changeable(error)];
  for (let last: Cuttable = chain[0]; last.cause instanceof Error && chain.length <= MOST_CAUSES;) {
    const cause = changeable(last.cause);
    if (cause !== last.cause) set(last, 'cause', cause);
    chain.push(cause);
    last = cause;
  }
  const last = chain.at(-1);
  if (last?.cause instanceof Error) set(last, 'cause', undefined);
  const said = chain.findIndex(({ name }) => !WRAPPERS.has(name));
  const changed = chain.map((one, index) => cutOne(one, index <= said ? LONGEST_ERROR : LONGEST_CAUSE));
  if (changed.includes(true)) for (const one of chain) if (one.failure !== undefined) set(one, 'failure', undefined);
  return chain[0];
}

/** Returns the error, or a copy of it if its message cannot be set: it is frozen, or a `DOMException`. */
function changeable(error: Cuttable): Cuttable {
  if (set(error, 'message', error.message)) return error;
  const fields = Object.entries(Object.getOwnPropertyDescriptors(error)).map(([name, { value }]) => [name, value]);
  const { name, message, stack } = error;
  const all = Object.entries({ ...Object.fromEntries(fields), name, message, stack } as object);
  const descriptors = all.map(([field, value]) => [field, { value: value as unknown, writable: true }]);
  return Object.create(Object.getPrototypeOf(error) as object, Object.fromEntries(descriptors)) as Cuttable;
}

/** @returns whether anything was cut */
function cutOne(error: Cuttable, limit: number): boolean {
  const { stack, details } = error;
  const message = asText(error.message);
  const note = Array.isArray(details) ? droppedNote('Its details', details) : undefined;
  if (note !== undefined) set(error, 'details', undefined);
  const shorter = note === undefined ? fitting(message, limit) : `${fitting(message, limit)} (${note})`;
  const changed = shorter !== error.message;
  if (changed) set(error, 'message', shorter);
  if (typeof stack !== 'string') {
    set(error, 'stack', undefined);
    return changed;
  }
  if (!changed && stack.isWellFormed() && stack.length <= limit + LONGEST_STACK) return changed;
  // A stack trace begins with the message.
  const at = stack.indexOf(message);
  const frames = at < 0 ? stack : stack.slice(at + message.length);
  set(
    error,
    'stack',
    `${at < 0 ? '' : fitting(stack.slice(0, at), LONGEST_STACK)}${shorter}${fitting(frames, LONGEST_STACK)}`,
  );
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

/** A program may have set an error's message to something other than a string. */
function asText(message: unknown): string {
  return typeof message === 'string' ? message : String(message);
}

function fitting(text: string, length: number): string {
  return cut(text, length).toWellFormed();
}

/** @returns whether it could be set */
function set<Key extends keyof Cuttable>(error: Cuttable, key: Key, value: Cuttable[Key]): boolean {
  return Reflect.set(error, key, value);
}
