import { describe, expect, it } from 'vitest';
import { readPbxSettings, type PbxField, type PbxSettingsForm } from '../../../src/domain/pbx-settings.ts';

const countries = ['DE', 'US'];
const form: PbxSettingsForm = {
  name: ' Head office ',
  country: 'DE',
  fallbackExtension: ' 100 ',
  deadlineMs: '1500',
  answerFormat: 'json',
  notFoundOnMiss: true,
  perSecond: '20',
  burst: '',
  inFlight: ' 2000 ',
};

describe('readPbxSettings', () => {
  it('reads a form, without the spaces around', () => {
    expect(readPbxSettings(form, countries)).toEqual({
      ok: true,
      settings: {
        name: 'Head office',
        country: 'DE',
        fallbackExtension: '100',
        deadlineMs: 1_500,
        answerFormat: 'json',
        notFoundOnMiss: true,
        limits: { perSecond: 20, burst: 100, inFlight: 2_000 },
      },
    });
  });

  it('takes an empty fallback extension for none', () => {
    const read = readPbxSettings({ ...form, fallbackExtension: ' ' }, countries);
    expect(read).toMatchObject({ ok: true, settings: { fallbackExtension: undefined } });
  });

  it.each<readonly [field: PbxField, value: string]>([
    ['name', ' '],
    ['name', 'x'.repeat(101)],
    ['country', ''],
    ['country', 'XX'],
    ['fallbackExtension', '1 2'],
    ['fallbackExtension', '100\nX-Evil: 1'],
    ['fallbackExtension', '1'.repeat(41)],
    ['deadlineMs', ''],
    ['deadlineMs', '299'],
    ['deadlineMs', '7001'],
    ['deadlineMs', '1e3'],
    ['deadlineMs', '-1500'],
    ['deadlineMs', '1500.5'],
    ['answerFormat', 'yaml'],
    ['name', 'Head\u202eoffice'],
    ['perSecond', '0'],
    ['perSecond', '1001'],
    ['burst', '-1'],
    ['burst', '1.5'],
    ['inFlight', 'many'],
  ])('names %s when it is %j', (field, value) => {
    expect(readPbxSettings({ ...form, [field]: value }, countries)).toEqual({ ok: false, faults: [field] });
  });

  it('names every faulty field at once', () => {
    const read = readPbxSettings({ ...form, name: '', deadlineMs: 'soon' }, countries);
    expect(read).toEqual({ ok: false, faults: ['name', 'deadlineMs'] });
  });

  it.each(['300', '7000'])('accepts a deadline of %s ms', (deadlineMs) => {
    expect(readPbxSettings({ ...form, deadlineMs }, countries).ok).toBe(true);
  });
});
