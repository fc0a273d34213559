import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Present in `npm run faults`, the long form. */
    faults?: { readonly seed: number; readonly seconds: number };
  }
  interface TaskMeta {
    /** What a row of the table says. */
    counted?: string;
  }
}

const given = inject('faults');

/** Whether everything is done as often as the table asks; `npm test` does it a few times. */
export const isLong = given !== undefined;

/** What chance depends on. */
export const seed = given?.seed ?? Math.floor(Math.random() * 2 ** 31);

/** How long questions are asked during each fault of the long form. */
export const seconds = given?.seconds ?? 60;
