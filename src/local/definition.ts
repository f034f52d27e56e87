/** The definition of a shared local server. @module */
import type { Ports } from './ports.js';
import type { ServerCommand, StopOptions } from './server-process.js';

/** Returns the command that starts the server. Called under the lock, so it may also prepare the server's files. */
export type Launch<Name extends string> = (ports: Ports<Name>) => Promise<ServerCommand>;

export interface LocalService<Name extends string = string> extends StopOptions {
  /** The name used in messages, such as "Temporal dev server". */
  readonly name: string;
  /** The directory for its record, leases, lock and log. */
  readonly dir: string;
  /** Whether the server runs as another user if this process is root's, so that it has to pass `dir`. @default false */
  readonly passable?: boolean;
  readonly ports: readonly Name[];
  /** Obtains what the start needs. Called without the lock, and only if no server runs, so it may take long. */
  readonly prepare: () => Promise<Launch<Name>>;
  /** Fails unless the server answers. Must settle within a few seconds. */
  readonly probe: (ports: Ports<Name>) => Promise<void>;
  /** How long it may take to answer after its start, in milliseconds. @default 60000 */
  readonly startTimeout?: number;
}
