/** One connection to PostgreSQL for one attempt at one step. @module */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, QueryResultRow } from 'pg';
import { pg, pgCopyFrom } from '../../engines.js';
import type { TargetSession } from '../target.js';
import { postgresError } from './errors.js';

/** How long connecting and closing may take, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 2_000;

/** What every session of a load is called in `pg_stat_activity`, followed by the step and the attempt. */
export function sessionPrefix(id: string): string {
  return `mcp-tasks ${id} `;
}

export class PostgresSession {
  private constructor(
    private readonly client: Client,
    private readonly database: string,
    private readonly signal: AbortSignal,
  ) {
    // A connection that breaks while idle; whoever uses it next gets the error.
    client.on('error', () => {});
    signal.addEventListener('abort', this.#cut, { once: true });
  }

  /**
   * @param name what the database is called in errors
   * @param url with the password; it goes no further than the driver
   */
  static async open(name: string, url: string, id: string, session: TargetSession): Promise<PostgresSession> {
    session.signal.throwIfAborted();
    const { Client } = await pg();
    const application = `${sessionPrefix(id)}${session.step} ${session.attempt}`;
    const client = new Client({
      connectionString: url,
      application_name: application,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    const opened = new PostgresSession(client, name, session.signal);
    try {
      await client.connect();
      // A name in the URL beats the driver's option, and other attempts find this session by its name.
      await client.query(`SELECT set_config('application_name', $1, false)`, [application]);
      // The canonical text of values depends on these, and a database or a role can have others.
      await client.query(
        `SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1`,
      );
      // Let the server notice by itself when this process is gone: a dead attempt must not hold its locks. Since 14, and not everywhere.
      await client
        .query(`SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`)
        .catch(() => {});
      return opened;
    } catch (error) {
      await opened.close();
      throw postgresError(name, error);
    }
  }

  async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.signal.throwIfAborted();
    try {
      return (await this.client.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw postgresError(this.database, error);
    }
  }

  /** Runs `work` in a transaction; rolled back if it throws. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.query('BEGIN');
    try {
      const result = await work();
      await this.query('COMMIT');
      return result;
    } catch (error) {
      // On a broken connection the server rolls back by itself, and the first error is the one to tell.
      await this.client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /**
   * `COPY … FROM STDIN`.
   *
   * @returns how many rows the server took
   * @throws the driver's own error, whose `where` tells the line; hand it to `postgresError`
   */
  async copy(sql: string, data: AsyncIterable<Buffer>): Promise<number> {
    this.signal.throwIfAborted();
    const from = await pgCopyFrom();
    const stream = this.client.query(from(sql));
    const source = Readable.from(data, { highWaterMark: 2 });
    const refused = new Promise<never>((_, reject) => {
      // Where the source failed first, the server only repeats that.
      stream.once('error', (error: Error) => {
        if (!source.errored) reject(error);
      });
    });
    // From Node 22 on, `pipeline` fails only once the source has ended too; one that hangs must not hide a lost connection.
    await Promise.race([pipeline(source, stream), refused]);
    return stream.rowCount;
  }

  async close(): Promise<void> {
    this.signal.removeEventListener('abort', this.#cut);
    // A server that does not answer any more must not keep the step from ending.
    const timer = setTimeout(this.#cut, CLOSE_TIMEOUT);
    await this.client.end().catch(() => {});
    clearTimeout(timer);
  }

  /** Not `end()`, which would wait for what is running. */
  readonly #cut = (): void => {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
}
