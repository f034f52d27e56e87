/** Bar charts as SVG. Pure. @module */
import { formatted } from '../harness/format.js';

export interface Bar {
  readonly name: string;
  readonly value: number;
}

/** Bars that share a scale. */
export interface Group {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const [WIDTH, LABELS, VALUES] = [760, 190, 130];
const [BAR, GAP, TITLE, MARGIN] = [18, 6, 26, 12];
/** Ours, the limit, then peers. */
const COLORS = ['#2563eb', '#64748b', '#d97706', '#b45309', '#7c3aed'];
const FONT = 'font-family="system-ui, sans-serif" font-size="13"';

/** Draws one group of horizontal bars below the other. The first bar of each group has the first color, and so on. */
export function plotOf(title: string, groups: readonly Group[]): string {
  const parts: string[] = [];
  let y = MARGIN;
  for (const { title: measure, unit, bars } of groups) {
    parts.push(`<text x="${MARGIN}" y="${y + 14}" font-weight="600" ${FONT}>${escaped(measure)}</text>`);
    y += TITLE;
    const longest = Math.max(...bars.map(({ value }) => value));
    for (const [place, { name, value }] of bars.entries()) {
      const length = longest > 0 ? Math.max(1, ((WIDTH - LABELS - VALUES) * value) / longest) : 1;
      const text = `y="${y + 14}" ${FONT}`;
      parts.push(
        `<text x="${LABELS - 8}" text-anchor="end" ${text}>${escaped(name)}</text>`,
        `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${COLORS[place % COLORS.length]}"/>`,
        `<text x="${(LABELS + length + 6).toFixed(1)}" ${text}>${escaped(formatted(value, unit))}</text>`,
      );
      y += BAR + GAP;
    }
    y += GAP;
  }
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', '');
}
