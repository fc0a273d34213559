type Functions<T> = { [Name in keyof T as T[Name] extends (...given: never[]) => unknown ? Name : never]: T[Name] };

/** A fake whose functions fail on demand. */
export type Breakable<T> = T & {
  /** From now on the function throws. */
  fail(name: keyof Functions<T>, error: Error): void;
  /** Everything works again. */
  mend(): void;
};

export function breakable<T extends object>(fake: T): Breakable<T> {
  const faults = new Map<PropertyKey, Error>();
  const control = {
    fail: (name: keyof Functions<T>, error: Error) => void faults.set(name, error),
    mend: () => faults.clear(),
  };
  return new Proxy(Object.assign(fake, control), {
    get(target, name, receiver) {
      const error = faults.get(name);
      if (error === undefined) return Reflect.get(target, name, receiver);
      return () => Promise.reject(error);
    },
  });
}
