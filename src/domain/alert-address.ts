const urlMaxLength = 2_000;

/** The URL of a webhook: https, also http where private networks are allowed, without a user name. Undefined when it is none. */
export function readWebhookUrl(text: string, { allowPrivate }: { allowPrivate: boolean }): URL | undefined {
  const url = text.length <= urlMaxLength ? URL.parse(text.trim()) : null;
  if (url === null) return undefined;
  const isEncrypted = url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:');
  if (!isEncrypted || url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url;
}
