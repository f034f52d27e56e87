/** What `inspect` pins about a source, so that every later attempt reads the same rows in the same order. @module */

import type { Where } from './where.js';

export type Format = 'csv' | 'json' | 'ndjson' | 'parquet';

export interface Column {
  readonly name: string;
  /** DuckDB's type, as `DESCRIBE` prints it. */
  readonly type: string;
}

/** A CSV file's dialect, as detected by DuckDB's sniffer. */
export interface CsvDialect {
  readonly delim: string;
  readonly quote: string;
  readonly escape: string;
  readonly newLine: string;
  readonly comment: string;
  readonly skip: number;
  readonly header: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  /** The columns, in file order. */
  readonly columns: readonly string[];
}

/** DuckDB's `format` option; `auto` if the file is compressed, because only DuckDB can look inside. */
export type JsonLayout = 'auto' | 'array' | 'newline_delimited' | 'unstructured';

export interface SourceFile {
  /** The real path, with symlinks resolved. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly rows: number;
  /** CSV: index into {@link SourcePins.dialects}. */
  readonly dialect?: number;
  readonly layout?: JsonLayout;
  /** JSON: set if DuckDB reads every number in the file as it is, so that reading needs no marks. */
  readonly plainNumbers?: true;
}

export interface SourcePins {
  readonly format: Format;
  readonly files: readonly SourceFile[];
  readonly columns: readonly Column[];
  readonly dialects: readonly CsvDialect[];
  /**
   * CSV and JSON: set if every value is read as text, its type was checked against the text of all rows, and the
   * checksum is that of the text. Missing in plans of earlier versions, which finish as they began.
   */
  readonly exact?: true;
  /** The columns whose types the caller chose. */
  readonly chosen?: readonly string[];
  /** How rows are hashed for the checksum: by column, as in `row-hash.ts`. Otherwise by MD5 of their text. */
  readonly hash?: 'columns';
  /** Where the only file is from, if it was downloaded. */
  readonly remote?: RemotePin;
  /** Which rows count. Missing if all do. */
  readonly filter?: Filter;
  /** How many rows of the source do not count, because of the filter. */
  readonly excluded?: number;
  /** How many rows count. */
  readonly rows: number;
  readonly checksum: string;
}

export interface RemotePin {
  readonly url: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface Filter {
  readonly where: Where;
  /** The columns that only the conditions need. */
  readonly extra: readonly Column[];
}
