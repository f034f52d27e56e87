/** How the fuzzed processes and another user of them do while cases run. @module */
import { Bystander } from './bystander.js';
import type { HttpServed, Services } from './services.js';

/** How much the heap of a process may grow from the first measurement to the last. */
const MAY_GROW = 1.2;
/** How long 95 % of another owner's requests may take, in milliseconds: a stalled server takes many seconds. */
const FAST = 1_500;
/** The share of another owner's requests that may get a temporary error. */
const MAY_BE_BUSY = 0.05;

export class Health {
  readonly problems: string[] = [];
  readonly notes: string[] = [];
  readonly #heaps = new Map<string, number[]>();
  readonly #bystanders: readonly { readonly served: HttpServed; readonly bystander: Bystander }[];

  constructor(private readonly services: Services) {
    this.#bystanders = Object.values(services.http).map((served) => ({ served, bystander: new Bystander(served) }));
  }

  /** Asks each process how it is. @returns the heaps, as one line */
  async measure(): Promise<string> {
    for (const process of this.services.processes) {
      if (process.name === 'worker') continue;
      const { heap, polluted, unhandled } = await process.vitals();
      this.#heaps.set(process.name, [...(this.#heaps.get(process.name) ?? []), heap]);
      if (polluted.length > 0) this.problems.push(`Object.prototype of ${process.name} now has ${polluted.join(', ')}`);
      if (unhandled > 0)
        this.problems.push(`${process.name}: ${unhandled} unhandled rejections\n${process.log.join('\n')}`);
    }
    return [...this.#heaps].map(([name, all]) => `${name} ${megabytes(all.at(-1))}`).join(', ');
  }

  /** Judges what has been measured. */
  judge(): void {
    for (const each of this.#bystanders) this.#judgeBystander(each.served, each.bystander);
    for (const [name, all] of this.#heaps) {
      this.notes.push(`heap of ${name} (MB): ${all.map(megabytes).join(' → ')}`);
      const [first = 0] = all;
      const last = all.at(-1) ?? 0;
      if (last > first * MAY_GROW)
        this.problems.push(`the heap of ${name} grew from ${megabytes(first)} MB to ${megabytes(last)} MB`);
    }
  }

  /** Stops the other users' requests. */
  async stop(): Promise<void> {
    for (const { bystander } of this.#bystanders) this.problems.push(...(await bystander.stop()));
  }

  #judgeBystander({ sdk }: HttpServed, { times, busy }: Bystander): void {
    const at = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
    this.notes.push(
      `another owner's tasks/get on ${sdk}: ${times.length} requests, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms, ${busy} temporary errors`,
    );
    if (busy > times.length * MAY_BE_BUSY)
      this.problems.push(`${busy} of another owner's ${times.length} requests to ${sdk} got a temporary error`);
    if (at(0.95) > FAST)
      this.problems.push(`95 % of another owner's requests to ${sdk} took up to ${at(0.95)} ms, more than ${FAST} ms`);
  }
}

function megabytes(bytes = 0): string {
  return (bytes / 1_000_000).toFixed(1);
}
