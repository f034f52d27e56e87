/** Numbers for people. Pure. @module */

export function formatted(value: number | undefined, unit = ''): string {
  return value === undefined ? '' : `${value.toLocaleString('en', { maximumSignificantDigits: 3 })} ${unit}`.trim();
}
