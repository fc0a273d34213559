import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerFormats, answerReasons } from '../../src/domain/lookup.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { credentials, lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import en from '../../web/locales/en.json' with { type: 'json' };
import { createTestPhoneApi, matched, type TestPhoneApi } from '../support/phone-api.ts';

let api: TestPhoneApi;
let token: string;

beforeEach(async () => {
  api = await createTestPhoneApi();
  token = await api.newToken({ id: 'a6a1ef01-7af2-4e2c-8b54-7a6d4b9d0c11' });
});
afterEach(() => api.close());

const path = (question: string, { prefix = '/api', slash = '/', pbxId = pbx.id, org = orgId } = {}) =>
  `${prefix}/ExtNo/${pbxId}${org}${slash}?${question}`;
const ask = (question: string, headers: Record<string, string> = {}) =>
  api.app.inject({ url: path(question), headers: { authorization: `Bearer ${token}`, ...headers } });

describe('an answer', () => {
  it('is the extension and a newline in plain text, explained by headers and never cached', async () => {
    const answer = await ask('callerid=%2B4975253099803', { accept: '*/*' });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe('201\n');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-trunkline-reason': 'matched',
      'x-trunkline-matches': '1',
    });
    await expect.poll(() => api.engine.starts.map(({ runId }) => runId)).toEqual([answer.headers['x-trunkline-run']]);
  });

  it('comes in the format that the query, else the Accept header, else the phone system names', async () => {
    const run = (answer: { headers: Record<string, unknown> }) => String(answer.headers['x-trunkline-run']);
    const json = await ask('callerid=0752543312&format=JSON');
    expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(json.json()).toEqual({ extension: '201', reason: 'matched', run: run(json), matches: '1' });
    const xml = await ask('callerid=0752543312', { accept: 'text/html, application/xml;q=0.9, */*;q=0.8' });
    expect(xml.headers['content-type']).toBe('application/xml; charset=utf-8');
    expect(xml.body).toBe(
      `<answer><extension>201</extension><reason>matched</reason><run>${run(xml)}</run><matches>1</matches></answer>`,
    );
    api.directory.pbxs.set(pbx.id, {
      signingSecret: api.directory.pbxs.get(pbx.id)?.signingSecret ?? randomBytes(32),
      pbx: { ...pbx, answerFormat: 'form' },
    });
    const form = await ask('callerid=0752543312', { accept: '*/*' });
    expect(form.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(form.body).toBe(`extension=201&reason=matched&run=${run(form)}&matches=1`);
  });

  it('is the same under both prefixes, with and without the slash, with 15 characters of the org id and ids in any case', async () => {
    for (const variant of [
      { prefix: '/acd/api' },
      { slash: '' },
      { prefix: '/acd/api', slash: '' },
      { org: orgId.slice(0, 15) },
      { org: orgId.toLowerCase(), pbxId: pbx.id.toLowerCase() },
      { org: orgId.slice(0, 15).toUpperCase() },
    ]) {
      const answer = await api.app.inject({ url: path(`callerid=0752543312&token=${token}`, variant) });
      expect([answer.statusCode, answer.body], JSON.stringify(variant)).toEqual([200, '201\n']);
    }
  });

  it('is given to POST with JSON and with a form, with names in any case and the token in the body', async () => {
    const json = await api.app.inject({
      method: 'POST',
      url: path('').replace('?', ''),
      payload: { CallerId: '0752543312', CalledId: '', IVRId: null, Token: token, Format: 'text' },
    });
    expect([json.statusCode, json.body]).toEqual([200, '201\n']);
    const form = await api.app.inject({
      method: 'POST',
      url: path('', { slash: '' }).replace('?', ''),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `callerid=%2B49752543312&token=${token}`,
    });
    expect([form.statusCode, form.body]).toEqual([200, '201\n']);
  });

  it('is given to what was sent, not to what a name makes of it', async () => {
    const sent = {
      method: 'POST',
      url: path('').replace('?', ''),
      headers: { 'content-type': 'application/json' },
    } as const;
    const payload = JSON.stringify({ callerid: '0752543312', inherited: { token } }).replace('inherited', '__PROTO__');
    expect((await api.app.inject({ ...sent, payload })).statusCode).toBe(401);
  });

  it.each([undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/xml'])(
    'is given to POST with everything in the URL and an empty body of the type %s',
    async (type) => {
      const headers = type === undefined ? {} : { 'content-type': type, 'content-length': '0' };
      const answer = await api.app.inject({ method: 'POST', url: path(`callerid=0752543312&token=${token}`), headers });
      expect([answer.statusCode, answer.body]).toEqual([200, '201\n']);
    },
  );

  it('is empty when nothing was found and there is no fallback, or 404 where the phone system is set so', async () => {
    api.findRecord = async () => ({ ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage: undefined });
    const signingSecret = api.directory.pbxs.get(pbx.id)?.signingSecret ?? randomBytes(32);
    api.directory.pbxs.set(pbx.id, { signingSecret, pbx: { ...pbx, fallbackExtension: undefined } });
    const empty = await ask('callerid=0752543312');
    expect([empty.statusCode, empty.body, empty.headers['x-trunkline-reason']]).toEqual([200, '', 'no-match']);
    expect((await ask('callerid=0752543312&format=json')).json()).toMatchObject({ extension: '', matches: '0' });
    api.directory.pbxs.set(pbx.id, {
      signingSecret,
      pbx: { ...pbx, fallbackExtension: undefined, notFoundOnMiss: true, version: 2 },
    });
    expect((await ask('callerid=0752543312')).statusCode).toBe(404);
  });

  it('is the fallback without a call to Salesforce when the caller withheld the number or sent none that means anything', async () => {
    api.findRecord = () => Promise.reject(new Error('Salesforce was asked'));
    for (const [sent, reason] of [
      ['anonymous', 'withheld'],
      ['', 'withheld'],
      ['hello', 'invalid-number'],
      // The number called is no substitute for a caller's that was withheld: it would ring the owner of one's own company.
      ['&calledid=%2B4975254400', 'withheld'],
      ['anonymous&calledid=%2B4975254400', 'withheld'],
    ]) {
      const answer = await ask(`callerid=${String(sent)}`);
      expect([answer.statusCode, answer.body, answer.headers['x-trunkline-reason']]).toEqual([200, '100\n', reason]);
    }
  });

  it('is the fallback for a number of any length that a request can have, of which not all is kept', async () => {
    const strict = await createTestPhoneApi({ read: readNumber });
    const asked = (method: 'GET' | 'POST', url: string, payload?: object) =>
      strict.app.inject({ method, url, headers: { authorization: `Bearer ${jwt}` }, ...(payload && { payload }) });
    const jwt = await strict.newToken();
    const long = `+4975253099803${'0'.repeat(300)}`;
    for (const answer of [
      await asked('GET', path(`callerid=${encodeURIComponent(long)}`)),
      await asked('GET', path(`calledid=${'1'.repeat(10_000)}`)),
      await asked('POST', path(''), { callerid: long + 'x'.repeat(50_000) }),
    ]) {
      expect([answer.statusCode, answer.body]).toEqual([200, '100\n']);
      expect(answer.headers['x-trunkline-reason']).toBe('invalid-number');
    }
    await expect.poll(() => strict.engine.starts.length).toBe(3);
    expect(JSON.stringify(strict.engine.starts).length).toBeLessThan(3_000);
    await strict.close();
  });

  it('reads a plus that was not encoded, and the called number when no caller was sent', async () => {
    const asked: unknown[] = [];
    api.findRecord = async ({ question: { caller } }) => {
      asked.push(caller.kind === 'number' && caller.e164);
      return { ok: true, finding: matched('201'), apiUsage: undefined };
    };
    await ask('callerid=+49752543312');
    await ask('calledid=+4975254400');
    expect(asked).toEqual(['+49752543312', '+4975254400']);
  });

  it('says beside the reason that the lookup has broken, and nothing where it has not', async () => {
    const failure = { kind: 'failure', cause: 'request-refused', answer: 'INVALID_FIELD', retryable: false } as const;
    api.findRecord = async () => ({ ok: false, failure, step: 0 });
    const broken = await ask('callerid=0752543312');
    expect([broken.statusCode, broken.body]).toEqual([200, '100\n']);
    expect(broken.headers).toMatchObject({
      'x-trunkline-reason': 'salesforce-error',
      'x-trunkline-detail': 'lookup-broken',
    });
    api.findRecord = async () => ({ ok: true, finding: matched('201'), apiUsage: undefined });
    expect((await ask('callerid=0752543313')).headers).not.toHaveProperty('x-trunkline-detail');
  });

  it('escapes what it carries', async () => {
    api.findRecord = async () => ({ ok: true, finding: matched('<&"\n\u0001é'), apiUsage: undefined });
    expect((await ask('callerid=0752543312')).body).toBe('<&"\n');
    expect((await ask('callerid=0752543312&format=xml')).body).toContain('<extension>&#60;&#38;&#34;</extension>');
  });
});

