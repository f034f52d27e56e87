/** What `inspect` pins of a source, so that every later attempt reads the same rows in the same order. @module */

export type Format = 'csv' | 'json' | 'ndjson' | 'parquet';

export interface Column {
  readonly name: string;
  /** DuckDB's type, as `DESCRIBE` writes it. */
  readonly type: string;
}

/** How a CSV file is written, as DuckDB's sniffer found it. */
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
  /** The columns in the order of the file. */
  readonly columns: readonly string[];
}

/** DuckDB's `format`; `auto` where the file is compressed and only DuckDB can look inside. */
export type JsonLayout = 'auto' | 'array' | 'newline_delimited' | 'unstructured';

export interface SourceFile {
  /** The real path, without symlinks. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly rows: number;
  /** CSV: which of {@link SourcePins.dialects}. */
  readonly dialect?: number;
  readonly layout?: JsonLayout;
}

export interface SourcePins {
  readonly format: Format;
  readonly files: readonly SourceFile[];
  readonly columns: readonly Column[];
  readonly dialects: readonly CsvDialect[];
  readonly rows: number;
  readonly checksum: string;
}
