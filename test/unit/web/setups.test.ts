import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { describe, expect, it } from 'vitest';
import en from '../../../web/locales/en.json' with { type: 'json' };
import { setupNames, setups, type SetupName } from '../../../web/setups/index.ts';
import type { SetupFile, SetupValues } from '../../../web/setups/setup.ts';

const values: SetupValues = {
  publicUrl: 'https://trunkline.example',
  pbxId: '47EC1B-B70D69-818AE6',
  orgId: '00DA0000000BhM2MAK',
  token: 'eyJhbGciOiJIUzI1NiJ9.e30.a-b_c',
  callerId: '+4975253099803',
  deadlineMs: 1_500,
  fields: ['FirstName', 'LastName', 'Account_Name'],
};
const path = '/47EC1B-B70D69-818AE600DA0000000BhM2MAK/';
const every = setupNames.flatMap((name) => setups[name](values).map((file) => [name, file.name, file] as const));
const fileOf = (name: SetupName, index = 0): SetupFile => {
  const file = setups[name](values)[index];
  if (!file) throw new Error('there is no such file');
  return file;
};

/** What XML means; throws where it is none. */
function parseXml(text: string): unknown {
  expect(SyntaxValidator.validate(text)).toBe(true);
  return new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(text);
}

/** What Velocity makes of the address of a data action: a reference to what is not set stands for itself, a quiet one for nothing. */
const velocityUrl = (template: string, input: Readonly<Record<string, string>>): string =>
  template.replace(/\$esc\.url\("\$(!?)\{input\.(\w+)\}"\)/g, (_, quiet: string, name: string) =>
    encodeURIComponent(input[name] ?? (quiet === '!' ? '' : `\${input.${name}}`)),
  );