describe('a question', () => {
  it.each([
    ['no number at all', 'lookupid=', 400],
    ['an IVR input that is far too long', `ivrid=${'1'.repeat(300)}`, 400],
    ['a number twice', 'callerid=0752543312&callerid=0752543313', 400],
    ['a format that nobody knows', 'callerid=0752543312&format=yaml', 400],
    ['a lookup that is unknown', 'callerid=0752543312&lookupid=AAAAAA-AAAAAA-AAAAAA', 404],
    ['a lookup id that is none', 'callerid=0752543312&lookupid=default', 404],
    ['a lookup of the wrong kind', 'callerid=0752543312&lookupid=BBBBBB-BBBBBB-BBBBBB', 409],
    ['a lookup of another account', 'callerid=0752543312&lookupid=CCCCCC-CCCCCC-CCCCCC', 404],
  ])('with %s is refused with a problem', async (_name, question, status) => {
    api.directory.lookups.set('BBBBBB-BBBBBB-BBBBBB', { ...lookup, id: 'BBBBBB-BBBBBB-BBBBBB', kind: 'data' });
    api.directory.lookups.set('CCCCCC-CCCCCC-CCCCCC', { ...lookup, id: 'CCCCCC-CCCCCC-CCCCCC', accountId: 'other' });
    const answer = await ask(question, { accept: 'application/problem+json' });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(Object.keys(answer.json<object>())).toEqual(['type', 'title', 'status', 'code', 'detail']);
    expect(answer.json()).toMatchObject({ type: 'about:blank', status });
    expect(api.engine.starts).toEqual([]);
  });

  it('names what is allowed where a value is none of it', async () => {
    expect((await ask('callerid=0752543312&format=yaml')).body).toBe(
      'The parameter format is not valid: it must be one of text, json, xml, form.\n',
    );
  });

  it('is refused in the format that it names, else the Accept header, else the phone system: a line of text, or a problem', async () => {
    const url = path('').replace('?', '');
    const post = (payload: object, headers: Record<string, string> = {}) =>
      api.app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${token}`, ...headers }, payload });
    const line = 'At least one of callerid, calledid and ivrid is required.\n';
    const isText = { 'content-type': 'text/plain; charset=utf-8' };
    const isProblem = { 'content-type': 'application/problem+json; charset=utf-8' };
    for (const [answer, headers] of [
      [await ask('format=text', { accept: 'application/json' }), isText],
      [await ask('', { accept: 'text/plain' }), isText],
      [await ask(''), isText],
      [await post({}), isText],
      [await post({ Format: 'TEXT' }, { accept: 'application/json' }), isText],
      [await post({ Format: 'json' }), isProblem],
      [await ask('format=xml'), isProblem],
      [await ask('', { accept: 'application/problem+json' }), isProblem],
    ] as const) {
      expect(answer.statusCode).toBe(400);
      expect(answer.headers).toMatchObject(headers);
      if (headers === isText) expect(answer.body).toBe(line);
    }
    const known = api.directory.pbxs.get(pbx.id);
    if (known) api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...pbx, answerFormat: 'json' } });
    expect((await ask('')).headers).toMatchObject(isProblem);
  });

  it('is refused as a problem where nobody knows yet who asks, unless it wants text', async () => {
    const stranger = (question: string, accept?: string) =>
      api.app.inject({ url: path(question), headers: accept === undefined ? {} : { accept } });
    expect((await stranger('')).headers['content-type']).toBe('application/problem+json; charset=utf-8');
    for (const answer of [await stranger('format=text'), await stranger('', 'text/plain')]) {
      expect(answer.statusCode).toBe(401);
      expect(answer.body).toBe('A token is missing: send Authorization: Bearer <token>, or ?token=.\n');
    }
  });

  it('whose body cannot be read is refused', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const url = path('');
    const cut = { ...headers, 'content-type': 'application/json' };
    expect((await api.app.inject({ method: 'POST', url, headers: cut, payload: '{"CallerId":' })).statusCode).toBe(400);
    const xml = { ...headers, 'content-type': 'text/xml' };
    expect((await api.app.inject({ method: 'POST', url, headers: xml, payload: '<a/>' })).statusCode).toBe(415);
  });

  it('may name a lookup in any case', async () => {
    expect((await ask(`callerid=0752543312&lookupid=${lookup.id.toLowerCase()}`)).body).toBe('201\n');
  });
});

it.each([
  ['[]', 'application/json', 400, 'The body is not valid: it must be object.'],
  ['{"callerid"', 'application/json', 400, undefined],
  ['callerid=1', 'text/plain', 415, undefined],
  ['<callerid>1</callerid>', 'application/xml', 415, undefined],
])('refuses a body that cannot be read: %s as %s', async (payload, type, status, detail) => {
  const headers = { 'content-type': type, accept: 'application/json' };
  const answer = await api.app.inject({ method: 'POST', url: path(`token=${token}`), headers, payload });
  expect(answer.json()).toMatchObject({ status, code: 'REQUEST_INVALID', ...(detail !== undefined && { detail }) });
});

describe('a token', () => {
  const asked = (url: string, headers: Record<string, string> = {}) => api.app.inject({ url, headers });

  it('is asked for', async () => {
    const answer = await asked(path('callerid=0752543312'));
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.json()).toMatchObject({ code: 'PBX_TOKEN_INVALID' });
  });

  it('in the header wins over one in the query', async () => {
    const url = path(`callerid=0752543312&token=${token}`);
    expect((await asked(url, { authorization: 'Bearer wrong' })).statusCode).toBe(401);
    expect((await asked(url, { authorization: 'Basic dXNlcjpwYXNz' })).statusCode).toBe(200);
  });

  it('is refused when it is forged, unknown, unsigned, revoked or expired, always in the same words', async () => {
    const [header = '', claims = '', signature = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const otherClaims = Buffer.from(JSON.stringify({ iss: 'other', aud: pbx.id, jti: 'x' })).toString('base64url');
    const revoked = await api.newToken({ id: 'revoked' });
    const issued = api.directory.tokens.get('revoked');
    if (issued) api.directory.tokens.set('revoked', { ...issued, revokedAtMs: Date.now() });
    const unknown = await api.newToken({ id: 'unknown' });
    api.directory.tokens.delete('unknown');
    const bodies = new Set<string>();
    for (const bad of [
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
      `${none}.${claims}.${signature}`,
      `${header}.${otherClaims}.${signature}`,
      await api.newToken({ id: 'forged', secret: randomBytes(32) }),
      await api.newToken({ id: 'expired', expiresAtMs: Date.now() - 1_000 }),
      revoked,
      unknown,
      'x'.repeat(5_000),
    ]) {
      const answer = await asked(path('callerid=0752543312'), { authorization: `Bearer ${bad}` });
      expect(answer.statusCode, bad.slice(0, 40)).toBe(401);
      bodies.add(answer.body);
    }
    expect(bodies.size).toBe(1);
  });

  it('opens its own phone system only, and does not tell others’ apart from unknown ones', async () => {
    const mine = 'AAAAAA-000000-000001';
    const foreign = 'AAAAAA-000000-000002';
    api.directory.pbxs.set(mine, { pbx: { ...pbx, id: mine }, signingSecret: randomBytes(32) });
    api.directory.pbxs.set(foreign, {
      pbx: { ...pbx, id: foreign, accountId: 'other' },
      signingSecret: randomBytes(32),
    });
    const status = async (pbxId: string, org = orgId) => {
      const { statusCode, body } = await asked(path(`callerid=1&format=json&token=${token}`, { pbxId, org }));
      return { statusCode, body };
    };
    expect(await status(mine)).toMatchObject({ statusCode: 403 });
    const unknown = await status('AAAAAA-000000-000003');
    expect(unknown.statusCode).toBe(404);
    expect(await status(foreign)).toEqual(unknown);
    expect(await status('nonsense')).toEqual(unknown);
    expect(await status(pbx.id, '00DB0000000CaT5MAK')).toEqual(unknown);
    expect(await status(pbx.id, '00DA')).toEqual(unknown);
  });

  it('opens the URL of an org connected a moment ago, of which news has not come yet', async () => {
    const newOrg = '00DB0000000CaT5MAK';
    const [known] = api.directory.connections.values();
    if (known) api.directory.storedConnection = { ...known, orgId: newOrg };
    api.directory.stored = { ...credentials, orgId: newOrg };
    const answer = await asked(path(`callerid=0752543312&token=${token}`, { org: newOrg }));
    expect([answer.statusCode, answer.body]).toEqual([200, '201\n']);
    expect((await asked(path(`callerid=0752543312&token=${token}`))).statusCode).toBe(404);
  });

  it('has its use remembered', async () => {
    await ask('callerid=0752543312');
    expect([...api.directory.used.keys()]).toEqual(['a6a1ef01-7af2-4e2c-8b54-7a6d4b9d0c11']);
  });
});

describe('the resource', () => {
  it('answers HEAD as GET, without the body', async () => {
    const answer = await api.app.inject({ method: 'HEAD', url: path(`callerid=0752543312&token=${token}`) });
    expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, '', '4']);
    expect(answer.headers['x-trunkline-reason']).toBe('matched');
  });

  it.each(answerReasons)(
    'explains an answer for %s by headers that nobody keeps, to HEAD as to GET',
    async (reason) => {
      const finding = { reason, matches: 0 };
      api.findRecord = async () => ({ ok: true, finding, apiUsage: undefined });
      const data = { ...lookup, id: 'DDDDDD-DDDDDD-DDDDDD', kind: 'data' as const };
      api.directory.lookups.set(data.id, data);
      for (const [service, format] of ['ExtNo', 'DataLookup'].flatMap((name) =>
        answerFormats.map((each) => [name, each] as const),
      )) {
        const question = `callerid=0752543312&format=${format}&token=${token}`;
        const url = path(`${question}${service === 'ExtNo' ? '' : `&lookupid=${data.id}`}`).replace('ExtNo', service);
        const answers = [await api.app.inject({ url }), await api.app.inject({ method: 'HEAD', url })];
        const [got, head] = answers.map(({ statusCode, headers }) => ({
          statusCode,
          ...headers,
          date: undefined,
          // The answer to trouble is not repeated: HEAD asks anew.
          'x-trunkline-run': typeof headers['x-trunkline-run'],
        }));
        expect(got, url).toMatchObject({
          statusCode: 200,
          'cache-control': 'no-store',
          'x-trunkline-reason': reason,
          'x-trunkline-run': 'string',
          'x-trunkline-matches': '0',
        });
        expect(got).not.toHaveProperty('etag');
        expect(head).toEqual(got);
        expect(answers[1]?.body).toBe('');
      }
    },
  );

  it('tells what may be asked of it', async () => {
    const options = await api.app.inject({ method: 'OPTIONS', url: path('', { slash: '' }) });
    expect([options.statusCode, options.headers.allow]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
    const put = await api.app.inject({ method: 'PUT', url: path('') });
    expect([put.statusCode, put.headers.allow]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  });

  it.each(['TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'PURGE', 'PATCH', 'DELETE'])(
    'refuses %s whatever it carries, and says what can be used',
    async (method) => {
      for (const [url, allow] of [
        [path(`callerid=1&token=${token}`), 'GET, HEAD, POST, OPTIONS'],
        [path('', { prefix: '/acd/api', slash: '' }), 'GET, HEAD, POST, OPTIONS'],
        [`/api/PBXConf/${pbx.id}${orgId}`, 'GET, HEAD, PUT, OPTIONS'],
        [`/api/health/${pbx.id}/`, 'GET, HEAD, OPTIONS'],
        ['/api/openapi.json', 'GET, HEAD, OPTIONS'],
      ] as const) {
        const answer = await api.app.inject({ method: method as 'DELETE', url });
        expect([answer.statusCode, answer.headers.allow], url).toEqual([405, allow]);
        expect(answer.headers).toMatchObject({
          'content-type': 'application/problem+json; charset=utf-8',
          'cache-control': 'no-store',
        });
        const inText = await api.app.inject({ method: method as 'DELETE', url, headers: { accept: 'text/plain' } });
        expect([inText.statusCode, inText.body], url).toEqual([405, `Only ${allow} can be used here.\n`]);
      }
    },
  );

  it('tells a phone system that polls what the page of the connection says', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const health = () => api.app.inject({ url: `/api/health/${pbx.id.toLowerCase()}`, headers });
    expect((await health()).json()).toEqual({
      connection: 'active',
      status: 'Active',
      since: '2023-11-14T22:13:20.000Z',
    });
    const [known] = api.directory.connections.values();
    if (known) api.directory.setConnection({ ...known, state: 'broken', cause: 'user-inactive' });
    expect((await health()).json()).toMatchObject({
      connection: 'broken',
      status: 'Inactive',
      reason: 'user-inactive',
      explanation: 'The Salesforce user is deactivated. The Salesforce user is not active in Salesforce any more.',
      nextStep: en.why['user-inactive'].action,
    });
    api.directory.connections.clear();
    expect((await health()).json()).toEqual({
      connection: 'none',
      status: 'Inactive',
      explanation: en.connection['none-text'],
      nextStep: en.connection['connect-next-step'],
    });
    expect((await api.app.inject({ url: `/api/health/${pbx.id}` })).statusCode).toBe(401);
  });

  it('is described by an OpenAPI document that names every status and reason', async () => {
    const document = (await api.app.inject({ url: '/api/openapi.json' })).json<{
      openapi: string;
      paths: Record<string, Record<string, { responses: object }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/DataLookup/{pbxAndOrg}',
      '/api/ExtNo/{pbxAndOrg}',
      '/api/PBXConf/{pbxAndOrg}',
      '/api/connections/{orgId}/status',
      '/api/health/{pbxId}',
    ]);
    const { get, post } = document.paths['/api/ExtNo/{pbxAndOrg}'] ?? {};
    const always = ['200', '400', '401', '403', '404', '409', '429', '500'];
    expect(Object.keys(get?.responses ?? {})).toEqual(always);
    expect(Object.keys(post?.responses ?? {}).sort()).toEqual([...always, '413', '415'].sort());
    expect(JSON.stringify(get)).toContain('matched-several');
  });
});
