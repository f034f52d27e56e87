/** Determines a file's format from its name. Pure. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import type { Format } from './pins.js';

const EXTENSIONS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
};

/**
 * Returns the format that a file's extension stands for, ignoring a trailing `.gz` or `.zst`.
 *
 * @throws ToolError if the extension is unknown
 */
export function formatOf(path: string): Format {
  const format = knownFormat(path);
  if (format) return format;
  throw new ToolError(`${basename(path)}: unknown file extension; set \`format\` to csv, json, ndjson or parquet`);
}

/** Returns the format that a file's extension stands for, or undefined. */
export function knownFormat(path: string): Format | undefined {
  const [name = '', extension = ''] = /\.([^.]+?)(?:\.(?:gz|zst))?$/.exec(basename(path).toLowerCase()) ?? [];
  return name !== '' && Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
}

/**
 * Returns the format that all files share.
 *
 * @throws ToolError if an extension is unknown or the formats differ
 */
export function commonFormat(paths: readonly string[]): Format {
  const [first = '', ...others] = paths;
  const format = formatOf(first);
  const other = others.find((path) => formatOf(path) !== format);
  if (other === undefined) return format;
  throw new ToolError(
    `${basename(first)} and ${basename(other)} have different formats; use files of one format at a time`,
  );
}
