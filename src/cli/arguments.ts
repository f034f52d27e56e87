/** Parsers that validate command-line arguments. @module */
import { InvalidArgumentError } from 'commander';
import { isHostName } from '../mcp/http/allowed-names.js';

export function port(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

export function path(text: string): string {
  if (/^\/[^?#\s]*$/.test(text)) return text;
  throw new InvalidArgumentError('A path starts with a slash and has no query or fragment.');
}

/** Parses a host name and returns it as URLs write it: in lower case, an IPv6 address in brackets. */
export function hostName(text: string): string {
  if (isHostName(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Give a host name without scheme, port or path.');
}

/** Parses the origin of web pages, such as `http://localhost:8233`. A page's whole address stands for its origin. */
export function origin(text: string): string {
  if (/^https?:/.test(text) && URL.canParse(text)) return new URL(text).origin;
  throw new InvalidArgumentError('Give an origin: scheme, host and port, such as http://localhost:8233.');
}

/** Makes a parser for an option that can be repeated. */
export function each(parse: (text: string) => string = (text) => text) {
  return (text: string, before: readonly string[]): readonly string[] => [...before, parse(text)];
}
