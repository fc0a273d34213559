import { newStep, type LookupStep } from './lookup-step.ts';
import { answerFormats, deadlineLimitsMs, defaultPbxLimits, type Pbx, type PbxLimits } from './lookup.ts';
import { readName } from './names.ts';

export type PbxSettings = Pick<
  Pbx,
  'name' | 'country' | 'fallbackExtension' | 'deadlineMs' | 'answerFormat' | 'notFoundOnMiss' | 'limits'
>;

/** The settings as a form sends them. */
export type PbxSettingsForm = Readonly<
  Record<'name' | 'country' | 'fallbackExtension' | 'deadlineMs' | 'answerFormat' | keyof PbxLimits, string>
> & {
  readonly notFoundOnMiss: boolean;
};

export type PbxField = keyof PbxSettingsForm;

export const pbxNameMaxLength = 100;

/** The highest of each limit that can be set; the lowest is 1. */
export const highestPbxLimits: PbxLimits = { perSecond: 1_000, burst: 2_000, inFlight: 2_000 };
const limitNames = ['perSecond', 'burst', 'inFlight'] as const satisfies readonly (keyof PbxLimits)[];

/** Letters too: some phone systems ring a group or a SIP user by name. Nothing at all is none, and fine. */
export const isExtension = (text: string): boolean => /^[A-Za-z0-9*#+._-]{0,40}$/.test(text);

/** Reads a form; `countries` are the ISO 3166-1 codes whose numbers can be read. An empty limit is the default. Faulty fields are named. */
export function readPbxSettings(
  form: PbxSettingsForm,
  countries: readonly string[],
): { ok: true; settings: PbxSettings } | { ok: false; faults: readonly PbxField[] } {
  const name = readName(form.name, pbxNameMaxLength);
  const extension = form.fallbackExtension.trim();
  const deadlineMs = /^\d{1,5}$/.test(form.deadlineMs.trim()) ? Number(form.deadlineMs) : 0;
  const answerFormat = answerFormats.find((format) => format === form.answerFormat);
  const limits = { ...defaultPbxLimits };
  const faults: PbxField[] = [];
  if (name === undefined) faults.push('name');
  if (!countries.includes(form.country)) faults.push('country');
  if (!isExtension(extension)) faults.push('fallbackExtension');
  if (deadlineMs < deadlineLimitsMs.min || deadlineMs > deadlineLimitsMs.max) faults.push('deadlineMs');
  if (answerFormat === undefined) faults.push('answerFormat');
  for (const limit of limitNames) {
    const typed = form[limit].trim();
    if (typed === '') continue;
    limits[limit] = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
    if (limits[limit] < 1 || limits[limit] > highestPbxLimits[limit]) faults.push(limit);
  }
  if (faults.length > 0 || name === undefined || answerFormat === undefined) return { ok: false, faults };
  return {
    ok: true,
    settings: {
      name,
      country: form.country,
      fallbackExtension: extension === '' ? undefined : extension,
      deadlineMs,
      answerFormat,
      notFoundOnMiss: form.notFoundOnMiss,
      limits,
    },
  };
}

/** Where the lookup that every new phone system starts with searches: people first, companies last; the owner's extension is the answer. */
export const defaultExtensionSteps: readonly LookupStep[] = [
  newStep('Contact', ['Phone', 'MobilePhone', 'HomePhone', 'OtherPhone', 'AssistantPhone']),
  { ...newStep('Lead', ['Phone', 'MobilePhone']), only: ['unconverted-lead'] },
  newStep('Account', ['Phone']),
];
