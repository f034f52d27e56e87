/** What every request handler of this adapter works with. @module */
import type { Logger } from '../local/log.js';
import type { Engine } from '../temporal/engine.js';
import type { DurableTool } from '../tool/define-tool.js';

/** The protocol a server instance speaks: it is fixed when the instance is made. */
export type Era = '2025-11-25' | '2026-07-28';

/** All times in milliseconds. */
export interface TaskService {
  readonly engine: Engine;
  readonly tools: ReadonlyMap<string, DurableTool>;
  readonly logger: Logger;
  readonly pollInterval: number;
  /** The ttl of a task whose call and tool name none; `null`: as long as Temporal keeps it. */
  readonly defaultTtl: number | null;
  /** The longest ttl a call may ask for. */
  readonly longestTtl: number;
}
