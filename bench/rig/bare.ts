/** The bare Temporal client, with a worker of its own: the limit. @module */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { Contestant } from './contestant.js';

export class Bare implements Contestant {
  private constructor(
    readonly client: Client,
    readonly taskQueue: string,
  ) {}

  static async connect(address: string, taskQueue: string): Promise<Bare> {
    return new Bare(new Client({ connection: await Connection.connect({ address }) }), taskQueue);
  }

  async submit(tool: string, args: object = {}): Promise<string> {
    return await this.start('bareTask', [tool, args]);
  }

  /** Starts any workflow. @returns its ID */
  async start(workflowType: string, args: unknown[] = []): Promise<string> {
    const workflowId = `bare-${randomUUID()}`;
    await this.client.workflow.start(workflowType, { taskQueue: this.taskQueue, workflowId, args });
    return workflowId;
  }

  async get(id: string): Promise<unknown> {
    return await this.client.workflow.getHandle(id).describe();
  }

  async result(id: string): Promise<unknown> {
    return await this.client.workflow.getHandle(id).result();
  }

  async close(): Promise<void> {
    await this.client.connection.close();
  }
}
