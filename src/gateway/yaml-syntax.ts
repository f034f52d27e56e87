/** Explains how to fix a YAML syntax error. Pure. @module */
import type { ErrorCode } from 'yaml';

const INDENTATION =
  'the indentation does not fit: what belongs together begins in the same column, in spaces, and an entry of a list with "- "';
const QUOTES = 'a text with a colon and a space in it, or one that begins with a special character, goes in quotes';

const HELP: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: INDENTATION,
  BAD_SCALAR_START: QUOTES,
  BLOCK_AS_IMPLICIT_KEY: `${INDENTATION}; ${QUOTES}`,
  BLOCK_IN_FLOW: INDENTATION,
  DUPLICATE_KEY: 'this key is there already: keep one of them',
  MULTILINE_IMPLICIT_KEY: `${INDENTATION}; ${QUOTES}`,
  MULTIPLE_DOCS: 'a file is one document: remove the line ---, or make two files of it',
  NON_STRING_KEY: QUOTES,
  TAB_AS_INDENT: 'a tab cannot indent: write spaces',
  TAG_RESOLVE_FAILED: 'this tag (!…) is not known: leave it out, or put the text in quotes',
};

/**
 * Returns what is wrong and what to write instead.
 * @param message the parser's message; it may quote part of the file, and so a secret
 */
export function syntaxProblem(code: ErrorCode, message: string): string {
  if (message.startsWith('Flow ')) return 'its closing ] or } is missing, or stands too far to the left';
  const help = message === 'Sequence item without - indicator' ? INDENTATION : HELP[code];
  return (
    help ?? `this is not YAML: ${message.replace(/: .*$/s, '')}${code === 'UNEXPECTED_TOKEN' ? `; ${QUOTES}` : ''}`
  );
}
