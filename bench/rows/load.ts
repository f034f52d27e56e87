/** How fast `load_dataset` loads a file into PostgreSQL, and how much memory it needs. @module */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { aim, ratioAtLeast } from '../harness/aims.js';
import { LIMIT, OURS, type Values } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import type { Measure, Row } from '../harness/row.js';
import type { Bare } from '../rig/bare.js';
import type { Child } from '../rig/child.js';
import { stepsOf } from '../rig/history.js';
import { Mcp2025 } from '../rig/mcp-2025.js';
import type { Rig } from '../rig/rig.js';

const FLIGHTS = resolve('node_modules/vega-datasets/data/flights-3m.parquet');
const ROWS = 3_000_000;
/** Rows of the short form. */
const FEW = 100_000;
const MIB = 1024 * 1024;

const rate = (title: string): Measure => ({ title, unit: 'rows/s', better: 'higher' });

export const load: Row = {
  name: 'load',
  work: '`load_dataset`: three million rows, Parquet → PostgreSQL',
  against: 'DuckDB → `COPY` into an equal table, without Temporal, chunks or ledger',
  measures: {
    load: rate('the step that loads'),
    whole: rate('the whole task'),
    peak: { title: 'peak memory', unit: 'MiB', better: 'lower' },
    peak30: { title: 'peak memory, 30 million rows', unit: 'MiB', better: 'lower' },
  },
  aims: [
    ratioAtLeast('load', 0.85),
    ratioAtLeast('whole', 0.5),
    aim('memory flat: 30 million rows ≤ 1.2 × three million', ({ ours }) => {
      const [few, many] = [ours['peak'], ours['peak30']];
      return few === undefined || many === undefined ? undefined : many <= 1.2 * few;
    }),
  ],
  async run(rig, { short }) {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-data-')));
    rig.own(async () => await rm(root, { recursive: true, force: true }));
    const { url } = (await rig.child('postgres.js')).ready as { url: string };
    const { child: pipe } = await rig.child('bare-load.js');
    const rows = short ? FEW : ROWS;
    const file = join(root, 'flights.parquet');
    await pipe.ask('head', { file: FLIGHTS, to: file, rows });
    const bare = await rig.bareClient('mcp-tasks');
    const loader = await Loader.start(rig, { bare, url, root });

    let tables = 0;
    const ours = async (): Promise<Values> => {
      const table = `ours${++tables}`;
      const { load: step, whole } = await loader.load(file, table);
      // The first one stays, as the pattern of the bare tables.
      if (tables > 1) await pipe.ask('sql', { url, text: `DROP TABLE ${table}` });
      return { load: (1_000 * rows) / step, whole: (1_000 * rows) / whole };
    };
    const limit = async (): Promise<Values> => {
      const table = `bare${++tables}`;
      await pipe.ask('sql', { url, text: `CREATE TABLE ${table} (LIKE ours1)` });
      const { took } = (await pipe.ask('load', { url, file, table })) as { took: number };
      await pipe.ask('sql', { url, text: `DROP TABLE ${table}` });
      return { load: (1_000 * rows) / took, whole: (1_000 * rows) / took };
    };
    const figures = await interleave({ [OURS]: ours, [LIMIT]: limit }, short ? 1 : 5);
    const peak = (await loader.process.memory()).peak / MIB;
    const limitPeak = (await pipe.memory()).peak / MIB;
    await loader.process.stop();
    const more = short ? {} : { peak30: await thirtyMillion(rig, { bare, url, root }, pipe, file) };
    return { ...figures, ours: { ...figures.ours, peak, ...more }, limit: { ...figures.limit, peak: limitPeak } };
  },
};

interface Where {
  readonly bare: Bare;
  readonly url: string;
  readonly root: string;
}

async function thirtyMillion(rig: Rig, where: Where, pipe: Child, file: string): Promise<number> {
  const to = join(where.root, 'flights-30m.parquet');
  await pipe.ask('tenfold', { file, to });
  const loader = await Loader.start(rig, where);
  await loader.load(to, 'many');
  return (await loader.process.memory()).peak / MIB;
}

/** A server with the reference tools, in a new process. */
class Loader {
  private constructor(
    readonly process: Child,
    private readonly mcp: Mcp2025,
    private readonly where: Where,
  ) {}

  static async start(rig: Rig, where: Where): Promise<Loader> {
    const given = { address: await rig.temporal(), url: where.url, root: where.root };
    const { child, ready } = await rig.child('loading.js', given);
    return new Loader(child, await Mcp2025.begin(rig.http((ready as { url: string }).url)), where);
  }

  /** Returns how long the step that loads and the whole task took, in milliseconds. */
  async load(source: string, table: string): Promise<{ load: number; whole: number }> {
    const begun = performance.now();
    const id = await this.mcp.submit('load_dataset', { source, table });
    await this.mcp.result(id);
    const whole = performance.now() - begun;
    const { loadChunks } = await stepsOf(this.where.bare, id);
    if (loadChunks === undefined) throw new Error('the history of load_dataset has no step that loads');
    return { load: loadChunks, whole };
  }
}
