import { driverCode } from './driver-error.ts';

/** What has transactions, and transactions within them. */
interface Transacting {
  transaction(work: (inner: Transacting) => Promise<unknown>, settings?: unknown): Promise<unknown>;
}

/**
 * Keeps a transaction whose connection was lost from being rolled back by the library (postgres 3.4.9), which rejects it anyway: it would
 * write to a connection that is no more, and the exception, which nobody can catch, would end the process. With it went callers under
 * way, or a refresh token that has just been replaced. It happens where PostgreSQL ends a connection without a word, as when it crashes.
 * Work that waits for anything but the database would still write there, so none does.
 */
export function letLostTransactionsGo<Database extends Transacting>(database: Database): Database {
  const transact = database.transaction.bind(database);
  database.transaction = (work, settings) =>
    transact((inner) => work(letLostTransactionsGo(inner)).catch(neverWhenLost), settings);
  return database;
}

/** The library rolls back what fails; what never ends it only rejects. */
function neverWhenLost(error: unknown): Promise<never> {
  if (isLoss(error)) return new Promise(() => undefined);
  throw error;
}

/** The library's own codes for it, and the system's. */
const isLoss = (error: unknown): boolean => /^(CONNECTION_[A-Z]+|E[A-Z]+)$/.test(driverCode(error) ?? '');
