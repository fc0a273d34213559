import { newStep, type LookupStep } from './lookup-step.ts';
import { answerFormats, deadlineLimitsMs, type Pbx } from './lookup.ts';

export type PbxSettings = Pick<
  Pbx,
  'name' | 'country' | 'fallbackExtension' | 'deadlineMs' | 'answerFormat' | 'notFoundOnMiss'
>;

/** The settings as a form sends them. */
export type PbxSettingsForm = Readonly<
  Record<'name' | 'country' | 'fallbackExtension' | 'deadlineMs' | 'answerFormat', string>
> & {
  readonly notFoundOnMiss: boolean;
};

export type PbxField = keyof PbxSettings;

export const pbxNameMaxLength = 100;

/** Letters too: some phone systems ring a group or a SIP user by name. Nothing at all is none, and fine. */
export const isExtension = (text: string): boolean => /^[A-Za-z0-9*#+._-]{0,40}$/.test(text);

/** Reads a form; `countries` are the ISO 3166-1 codes whose numbers can be read. Faulty fields are named. */
export function readPbxSettings(
  form: PbxSettingsForm,
  countries: readonly string[],
): { ok: true; settings: PbxSettings } | { ok: false; faults: readonly PbxField[] } {
  const name = form.name.trim();
  const extension = form.fallbackExtension.trim();
  const deadlineMs = /^\d{1,5}$/.test(form.deadlineMs.trim()) ? Number(form.deadlineMs) : 0;
  const answerFormat = answerFormats.find((format) => format === form.answerFormat);
  const faults: PbxField[] = [];
  if (name === '' || name.length > pbxNameMaxLength) faults.push('name');
  if (!countries.includes(form.country)) faults.push('country');
  if (!isExtension(extension)) faults.push('fallbackExtension');
  if (deadlineMs < deadlineLimitsMs.min || deadlineMs > deadlineLimitsMs.max) faults.push('deadlineMs');
  if (answerFormat === undefined) faults.push('answerFormat');
  if (faults.length > 0 || answerFormat === undefined) return { ok: false, faults };
  return {
    ok: true,
    settings: {
      name,
      country: form.country,
      fallbackExtension: extension === '' ? undefined : extension,
      deadlineMs,
      answerFormat,
      notFoundOnMiss: form.notFoundOnMiss,
    },
  };
}

/** Where the lookup that every new phone system starts with searches: people first, companies last; the owner's extension is the answer. */
export const defaultExtensionSteps: readonly LookupStep[] = [
  newStep('Contact', ['Phone', 'MobilePhone', 'HomePhone', 'OtherPhone', 'AssistantPhone']),
  { ...newStep('Lead', ['Phone', 'MobilePhone']), only: ['unconverted-lead'] },
  newStep('Account', ['Phone']),
];
