/** Parses YAML, fills in environment variables, and knows the position of each value. @module */
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import type { Path, Problem } from './problem.js';
import { syntaxProblem } from './yaml-syntax.js';

/** Matches `${NAME}`, and `$${`, which escapes a literal `${`. */
const VARIABLE = /\$(\$\{)|\$\{([^}]*)\}/g;
/** A variable's name. Anything longer may be a pasted secret, so messages do not quote it. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Keys whose values are JSON Schemas. No variables are filled in below them. */
const VERBATIM = new Set<unknown>(['input', 'output', 'schema']);
/** The maximum number of aliases, as protection against files that expand until memory runs out. */
const MOST_ALIASES = 1_000;

export class YamlFile {
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #value: unknown;
  readonly problems: Problem[] = [];

  /** @param env the variables that `${NAME}` refers to; without it, nothing is filled in */
  constructor(text: string, env?: NodeJS.ProcessEnv) {
    // Merge keys (<<) are a YAML 1.1 feature, but the main reason why people use anchors.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, merge: true });
    if (/[\0\uFFFD]/.test(text)) {
      this.problems.push({ line: 1, column: 1, message: 'this is not text in UTF-8: save it as that' });
      return;
    }
    // Warnings count too: the parser only warns of an unknown tag, and would use the value without it.
    for (const [index, { pos, code, message }] of [...this.#document.errors, ...this.#document.warnings].entries()) {
      // After another mistake, this one is only a consequence, often repeated.
      if (index === 0 || code !== 'UNEXPECTED_TOKEN') this.#add(pos[0], syntaxProblem(code, message));
    }
    if (this.problems.length > 0) return;
    this.#findAliases();
    if (env) this.#fillIn(env);
    this.#value = this.#toJson();
  }

  /** The file's content as a JSON value; `undefined` if it has problems. */
  get value(): unknown {
    return this.problems.length > 0 ? undefined : this.#value;
  }

  /** Returns a problem positioned at the value at `path`, or at one of its keys. */
  problem(path: Path, message: string, key?: string): Problem {
    return this.#at(this.#offset(path, key), message);
  }

  #offset(path: Path, key: string | undefined): number {
    // Report a missing value at its nearest existing parent.
    for (let known = path; ; known = known.slice(0, -1)) {
      const node = (known.length === 0 ? this.#document.contents : this.#document.getIn(known, true)) as
        Node | undefined | null;
      if (!isNode(node)) {
        if (known.length > 0) continue;
        return 0;
      }
      const keyNode =
        key !== undefined && isMap(node)
          ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key
          : undefined;
      return (isNode(keyNode) ? keyNode : node).range?.[0] ?? 0;
    }
  }

  #fillIn(env: NodeJS.ProcessEnv): void {
    visit(this.#document, {
      Scalar: (at, node, ancestors) => {
        if (
          at === 'key' ||
          typeof node.value !== 'string' ||
          ancestors.some((ancestor) => isPair(ancestor) && isScalar(ancestor.key) && VERBATIM.has(ancestor.key.value))
        )
          return;
        node.value = node.value.replaceAll(VARIABLE, (_match, escaped: string | undefined, name: string) => {
          if (escaped !== undefined) return escaped;
          // A value read from a file usually ends with a line break that does not belong to it.
          const value = env[name]?.trimEnd();
          if (value === undefined)
            this.#add(
              node.range?.[0],
              NAME.test(name)
                ? `the environment has no variable ${name}: set it, or write $\${ where it is not meant as one`
                : '${…} takes the name of a variable of the environment, letters, digits and _, and nothing else: write $${ where it is not meant as one',
            );
          return value ?? '';
        });
      },
    });
  }

  #findAliases(): void {
    visit(this.#document, {
      Alias: (_, node) => {
        // Do not quote the alias: it may be text that was meant literally, such as a password.
        if (!node.resolve(this.#document))
          this.#add(
            node.range?.[0],
            'this *alias stands for nothing: write & and its name before it, at what is meant; a text that begins with * goes in quotes',
          );
      },
    });
  }

  #toJson(): unknown {
    if (this.problems.length > 0) return undefined;
    try {
      const value: unknown = this.#document.toJS({ maxAliasCount: MOST_ALIASES });
      // Throws if the value contains itself.
      JSON.stringify(value);
      return value;
    } catch {
      const alias = this.#firstAlias();
      this.#add(alias, 'too many aliases, or one within what it stands for: write out what is meant');
    }
  }

  #firstAlias(): number | undefined {
    let offset: number | undefined;
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) return;
        offset = node.range?.[0];
        return visit.BREAK;
      },
    });
    return offset;
  }

  /** Adds a problem, one per position: another at the same position is a consequence of the first. */
  #add(offset: number | undefined, message: string): void {
    const problem = this.#at(offset ?? 0, message);
    if (!this.problems.some(({ line, column }) => line === problem.line && column === problem.column))
      this.problems.push(problem);
  }

  #at(offset: number, message: string): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  }
}
