/** One mutant for every test, by the ID of the rule that it breaks. @module */
import type { Mutant } from './proxy.js';
import { taskMutants } from './tasks.js';
import { transportMutants } from './transports.js';

export const mutants: Readonly<Record<string, () => Mutant>> = { ...taskMutants, ...transportMutants };

/** Addresses to listen on, by rule ID, if not only the default: this mutant listens where it should not. */
export const hosts: Readonly<Record<string, readonly string[]>> = { 'security-4': ['127.0.0.1', '127.0.0.2'] };
