import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { FormBrowser, textOf } from '../../../src/local/form-browser.ts';

async function site(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('fills a form in, keeps what is hidden in it, and follows where it leads with its cookies', async () => {
  const url = await site(async (request, response) => {
    if (request.method === 'POST') {
      const body = await text(request);
      response.writeHead(303, { location: '/done', 'set-cookie': ['session=s1; HttpOnly', 'first=; Max-Age=0'] });
      response.end(body);
      expect(body).toBe('_csrf=a%26b&email=x%40y.example&save=Allow');
    } else if (request.url === '/done') {
      response.end(`cookies: ${request.headers.cookie ?? ''}`);
    } else {
      response.setHeader('set-cookie', 'first=1');
      response.end(
        `<form action="/other"><button>Search</button></form>
         <form method="post" action="/sign-in"><input type="hidden" name="_csrf" value="a&amp;b"><input name="email">
         <button name="cancel" value="Deny">Deny</button><button class="x" name="save" value="Allow"><svg><title>i</title></svg> Sign&nbsp;in </button></form>`,
      );
    }
  });
  const browser = new FormBrowser();
  const page = await browser.open(url);
  const next = await browser.press(page, 'Sign in', { email: 'x@y.example' });
  expect(next).toMatchObject({ url: `${url}/done`, status: 200, html: 'cookies: session=s1' });
});

test('says what the page shows instead of the button', async () => {
  const url = await site((_request, response) => {
    response.statusCode = 401;
    response.end('<h1>Wrong password</h1>');
  });
  const browser = new FormBrowser();
  await expect(browser.press(await browser.open(url), 'Allow')).rejects.toThrow(
    `${url} (401) has no button "Allow": Wrong password`,
  );
});

test('does not follow a circle for ever', async () => {
  const url = await site((_request, response) => void response.writeHead(302, { location: '/' }).end());
  await expect(new FormBrowser().open(`${url}/`)).rejects.toThrow('leads in a circle');
});

test.each([
  ['<p>Gr&ouml;&#223;e &#x26; <b>Rest</b></p>', 'Gr&ouml;ße & Rest'],
  ['<style>p{}</style>a<br>b', 'a b'],
])('reads %s', (html, words) => {
  expect(textOf(html)).toBe(words);
});
