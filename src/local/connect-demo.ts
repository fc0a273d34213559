import { setTimeout as delay } from 'node:timers/promises';
import { demoEmail, demoPassword } from './demo-data.ts';
import { FormBrowser, textOf, type Page } from './form-browser.ts';

const withinMs = 20_000;

/** What an administrator does in the browser: sign in, press the button, log in at Salesforce, allow. Answers with the page's status. */
export async function connectDemo(url: string, signal?: AbortSignal): Promise<string> {
  const browser = new FormBrowser();
  const signIn = await browser.open(`${url}/sign-in`);
  const inactive = await browser.press(signIn, 'Sign in', { email: demoEmail, password: demoPassword });
  const login = await browser.press(inactive, 'Click To Connect Salesforce');
  const allow = await browser.press(login, 'Log In', { username: 'admin@acme.example', pw: 'stand-in' });
  await browser.press(allow, 'Allow');
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const page = await browser.open(`${url}/salesforce-connection`);
    const status = statusOf(page);
    if (status.startsWith('Active')) return status;
    if (Date.now() > untilMs) throw new Error(`The connection is not active: ${textOf(page.html)}`);
    await delay(100, undefined, { signal });
  }
}

function statusOf({ html }: Page): string {
  return textOf(/role="status"[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? '');
}
