/** A YAML text that knows where its values are, with the environment's variables filled in. @module */
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import type { Path, Problem } from './problem.js';

/** `${NAME}`, and `$${` for a `${` that is meant as it stands. */
const VARIABLE = /\$(\$\{)|\$\{([^}]*)\}/g;
/** JSON Schemas are taken as they are. */
const VERBATIM = new Set<unknown>(['input', 'output', 'schema']);

export class YamlFile {
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly problems: Problem[];

  constructor(text: string, env: NodeJS.ProcessEnv) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.problems = this.#document.errors.map(({ pos, message }) => this.#at(pos[0], message));
    this.#fillIn(env);
  }

  /** The values, as JSON has them. */
  get value(): unknown {
    return this.problems.length > 0 ? undefined : (this.#document.toJS() as unknown);
  }

  /** A problem with what is at `path`, or with one key of it. */
  problem(path: Path, message: string, key?: string): Problem {
    return this.#at(this.#offset(path, key), message);
  }

  #offset(path: Path, key: string | undefined): number {
    // What is missing is told of where it should be.
    for (let known = path; ; known = known.slice(0, -1)) {
      const node = (known.length === 0 ? this.#document.contents : this.#document.getIn(known, true)) as Node | undefined | null;
      if (!isNode(node)) {
        if (known.length > 0) continue;
        return 0;
      }
      const keyNode = key !== undefined && isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key : undefined;
      return (isNode(keyNode) ? keyNode : node).range?.[0] ?? 0;
    }
  }

  #fillIn(env: NodeJS.ProcessEnv): void {
    visit(this.#document, {
      Scalar: (_, node, ancestors) => {
        if (typeof node.value !== 'string' || ancestors.some((ancestor) => isPair(ancestor) && isScalar(ancestor.key) && VERBATIM.has(ancestor.key.value))) return;
        node.value = node.value.replaceAll(VARIABLE, (_match, escaped: string | undefined, name: string) => {
          if (escaped !== undefined) return escaped;
          const value = env[name];
          if (value === undefined) this.problems.push(this.#at(node.range?.[0] ?? 0, `the environment has no variable ${name}: set it, or write $\${ where it is not meant as one`));
          return value ?? '';
        });
      },
    });
  }

  #at(offset: number, message: string): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  }
}
