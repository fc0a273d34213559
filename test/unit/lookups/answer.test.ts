import { expect, it } from 'vitest';
import { isSameOrg, toAnswer, withoutFields } from '../../../src/domain/answer.ts';
import type { Answer, Refused } from '../../../src/domain/lookup.ts';
import { chooseFormat, presentExtension } from '../../../web/presenters/answer.ts';

it.each([
  [undefined, undefined, 'text'],
  ['json', 'text/plain', 'json'],
  [undefined, '*/*', 'text'],
  [undefined, 'application/json', 'json'],
  [undefined, 'Application/JSON; charset=utf-8', 'json'],
  [undefined, 'application/problem+json', 'json'],
  [undefined, 'text/xml', 'xml'],
  [undefined, 'application/json;q=0.5, application/xml', 'xml'],
  [undefined, 'application/json;q=0, */*', 'text'],
  [undefined, 'text/html, */*;q=0.1', 'text'],
  [undefined, 'application/x-www-form-urlencoded', 'form'],
  [undefined, 'nonsense', 'text'],
  [undefined, ';;;,', 'text'],
] as const)('for format %s and Accept %s the answer is %s', (asked, accept, format) => {
  expect(chooseFormat(asked, accept, 'text')).toBe(format);
});

it('writes every format so that what it carries cannot break it', () => {
  const answer: Answer = {
    runId: 'r',
    reason: 'matched',
    matches: 2,
    extension: '2"0<1>&é\u0007\ud800',
    fields: {},
    ms: 3,
  };
  const body = (format: Parameters<typeof presentExtension>[1]) => presentExtension(answer, format).body;
  expect(JSON.parse(body('json'))).toMatchObject({ extension: '2"0<1>&é\u0007\ud800', matches: '2' });
  expect(body('xml')).toContain('<extension>2&#34;0&#60;1&#62;&#38;é\ufffd</extension>');
  expect(new URLSearchParams(body('form')).get('extension')).toBe('2"0<1>&é\u0007\ufffd');
  expect(presentExtension({ ...answer, extension: '201\r\n202' }, 'text').body).toBe('201\n');
  expect(presentExtension({ ...answer, extension: undefined }, 'text').body).toBe('');
});

it('says beside the reason that a step of the lookup cannot be asked, and keeps which', () => {
  const context = {
    runId: 'r',
    service: 'extension',
    lookup: { fallbacks: {}, fallbackExtension: '100' },
    ms: 3,
  } as const;
  const answerTo = (refused?: Refused) =>
    toAnswer(
      { reason: 'salesforce-error', matches: 0, ...(refused && { refused }) },
      { ...context, pbx: { fallbackExtension: undefined } },
    );
  expect(answerTo({ answer: 'INVALID_FIELD', step: 0 })).toMatchObject({
    reason: 'salesforce-error',
    detail: 'lookup-broken',
    extension: '100',
  });
  expect(answerTo({ answer: 'too-large' })).not.toHaveProperty('detail');
  expect(answerTo()).not.toHaveProperty('detail');
  const finding = { reason: 'matched', matches: 1, refused: { answer: 'INVALID_FIELD', step: 0 } } as const;
  expect(withoutFields({ ...finding, fields: { Name: 'Marc' } })).toEqual(finding);
});

it('knows an org id by 15 or 18 characters in any case, and by nothing else', () => {
  const orgId = '00DA0000000BhM2MAK';
  for (const same of [orgId, orgId.toLowerCase(), orgId.slice(0, 15), orgId.slice(0, 15).toUpperCase()]) {
    expect(isSameOrg(same, orgId)).toBe(true);
  }
  for (const other of ['', orgId.slice(0, 14), orgId.slice(0, 16), `${orgId}A`, '00DA0000000BhM2EAK']) {
    expect(isSameOrg(other, orgId)).toBe(false);
  }
});
