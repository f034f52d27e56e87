/**
 * Notes the last generation of an idempotency key that has more generations than a search checks one by one. Without
 * the note, a task could no longer be found once Temporal's retention has deleted all earlier generations.
 *
 * The note is a workflow that no worker runs, because only an open workflow is exempt from retention. Few keys ever
 * need one: only those with at least that many failed tasks within Temporal's retention.
 * @module
 */
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import { isMcpTasksError } from '../../task/errors.js';
import { NOTE_WORKFLOW } from '../../task/names.js';
import { describe } from '../read/describe.js';
import { valuesOf } from '../rpc/payloads.js';
import type { Calls } from '../rpc/calls.js';

/** The memo field with the number. */
const NUMBER = 'generation';

export class NotedGeneration {
  /** @param ids the note's possible workflow IDs, one per key of the keyring; a new note gets the first */
  constructor(
    private readonly calls: Calls,
    private readonly ids: readonly [string, ...string[]],
  ) {}

  /** Returns the noted number; `undefined` if there is no note. */
  async get(until: number): Promise<number | undefined> {
    const numbers = await Promise.all(this.ids.map(async (id) => await this.#read(id, until)));
    return numbers.find((number) => number !== undefined);
  }

  /** Notes the number, in place of any earlier one. Call it before that generation starts. */
  async set(number: number, until: number): Promise<void> {
    const { calls, ids } = this;
    await calls.run(
      until,
      async () =>
        await calls.client.workflow.start(NOTE_WORKFLOW, {
          workflowId: ids[0],
          // No worker polls it.
          taskQueue: NOTE_WORKFLOW,
          memo: { [NUMBER]: number },
          staticSummary: 'Notes the last generation of an idempotency key; needs no worker',
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.TERMINATE_EXISTING,
        }),
    );
  }

  /** Removes the note. */
  async clear(until: number): Promise<void> {
    await Promise.all(
      this.ids.map(async (id) => {
        await this.calls
          .run(until, async () => await this.calls.client.workflow.getHandle(id).terminate('no longer needed'))
          .catch(none);
      }),
    );
  }

  async #read(id: string, until: number): Promise<number | undefined> {
    const note = await describe(this.calls, id, until).catch(none);
    const payload = note?.endedAt === undefined ? note?.raw.workflowExecutionInfo?.memo?.fields?.[NUMBER] : undefined;
    if (!payload) return undefined;
    const [number] = await valuesOf(this.calls, [payload], until, {
      type: 'workflow',
      namespace: this.calls.client.options.namespace,
      workflowId: id,
    });
    return typeof number === 'number' ? number : undefined;
  }
}

function none(error: unknown): undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
  throw error;
}
