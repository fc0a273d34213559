/*
 * As much of a browser as pages of links and forms need: cookies by host, redirects, forms with what is hidden in them. For the demo,
 * which goes through the real pages on machines without a browser.
 */

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

const mostRedirects = 10;

export class FormBrowser {
  /** By host name: cookies do not know ports. */
  readonly #cookies = new Map<string, Map<string, string>>();

  open(url: string): Promise<Page> {
    return this.#request(url, undefined);
  }

  /** Drops the cookies of a host, as somebody who signs out everywhere there. */
  forget(hostname: string): void {
    this.#cookies.delete(hostname);
  }

  /** Presses the button with this text, or name, of the page; the fields are typed in first. */
  async press(page: Page, button: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    for (const [, attributes = '', content = ''] of page.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
      const pressed = [...content.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].find(
        ([, , text = '']) => textOf(text) === button,
      );
      if (!pressed) continue;
      const form = new URLSearchParams({ ...hiddenFields(content), ...fields });
      const name = attribute(pressed[1] ?? '', 'name');
      if (name !== undefined) form.set(name, attribute(pressed[1] ?? '', 'value') ?? '');
      return this.#request(new URL(attribute(attributes, 'action') ?? '', page.url).href, form);
    }
    throw new Error(`${page.url} (${page.status}) has no button "${button}": ${textOf(page.html).slice(0, 300)}`);
  }

  async #request(url: string, form: URLSearchParams | undefined, redirects = 0): Promise<Page> {
    const { hostname, origin } = new URL(url);
    const cookies = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, cookies);
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...(form && { origin }) },
      ...(form && { body: form }),
      signal: AbortSignal.timeout(15_000),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '' || /max-age=0/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const html = await response.text();
    if (location === null || response.status < 300 || response.status > 399)
      return { url, status: response.status, html };
    if (redirects === mostRedirects) throw new Error(`${url} leads in a circle`);
    return this.#request(new URL(location, url).href, undefined, redirects + 1);
  }
}

function hiddenFields(form: string): Record<string, string> {
  const inputs = [...form.matchAll(/<input\b([^>]*)>/g)].map(([, attributes = '']) => attributes);
  return Object.fromEntries(
    inputs
      .filter((attributes) => attribute(attributes, 'type') === 'hidden')
      .map((attributes) => [attribute(attributes, 'name') ?? '', attribute(attributes, 'value') ?? '']),
  );
}

function attribute(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return value === undefined ? undefined : unescape(value);
}

/** The words of a piece of HTML, as somebody reads them. */
export function textOf(html: string): string {
  const words = html.replace(/<(script|style|svg)\b.*?<\/\1>/gs, ' ').replace(/<[^>]*>/g, ' ');
  return unescape(words).replace(/\s+/g, ' ').trim();
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

const unescape = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return entities[name ?? ''] ?? whole;
  });
