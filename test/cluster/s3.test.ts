/** Large payloads in the SDK's S3 driver, with the client of docs/large-data.md and a local S3 server. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ExternalStorage, type DataConverter } from '@temporalio/common';
import { S3StorageDriver, type S3StorageDriverClient } from '@temporalio/external-storage-s3';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, DurableTasks } from '../../src/index.js';
import { createWorker, type DurableWorker } from '../../src/worker/index.js';
import { certificateOf, type Role } from './setup/certificates.js';
import { Process, stopAll } from './setup/processes.js';
import { tlsOf } from './setup/temporal.js';

const MB = 1_000_000;
const Bucket = 'mcp-tasks-payloads';
const { address, namespace, certificates, s3: python } = inject('cluster');

const echo = defineTool({
  name: 'echo',
  inputSchema: z.object({ text: z.string() }),
  run: async ({ text }) => await Promise.resolve({ text }),
});

let s3: S3Client;
let tasks: DurableTasks;
let worker: DurableWorker;
let running: Promise<void>;

beforeAll(async () => {
  const server = new Process('the S3 server', python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0']);
  const [, endpoint = ''] = await server.wrote(/Running on (http:\S+)\n/);
  s3 = new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  const common = { tools: [echo], taskQueue: 's3' };
  tasks = await DurableTasks.connect({
    ...common,
    temporal: await temporalFor('tasks'),
    dataConverter: dataConverter(),
    key: randomBytes(32).toString('hex'),
  });
  // Its own converter, as in a process of its own.
  worker = await createWorker({
    ...common,
    temporal: await temporalFor('worker'),
    dataConverter: dataConverter(),
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await tasks.close();
  s3.destroy();
  await stopAll();
});

const temporalFor = async (role: Role) =>
  ({ address, namespace, tls: await tlsOf(certificateOf(certificates, role)) }) as const;

function dataConverter(): DataConverter {
  const client: S3StorageDriverClient = {
    async putObject(bucket, Key, Body, options) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }), options);
    },
    async objectExists(bucket, Key, options) {
      try {
        await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }), options);
        return true;
      } catch (error) {
        if (error instanceof NotFound) return false;
        throw error;
      }
    },
    async getObject(bucket, Key, options) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }), options);
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
  };
  return { externalStorage: new ExternalStorage({ drivers: [new S3StorageDriver({ client, bucket: Bucket })] }) };
}

/** Returns the sizes of the objects that were stored for a task. */
async function storedFor(taskId: string): Promise<number[]> {
  const { Contents = [], IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket }));
  expect(IsTruncated).toBe(false);
  return Contents.filter(({ Key = '' }) => Key.includes(taskId)).map(({ Size = 0 }) => Size);
}

it.each([5, 20])('arguments and results of %d MB arrive unchanged, through objects of the task', async (size) => {
  const text = randomBytes((size * MB) / 2).toString('hex');
  const { id } = await tasks.engine.start({ owner: 'ann', tool: echo, args: { text }, ttl: null });
  const { outcome } = await tasks.engine.result('ann', id);
  expect(outcome.kind).toBe('result');
  expect(JSON.stringify(outcome).includes(text)).toBe(true);
  const sizes = await storedFor(id);
  expect(sizes.filter((bytes) => bytes > size * MB)).not.toEqual([]);
});

it('small payloads stay in Temporal', async () => {
  const { id } = await tasks.engine.start({ owner: 'ann', tool: echo, args: { text: 'small' }, ttl: null });
  expect((await tasks.engine.result('ann', id)).outcome).toMatchObject({ kind: 'result' });
  expect(await storedFor(id)).toEqual([]);
});
