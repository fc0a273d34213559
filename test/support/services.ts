import { inject } from 'vitest';
import type { TestServices } from './global-setup.ts';

/** Asks the test run for a service, which it starts at the first request. A service that cannot be had fails the test with the reason. */
export async function service<Name extends keyof TestServices>(name: Name): Promise<TestServices[Name]> {
  const response = await fetch(`${inject('services')}/${name}`);
  const answer = (await response.json()) as { value: TestServices[Name] } | { error: string };
  if ('error' in answer) throw new Error(answer.error);
  return answer.value;
}
