/** Logs early that Temporal does not answer, so that its operator need not wait for the first failing request. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from '../../local/log.js';
import { origin } from '../../task/errors.js';
import { GRPC, grpcCode } from '../rpc/refusal.js';
import { linkSignals } from '../rpc/signals.js';

/** How long Temporal may take to answer, in milliseconds. */
const PATIENCE = 3_000;
/** The pause before it is asked again, in milliseconds. */
const PAUSE = 2_000;
/** The codes of calls that did not reach Temporal. Any other code is an answer. */
const NO_ANSWER = new Set<number | undefined>([undefined, GRPC.DEADLINE_EXCEEDED, GRPC.UNAVAILABLE]);

export interface FirstContact {
  readonly client: Client;
  readonly address: string;
  readonly logger: Logger;
  /** Ends this. */
  readonly closing: AbortSignal;
}

/** Asks Temporal until it has answered once. Logs if it does not answer the first time, and when it then does. */
export async function firstContact({ client, address, logger, closing }: FirstContact): Promise<void> {
  for (let silent = false; !closing.aborted; silent = true) {
    const reason = await silenceOf(client, closing);
    if (closing.aborted) return;
    if (reason === undefined) {
      if (silent) logger.info({ address }, `Temporal at ${address} answers now`);
      return;
    }
    if (!silent)
      logger.warn(
        { address, reason },
        `Temporal at ${address} does not answer. This server keeps trying until it is stopped; until Temporal answers, calls fail with an error that says to try again. Check that Temporal is running, that the address (TEMPORAL_ADDRESS) is right and reachable from here, and whether it needs TLS`,
      );
    await delay(PAUSE, undefined, { signal: closing, ref: false }).catch(() => undefined);
  }
}

/** Returns why Temporal did not answer; `undefined` if it did, even with a refusal. */
async function silenceOf(client: Client, closing: AbortSignal): Promise<string | undefined> {
  // The client never removes the listeners that it adds to a signal.
  const { signal, unlink } = linkSignals(closing);
  try {
    await client.withAbortSignal(
      signal,
      async () =>
        await client.withDeadline(Date.now() + PATIENCE, async () => await client.workflowService.getSystemInfo({})),
    );
    return undefined;
  } catch (error) {
    if (!NO_ANSWER.has(grpcCode(error))) return undefined;
    return error instanceof Error ? origin(error).message : String(error);
  } finally {
    unlink();
  }
}
