/** File formats by name. Pure. @module */
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
 * The format a file's name stands for; `.gz` and `.zst` behind it are compression.
 *
 * @throws ToolError if the name says nothing
 */
export function formatOf(path: string): Format {
  const format = knownFormat(path);
  if (format) return format;
  throw new ToolError(
    `${basename(path)}: cannot tell the format by this name; say \`format\`: csv, json, ndjson or parquet`,
  );
}

/** The format a file's name stands for, if any. */
export function knownFormat(path: string): Format | undefined {
  const [name = '', extension = ''] = /\.([^.]+?)(?:\.(?:gz|zst))?$/.exec(basename(path).toLowerCase()) ?? [];
  return name !== '' && Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
}

/** The one format of several files. */
export function commonFormat(paths: readonly string[]): Format {
  const [first = '', ...others] = paths;
  const format = formatOf(first);
  const other = others.find((path) => formatOf(path) !== format);
  if (other === undefined) return format;
  throw new ToolError(
    `${basename(first)} and ${basename(other)} are of different formats; load them one format at a time`,
  );
}
