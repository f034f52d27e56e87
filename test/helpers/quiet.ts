/** Logs errors only: the SDK warns about every failed activity, and here most are meant to fail. @module */
import { DefaultLogger, Runtime } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
