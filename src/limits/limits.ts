/**
 * Temporal's size limits and the limits that this package derives from them. Temporal terminates a workflow, or retries
 * a message forever, if something too large reaches it, so everything is measured before it is sent. Pure, and safe in
 * the workflow sandbox.
 * @module
 */

/**
 * The maximum size of the values in one message, in encoded bytes: arguments, a result, an answer, open questions.
 * Temporal's own limit is 2 MiB (2,097,152 bytes) per history event; the difference leaves room for metadata.
 */
export const LARGEST_PAYLOAD = 2_000_000;
/**
 * The maximum size of one value that external storage takes, in encoded bytes. Servers and workers hold such values in
 * memory, several copies at a time.
 */
export const LARGEST_STORED = 50_000_000;
/**
 * The maximum size of everything that a workflow sends in one workflow task, in bytes: the limit of a gRPC message is
 * 4 MiB.
 */
export const LARGEST_MESSAGE = 4_000_000;
/**
 * The maximum size of a checkpoint, in bytes of JSON. Each heartbeat sends it, and Temporal keeps it in the workflow's
 * state, which is limited to 8 MiB.
 */
export const LARGEST_CHECKPOINT = 1_000_000;
/** The maximum size of the data of an error, in bytes of JSON. */
export const LARGEST_ERROR_DATA = 1_000_000;
/** The maximum length of an error's message, in characters. */
export const LONGEST_ERROR = 100_000;
/** The maximum length of the message of an error's cause, in characters. */
export const LONGEST_CAUSE = 2_000;
/** The maximum length of a status or progress message, in characters. */
export const LONGEST_STATUS = 1_000;
/** The maximum length of a progress token that is a string, in characters. */
export const LONGEST_TOKEN = 256;

/** What to do about something too large, by its kind. */
const ADVICE = {
  arguments: "Pass a file's path or URL instead of its content",
  answer: 'Shorten the answer',
  result: 'Return a link to it instead',
  checkpoint: 'Save the data elsewhere and checkpoint where it is',
  input: 'Pass a link to the data instead',
  question: 'Shorten the question, or ask fewer questions at once',
} as const;

/**
 * Returns the error text for something too large. It names the size, the limit and the next step.
 * @param what what is too large, as the beginning of a sentence: 'The arguments are'
 * @param size in bytes
 * @param limit in bytes. External storage takes what exceeds {@link LARGEST_PAYLOAD}, and nothing else
 */
export function tooLarge(what: string, size: number, kind: keyof typeof ADVICE, limit = LARGEST_PAYLOAD): string {
  const storage =
    limit === LARGEST_PAYLOAD && kind !== 'question'
      ? ', or configure external storage on the server and its workers'
      : '';
  return `${what} ${number(size)} bytes; the limit is ${number(limit)}. ${ADVICE[kind]}${storage}.`;
}

/** Cuts a text to a number of characters, and marks the cut. */
export function cut(text: string, length: number): string {
  // A cut in the middle of a surrogate pair would leave half a character.
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Made once: making one takes longer than everything else about a status message. */
const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

export function number(value: number): string {
  return NUMBER.format(value);
}
