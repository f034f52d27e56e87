import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLIGHTS, loader, scratch, until, type Loader, type Scratch } from './harness.js';

let place: Scratch;
let tasks: Loader;

beforeAll(async () => {
  place = await scratch();
  tasks = await loader(place.config);
});

afterAll(async () => {
  await tasks.close();
  await place.close();
});

test('three million rows arrive, each exactly once', async () => {
  await copyFile(FLIGHTS, join(place.root, 'flights.parquet'));
  const handle = await tasks.start({ source: 'flights.parquet', table: `${place.schema}.flights` });
  const result = await handle.result();
  const history = await handle.fetchHistory();
  const t = new Map<string, number>();
  for (const e of history.events ?? []) {
    const at = Number(e.eventTime!.seconds) * 1000 + e.eventTime!.nanos! / 1e6;
    if (e.activityTaskScheduledEventAttributes) t.set(String(e.eventId), at), console.error(e.activityTaskScheduledEventAttributes.activityType!.name);
    if (e.activityTaskCompletedEventAttributes) console.error('  took', at - t.get(String(e.activityTaskCompletedEventAttributes.scheduledEventId))!);
  }
  console.error(result);
  expect(result).toMatchObject({ rowsIn: 3_000_000, rowsOut: 3_000_000, chunks: 30, chunksRedone: 0, attempts: 1 });
  await until(async () => (await place.tables()).length === 1, 'the load\'s own tables to be dropped');
  expect(await place.tables()).toEqual(['flights']);
});
