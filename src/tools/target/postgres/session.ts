/** A PostgreSQL connection for one attempt at one step. @module */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, QueryResultRow } from 'pg';
import { pg, pgCopyFrom } from '../../engines.js';
import type { TargetSession } from '../target.js';
import { postgresError } from './errors.js';

/** Time limits for connecting and closing, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 2_000;

/** Returns the prefix of a load's session names in `pg_stat_activity`; step and attempt follow it. */
export function sessionPrefix(id: string): string {
  return `mcp-tasks ${id} `;
}

export class PostgresSession {
  private constructor(
    private readonly client: Client,
    private readonly database: string,
    private readonly signal: AbortSignal,
  ) {
    // Ignore errors of an idle connection: the next query fails with the error.
    client.on('error', () => {});
    signal.addEventListener('abort', this.#cut, { once: true });
  }

  /**
   * @param name the database's name in error messages
   * @param url contains the password; passed only to the driver
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
      // Set it again, because a name in the URL overrides the option and other attempts find this session by its name.
      await client.query(`SELECT set_config('application_name', $1, false)`, [application]);
      // The canonical text of values depends on these settings, and a database or role can override their defaults.
      await client.query(
        `SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1`,
      );
      // Have the server detect when this process is gone, so that a dead attempt does not keep its locks. Available
      // since PostgreSQL 14, but not on every platform.
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

  /** Runs `work` in a transaction, and rolls back if it throws. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.query('BEGIN');
    try {
      const result = await work();
      await this.query('COMMIT');
      return result;
    } catch (error) {
      // If the connection is broken, the server rolls back by itself. Report the first error in any case.
      await this.client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /**
   * Runs `COPY … FROM STDIN`.
   *
   * @returns how many rows the server accepted
   * @throws the driver's own error, whose `where` contains the line; pass it to `postgresError`
   */
  async copy(sql: string, data: AsyncIterable<Uint8Array>): Promise<number> {
    this.signal.throwIfAborted();
    const from = await pgCopyFrom();
    const stream = this.client.query(from(sql));
    const source = Readable.from(data, { highWaterMark: 2 });
    const refused = new Promise<never>((_, reject) => {
      // If the source failed first, the server's error is only a consequence.
      stream.once('error', (error: Error) => {
        if (!source.errored) reject(error);
      });
    });
    // Since Node 22, `pipeline` fails only after the source has ended. A hanging source must not hide a lost
    // connection.
    await Promise.race([pipeline(source, stream), refused]);
    return stream.rowCount;
  }

  async close(): Promise<void> {
    this.signal.removeEventListener('abort', this.#cut);
    // An unresponsive server must not keep the step from ending.
    const timer = setTimeout(this.#cut, CLOSE_TIMEOUT);
    await this.client.end().catch(() => {});
    clearTimeout(timer);
  }

  /** Closes the socket at once. `end()` would wait for the running query. */
  readonly #cut = (): void => {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
}
