/** Turns DuckDB's errors about a bad file into messages a person can act on. Pure. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { globLiteral } from '../sql.js';

const CSV_LINE = /CSV Error on Line: (\d+)/;
const CSV_CAST = /Error when converting column "(.+?)"\. Could not convert string "([\s\S]*?)" to '(.+?)'/;
const CSV_COUNT = /Expected Number of Columns: (\d+) Found: (\d+)/;
const CSV_FILE = /^ {2}file = (.+)$/m;
const CSV_QUOTE = /^Value with unterminated quote found/m;
/** DuckDB's errors about a whole file, which name no cause. */
const CSV_RULES = /^Invalid Input Error: (?:Error when sniffing file|The CSV Parser state machine)/;
const CSV_SKIP = /^ {2}skip_rows = (\d+)/m;
const CSV_HEADER = /^ {2}header = true/m;
const JSON_LINE =
  /(Malformed JSON|JSON transform error) in file "(.+?)", (?:at byte \d+ )?in (?:line|record\/value) (\d+): ([^\n]+)/;
const SHORTAGE = /No space left|Too many open files/i;
const ENVIRONMENT = /^(?:IO|Out of Memory|Interrupt|INTERNAL|HTTP|Connection) Error/i;
/** Errors that a retry cannot fix, even if DuckDB reports them as errors of the environment. */
const UNREADABLE = /magic bytes|No files found|not a GZIP stream|ZSTD|Unknown frame descriptor/i;
const NO_PARQUET = /magic bytes|too small to be a Parquet file/i;
const CLOSED = /Permission denied|Cannot open file/i;
const DATA =
  /^(?:Conversion|Invalid Input|Invalid|Parser|Binder|Cast|Constraint|Out of Range|Serialization|Not implemented|Decimal Overflow|Permission) Error/i;

/**
 * Returns a `ToolError` if the file is at fault. It names the file, the row (from 1, without the header) and the
 * column, as far as DuckDB reports them. Otherwise returns the error itself, which is worth a retry.
 *
 * @param paths the files that were read, because DuckDB may name no file, or name it by its path on the worker
 */
export function sourceError(error: unknown, paths: readonly string[] = []): unknown {
  if (!(error instanceof Error)) return error;
  const path = paths.length === 1 ? paths[0] : paths.find((each) => firstLine(error.message).includes(each));
  const file = path === undefined ? undefined : basename(path);
  if (CSV_RULES.test(error.message))
    return new ToolError(
      `${file ?? 'the CSV file'} is not consistent CSV; check that all rows have the same number of fields, close their quotes, and end the same way (\\n or \\r\\n)`,
    );
  const message = csvProblem(error.message, file) ?? jsonProblem(error.message) ?? otherProblem(error.message, path);
  return message === undefined ? error : new ToolError(message);
}

function csvProblem(text: string, known = 'the CSV file'): string | undefined {
  const line = CSV_LINE.exec(text)?.[1];
  if (line === undefined) return undefined;
  const file = basename(CSV_FILE.exec(text)?.[1]?.trim() ?? known);
  // DuckDB counts records, not lines of text, and includes skipped ones and the header.
  const before = Number(CSV_SKIP.exec(text)?.[1] ?? 0) + (CSV_HEADER.test(text) ? 1 : 0);
  const where = `${file}, row ${Number(line) - before}`;
  const cast = CSV_CAST.exec(text);
  if (cast) return `${where}, column "${cast[1]}": "${cast[2]}" is not a valid ${cast[3]}`;
  const count = CSV_COUNT.exec(text);
  if (count) return `${where}: expected ${count[1]} columns but found ${count[2]}`;
  // The row follows, which may contain line breaks.
  const reason = CSV_QUOTE.test(text)
    ? 'a quote is not closed, or text follows the closing quote'
    : text.split('\n').find((part, i) => i > 0 && !part.startsWith('Original Line') && part.trim() !== '');
  return `${where}: ${reason?.trim() ?? 'not valid CSV'}`;
}

function jsonProblem(text: string): string | undefined {
  const match = JSON_LINE.exec(text);
  if (!match) return undefined;
  const [, problem, file = '', line, reason = ''] = match;
  // For malformed JSON, DuckDB 1.5 reports the number of the next row.
  const row = Number(line) - (problem === 'Malformed JSON' ? 1 : 0);
  return `${basename(file)}, row ${row}: ${reason.trim()}`;
}

function otherProblem(text: string, path?: string): string | undefined {
  // Without a path, the error may be about a file being written, so "cannot open" does not prove a bad source.
  const isFile = path === undefined ? UNREADABLE.test(text) : UNREADABLE.test(text) || CLOSED.test(text);
  if (SHORTAGE.test(text) || !(isFile || (DATA.test(text) && !ENVIRONMENT.test(text)))) return undefined;
  const name = path === undefined ? 'the source' : basename(path);
  if (NO_PARQUET.test(text)) return `${name} is not a Parquet file, or the file is incomplete`;
  const reason = firstLine(text).replace(/^[A-Z][\w ]+ Error: /, '');
  if (path === undefined) return `${name} cannot be read: ${reason}`;
  // Do not reveal the path on the worker to the caller.
  return `${name} cannot be read: ${reason.replaceAll(globLiteral(path), () => name).replaceAll(path, () => name)}`;
}

/** Returns the first line, without the SQL statement that DuckDB quotes below it. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