describe('a ready-made set-up', () => {
  it.each(every)('of %s (%s) asks at the address of this phone system, token and all', (_, __, { text }) => {
    const urls = text.match(/https?:\/\/[^\s'"`?]+/g)?.filter((url) => !url.includes('w3.org')) ?? [];
    for (const url of urls) expect(url).toMatch(/^https:\/\/trunkline\.example\/api\/(?:ExtNo|DataLookup)\//);
    for (const url of urls) expect(url.endsWith(path)).toBe(true);
    expect(text).not.toContain('undefined');
  });

  it.each(every.filter(([, , { mediaType }]) => mediaType === 'application/json'))(
    'of %s (%s) is JSON',
    (_, __, { text }) => {
      expect(JSON.parse(text)).toBeTypeOf('object');
    },
  );

  it.each(every.filter(([, , { mediaType }]) => mediaType === 'application/xml'))(
    'of %s (%s) is XML',
    (_, __, { text }) => {
      expect(parseXml(text)).toBeTypeOf('object');
    },
  );

  it.each(setupNames)('of %s says where it goes', (name) => {
    expect(en.setups.clients[name].title).not.toBe('');
    expect(en.setups.clients[name].text).not.toBe('');
  });

  it.each(setupNames)('of %s carries the token nowhere but where its client has no better place', (name) => {
    const hasToken = setups[name](values).some(({ text }) => text.includes(values.token));
    expect(hasToken).toBe(['asterisk', 'freeswitch', 'kamailio', 'twilio', 'curl'].includes(name));
  });
});

describe('each client', () => {
  it('Asterisk waits longer than the deadline, but not its three minutes', () => {
    const { text } = fileOf('asterisk');
    expect(text).toContain('CURLOPT(httptimeout)=3');
    expect(text).toContain('callerid=${URIENCODE(${CALLERID(num)})}');
    // A semicolon would make a comment of the rest of the line.
    expect(text).not.toContain(';');
  });

  it('FreeSWITCH asks for the name in plain text, within two seconds', () => {
    const name = parseXml(fileOf('freeswitch', 1).text) as {
      configuration: { settings: { param: { name: string; value: string }[] } };
    };
    const params = Object.fromEntries(name.configuration.settings.param.map((param) => [param.name, param.value]));
    expect(params['url']).toContain('/api/DataLookup/');
    expect(params['url']).toContain('format=text');
    expect(Number(params['curl-timeout'])).toBe(2_000);
  });

  it('Kamailio reads the first line, and waits whole seconds', () => {
    const { text } = fileOf('kamailio');
    expect(text).toContain('modparam("http_client", "connection_timeout", 3)');
    expect(text).toContain('$(fU{s.escape.param})');
  });

  it('3CX shows the fields that the data lookup tells, and asks for the token itself', () => {
    const crm = parseXml(fileOf('3cx').text) as {
      Crm: {
        Parameters: { Parameter: { Name: string; Type: string } };
        Scenarios: {
          Scenario: {
            Request: { Url: string; Headers: { Value: { '#text': string } } };
            Rules: { Rule: unknown[] };
            Outputs: { Output: { Type: string; Value: string }[] };
          };
        };
      };
    };
    const { Parameters, Scenarios } = crm.Crm;
    expect(Parameters.Parameter).toMatchObject({ Name: 'Token', Type: 'Password' });
    const { Request, Outputs } = Scenarios.Scenario;
    expect(Request.Url).toBe(`https://trunkline.example/api/DataLookup${path}?format=json&callerid=[Number]`);
    expect(Request.Headers.Value['#text']).toBe('Bearer [Token]');
    expect(Outputs.Output).toEqual([
      { Type: 'FirstName', Value: '[FirstName]' },
      { Type: 'LastName', Value: '[LastName]' },
      { Type: 'CompanyName', Value: '[Account_Name]' },
      { Type: 'PhoneBusiness', Value: '[Number]' },
    ]);
  });

  it('3CX shows the first field when it knows none of them', () => {
    const [file] = setups['3cx']({ ...values, fields: ['Nick<name'] });
    expect(parseXml(file?.text ?? '')).toBeTypeOf('object');
    expect(file?.text).toContain('<Output Type="LastName" Value="[Nick&lt;name]" />');
  });

  it('Superfecta takes the first field of an answer that says its reason, and the token from its own settings', () => {
    const { text } = fileOf('freepbx');
    expect(text).toContain("'format' => 'json',\n            'meta' => '1',");
    expect(text).toContain("if (!is_array($answer) || !isset($answer['_reason'])) {\n            return '';");
    expect(text).toContain('class Trunkline extends superfecta_base');
    expect(text).toContain("$run_param['Token']");
    expect(text.split('{').length).toBe(text.split('}').length);
  });

  it('Genesys Cloud gets a flat contract, escapes what it sends, and keeps the token in its credentials', () => {
    const action = JSON.parse(fileOf('genesys').text) as {
      integrationType: string;
      config: { request: { requestUrlTemplate: string; headers: Record<string, string> }; timeoutSeconds: number };
      contract: { output: { successSchema: { properties: Record<string, { type: string }> } } };
    };
    expect(action.integrationType).toBe('custom-rest-actions');
    expect(velocityUrl(action.config.request.requestUrlTemplate, { callerId: '+4930', calledId: '+4940' })).toBe(
      `https://trunkline.example/api/ExtNo${path}?format=json&callerid=%2B4930&calledid=%2B4940`,
    );
    expect(velocityUrl(action.config.request.requestUrlTemplate, { callerId: '+4930' })).toBe(
      `https://trunkline.example/api/ExtNo${path}?format=json&callerid=%2B4930&calledid=`,
    );
    expect(action.config.request.headers['Authorization']).toBe('Bearer ${credentials.token}');
    expect(action.config.timeoutSeconds).toBe(3);
    expect(Object.values(action.contract.output.successSchema.properties)).toEqual([
      { type: 'string' },
      { type: 'string' },
      { type: 'string' },
    ]);
  });

  it('Amazon Connect gets a flat map of texts, or an error for its error branch', async () => {
    const { text } = fileOf('amazon-connect');
    const { handler } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      handler: (event: unknown) => Promise<unknown>;
    };
    const asked: { url: string; headers: unknown }[] = [];
    const realFetch = globalThis.fetch;
    process.env['TRUNKLINE_TOKEN'] = 'the token';
    try {
      globalThis.fetch = async (url, init) => {
        asked.push({ url: new Request(url).url, headers: init?.headers });
        return asked.length === 1
          ? Response.json({ extension: '201', reason: 'matched', run: 'r', matches: '1' })
          : new Response('no', { status: 401 });
      };
      const event = {
        Details: { ContactData: { CustomerEndpoint: { Address: '+4930' }, SystemEndpoint: { Address: '+4940' } } },
      };
      expect(await handler(event)).toEqual({ extension: '201', reason: 'matched', run: 'r' });
      expect(asked[0]).toEqual({
        url: `https://trunkline.example/api/ExtNo${path}?format=json&callerid=%2B4930&calledid=%2B4940`,
        headers: { authorization: 'Bearer the token' },
      });
      await expect(handler(event)).rejects.toThrow('401');
    } finally {
      globalThis.fetch = realFetch;
      delete process.env['TRUNKLINE_TOKEN'];
    }
  });

  it('Amazon Connect waits at most its eight seconds, and every transition leads somewhere', () => {
    const [, flow] = setups['amazon-connect']({ ...values, deadlineMs: 7_000 });
    const { Actions } = JSON.parse(flow?.text ?? '') as {
      Actions: {
        Identifier: string;
        Parameters: { InvocationTimeLimitSeconds?: string };
        Transitions: { NextAction?: string; Errors?: { NextAction: string }[] };
      }[];
    };
    expect(Number(Actions[0]?.Parameters.InvocationTimeLimitSeconds)).toBeLessThanOrEqual(8);
    const known = Actions.map(({ Identifier }) => Identifier);
    const next = Actions.flatMap(({ Transitions }) => [
      Transitions.NextAction,
      ...(Transitions.Errors ?? []).map(({ NextAction }) => NextAction),
    ]);
    for (const identifier of next) if (identifier !== undefined) expect(known).toContain(identifier);
  });

  it('Twilio Studio sends the token as a parameter, and every transition leads somewhere', () => {
    const { states } = JSON.parse(fileOf('twilio').text) as {
      states: {
        name: string;
        transitions: { event: string; next?: string }[];
        properties: { parameters?: { key: string; value: string }[] };
      }[];
    };
    const known = states.map(({ name }) => name);
    for (const { next } of states.flatMap(({ transitions }) => transitions)) {
      if (next !== undefined) expect(known).toContain(next);
    }
    const withoutAnswer = states
      .flatMap(({ transitions }) => transitions)
      .filter(({ event }) => event === 'failed' || event === 'match');
    expect(withoutAnswer.map(({ next }) => next)).toEqual(['ring_reception', 'ring_reception']);
    const parameters = states.flatMap(({ properties }) => properties.parameters ?? []);
    expect(parameters.map(({ key }) => key)).toEqual(['format', 'callerid', 'calledid', 'Token']);
    expect(parameters.at(-1)?.value).toBe(values.token);
  });
});
