/** The keywords of JSON Schema about the items of an array. Pure. @module */
import type { Schema } from '@cfworker/json-schema';
import type { At, Evaluator } from './evaluator.js';

type Items = readonly unknown[];

export function arrayProblems(evaluator: Evaluator, schema: Schema, items: Items, at: At): void {
  const described = describedItems(evaluator, schema, items, at);
  contained(evaluator, schema, items, at);
  if (schema.unevaluatedItems !== undefined)
    for (let index = described; index < items.length && !at.problems.isFull; index++)
      if (!at.seen?.has(String(index))) item(evaluator, schema.unevaluatedItems, index, at);
  if (schema.uniqueItems) unique(evaluator, items, at);
}

/** Checks the items by `prefixItems`, `items` and `additionalItems`. Returns how many have a schema. */
function describedItems(evaluator: Evaluator, schema: Schema, items: Items, at: At): number {
  const { prefixItems, items: rest, additionalItems } = schema;
  const first = prefixItems ?? (Array.isArray(rest) ? rest : []);
  const others = Array.isArray(rest) ? additionalItems : rest;
  const described = others === undefined ? Math.min(first.length, items.length) : items.length;
  for (let index = 0; index < described && !at.problems.isFull; index++)
    item(evaluator, (first[index] ?? others) as Schema | boolean, index, at);
  return described;
}

function item(evaluator: Evaluator, schema: Schema | boolean, index: number, at: At): void {
  const key = String(index);
  at.seen?.add(key);
  evaluator.within(schema, at, {
    value: (at.value as Items)[index],
    place: { key, parent: at.place },
  });
}

function contained(evaluator: Evaluator, schema: Schema, items: Items, at: At): void {
  const { contains, minContains = 1, maxContains = Infinity } = schema;
  if (contains === undefined) return;
  let matches = 0;
  for (const [index, value] of items.entries()) {
    const key = String(index);
    if (evaluator.apart(contains, at, { value, place: { key, parent: at.place } }).count > 0) continue;
    at.seen?.add(key);
    matches++;
  }
  if (matches < minContains)
    at.problems.add(
      at.place,
      minContains === 1
        ? 'Array does not contain item matching schema'
        : `Array must contain at least ${minContains} items matching schema. Only ${matches} items were found`,
    );
  if (matches > maxContains)
    at.problems.add(
      at.place,
      `Array may contain at most ${maxContains} items matching schema. ${matches} items were found`,
    );
}

function unique({ equality }: Evaluator, items: Items, at: At): void {
  const indexes = new Map<number, number>();
  for (const [index, value] of items.entries()) {
    const number = equality.of(value);
    const before = indexes.get(number);
    if (before !== undefined) {
      at.problems.add(at.place, `Duplicate items at indexes ${before} and ${index}`);
      return;
    }
    indexes.set(number, index);
  }
}
