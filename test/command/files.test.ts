/** A task's owner reads its log, also while it runs, and its outputs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOfLog, LogFile, readLog } from '../../src/command/log-file.js';
import { secretMask } from '../../src/command/secrets.js';
import { defineCommand } from '../../src/index.js';
import { fromJsonSchema } from '../../src/tool/json-schema.js';
import { adapters, type Adapted } from '../helpers/adapters.js';
import { program, programPlace, type ProgramPlace } from '../helpers/programs.js';
import { send2025, type Reply } from '../helpers/raw-requests.js';

const user = (sub: string): { authInfo: AuthInfo } => ({
  authInfo: { token: sub, clientId: 'test', scopes: [], extra: { iss: 'test', sub } },
});

describe.each(adapters)('on the %s adapter', (_, adapt) => {
  let place: ProgramPlace;
  let at: Adapted;
  beforeEach(async () => {
    place = await programPlace();
    const tool = defineCommand({
      name: 'run',
      inputSchema: fromJsonSchema({ type: 'object', properties: {}, additionalProperties: false }),
      ...place.options,
      command: program('steps', '5', '10', 'go'),
      outputs: ['out.json'],
    });
    at = await adapt([tool]);
    await at.stack.startWorker();
  });
  afterEach(async () => {
    await at.stack.close();
    await place.close();
  });

  const send = async (method: string, params: Record<string, unknown>, by = user('ann')): Promise<Reply> =>
    await send2025(at.handler, method, params, by);
  const read = async (uri: string, by = user('ann')): Promise<Reply> => await send('resources/read', { uri }, by);
  const begin = async (): Promise<string> =>
    (await send('tools/call', { name: 'run', arguments: {}, task: {} })).result.task.taskId;

  it('the log is read in parts, also while the program runs', async () => {
    const taskId = await begin();
    const log = `mcp-task://${taskId}/log`;
    await expect.poll(async () => JSON.stringify(await read(log))).toContain('step 2/5');
    const part = (await read(`${log}?offset=0&length=50`)).result.contents[0];
    expect(part).toMatchObject({
      uri: `${log}?offset=0&length=50`,
      mimeType: 'text/plain',
      _meta: { offset: 0, next: 50 },
    });
    expect(part.text).toMatch(/^--- \S+ attempt 1 starts \//);
    const more = (await read(`${log}?offset=50`)).result.contents[0];
    expect(more.text).toContain('step 2/5');
    writeFileSync(join(place.cwd, 'go'), '');
    const { result } = await send('tasks/result', { taskId });
    const link = result.content.find(({ uri }: { uri?: string }) => uri === log);
    const last = (await read(`${log}?offset=${more._meta.next}`)).result.contents[0];
    expect(part.text + more.text + last.text).toMatch(/step 1\/5: part 1\n.*step 5\/5: part 5\n$/s);
    expect(link).toMatchObject({ type: 'resource_link', name: 'run-log', size: last._meta.size });
    expect((await read(log)).result.contents[0].text).toBe(part.text + more.text + last.text);
  });

  it('an output is read, until it changes', async () => {
    writeFileSync(join(place.cwd, 'go'), '');
    const { result } = await send('tools/call', { name: 'run', arguments: {} });
    const { uri } = result.content.find(({ name }: { name?: string }) => name === 'out.json');
    expect((await read(uri)).result.contents).toEqual([
      { uri, mimeType: 'text/plain', text: '{"steps":5}', _meta: { offset: 0, next: 11, size: 11 } },
    ]);
    expect((await read(`${uri}?offset=2&length=5`)).result.contents[0].text).toBe('steps');
    writeFileSync(join(place.cwd, 'out.json'), Buffer.from([0, 1]));
    expect((await read(uri)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('out.json has changed'),
    });
    const [index] = uri.match(/\d+$/) as string[];
    expect((await read(uri.replace(index, '7'))).error).toMatchObject({ code: -32602 });
  });

  it('nobody else reads them', async () => {
    writeFileSync(join(place.cwd, 'go'), '');
    const { result } = await send('tools/call', { name: 'run', arguments: {} });
    for (const { uri } of result.content.slice(1)) {
      expect((await read(uri)).error).toBeUndefined();
      expect((await read(uri, user('bob'))).error).toMatchObject({ code: -32602 });
    }
  });
});

describe('a log', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'mcp-tasks-log-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('drops its oldest lines, and keeps the offsets', () => {
    const log = new LogFile(dir, 8_000);
    const line = (number: number): string => `${String(number).padStart(99, '0')}\n`;
    for (let number = 0; number < 1_000; number++) log.append(line(number));
    log.close();
    expect(log.offset).toBe(100_000);
    expect(endOfLog(dir)).toBe(100_000);
    const kept = readLog(dir, 0, 1_000_000);
    expect(kept.bytes.length).toBeGreaterThan(6_000);
    expect(kept.bytes.length).toBeLessThanOrEqual(8_000);
    expect(kept).toMatchObject({ from: 100_000 - kept.bytes.length, to: 100_000, end: 100_000 });
    expect(readLog(dir, 99_000, 200).bytes.toString()).toBe(line(990) + line(991));
  });

  it('goes on where the last process stopped', () => {
    for (const text of ['a', 'b', 'c']) {
      const log = new LogFile(dir, 8_000);
      log.append(text);
      log.close();
    }
    expect(readLog(dir, 0, 10).bytes.toString()).toBe('abc');
  });

  it('shows no secrets', () => {
    const mask = secretMask(['abcd', 'abcdef', 'x', 'first line\nsecond line']);
    expect(mask('abcdef abcd x')).toBe('*** *** x');
    expect(mask('the second line')).toBe('the ***');
  });
});
