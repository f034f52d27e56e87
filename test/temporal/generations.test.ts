/** The search for an idempotency key's generations, without Temporal. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { searchGenerations } from '../../src/temporal/start/generations.js';

async function search(
  taken: (generation: number) => boolean,
  noted?: number,
): Promise<{ found: number[]; free: number; looks: number }> {
  let looks = 0;
  const generations = await searchGenerations(async (generation) => {
    looks++;
    return await Promise.resolve(taken(generation) ? generation : undefined);
  }, noted);
  return { ...generations, looks };
}

it('finds the last generation and the next free number in a few lookups', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(100_000), async (count) => {
      const { found, free, looks } = await search((generation) => generation < count);
      expect(free).toBe(count);
      expect(found.at(-1)).toBe(count === 0 ? undefined : count - 1);
      expect(looks).toBeLessThanOrEqual(8 + 2 * Math.log2(count + 2));
    }),
  );
});

it('finds all remaining generations among the first ones, and fills the gaps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(7)), async (kept) => {
      const { found, free } = await search((generation) => kept.includes(generation));
      expect(found).toEqual([...kept].sort((a, b) => a - b));
      expect(kept).not.toContain(free);
      expect(free).toBeLessThanOrEqual(kept.length);
    }),
  );
});

it('finds the last generation by its note when all earlier ones are gone, and continues after it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 8, max: 100_000 }), fc.nat(20), async (noted, more) => {
      const { found, free } = await search((generation) => generation >= noted && generation <= noted + more, noted);
      expect(found).toEqual([noted + more]);
      expect(free).toBe(0);
    }),
  );
});
