import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  dialingRuleLimits,
  readDialingRulesForm,
  toDialingRulesForm,
  type DialingRuleField,
  type DialingRulesForm,
} from '../../src/domain/dialing-rule-form.ts';
import { AppError } from '../../src/errors.ts';
import type { DialingRuleSet } from '../../src/ports.ts';
import { explainNumber } from '../../src/use-cases/explain-number.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { presentCountries } from '../presenters/countries.ts';
import { readingText } from '../presenters/lookup-trace.ts';
import { FormField, QueryField } from '../schemas/forms.ts';
import { language } from '../texts.ts';

const page = '/dialing-rules';

const RulesBody = Type.Object({
  name: FormField(),
  country: FormField(),
  countryCode: FormField(),
  longDistancePrefix: FormField(),
  internationalPrefix: FormField(),
  outsidePrefixes: FormField(),
  addPrefix: FormField(),
  areaCode: FormField(),
  internalLength: FormField(),
  truncateAt: FormField(),
  ddiDigits: FormField(),
  dialInternationalPrefix: Type.Boolean({ default: false }),
  keepLongDistancePrefix: Type.Boolean({ default: false }),
  /** What the box beside the rules reads. */
  sample: FormField(),
  action: FormField(),
});
type SentRules = Static<typeof RulesBody>;

const SetParams = Type.Object({ setId: Type.String({ format: 'uuid' }) });
const NewQuery = Type.Object({ country: QueryField(10), from: Type.Optional(Type.String({ format: 'uuid' })) });

interface FormPage {
  readonly set: DialingRuleSet | undefined;
  readonly typed: DialingRulesForm;
  readonly faults?: readonly DialingRuleField[];
  readonly sample?: string;
}

/** Named sets of dialing rules: how a phone system's numbers are read. */
export const dialingRuleRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes, numbers } = portal;
  const { dialingRuleSets, pbxs } = services;
  const countries = presentCountries(portal.countries, language);
  const names = new Intl.DisplayNames([language], { type: 'region' });
  const countryName = (code: string) => names.of(code) ?? code;

  async function findSet(request: FastifyRequest, setId: string): Promise<DialingRuleSet> {
    const set = await dialingRuleSets.find(accountOf(request).id, setId);
    if (!set) throw new AppError('DIALING_RULES_NOT_FOUND', 'There are no such dialing rules.');
    return set;
  }

  /** How a number is read under rules as they are typed; undefined while there is nothing to read. */
  function readSample(typed: DialingRulesForm, sample: string) {
    if (sample.trim() === '') return undefined;
    const read = readDialingRulesForm({ ...typed, name: typed.name || '-' }, portal.countries);
    if (!read.ok)
      return { isReady: false, fields: read.faults.map((field) => t(`dialing-rules.fields.${field}`)) } as const;
    const explained = explainNumber(sample, read.rules);
    const { number } = explained;
    return {
      isReady: true,
      text: readingText(explained, t),
      kind: number.kind,
      prefixCut: explained.prefixCut,
      e164: number.kind === 'number' ? number.e164 : undefined,
      country: number.kind === 'number' && number.country !== undefined ? countryName(number.country) : undefined,
      spellings: explained.spellings,
      mainNumbers: explained.mainNumbers,
    } as const;
  }

  async function sendForm(
    request: FastifyRequest,
    reply: FastifyReply,
    { set, typed, faults = [], sample = '' }: FormPage,
  ) {
    const users = set
      ? (await pbxs.list(accountOf(request).id)).filter(({ dialingRulesId }) => dialingRulesId === set.id)
      : [];
    return pages.send(request, reply, {
      view: 'dialing-rules-form',
      title: set?.name ?? t('dialing-rules.new'),
      data: {
        set,
        typed,
        faults,
        users,
        sample,
        reading: readSample(typed, sample),
        countries: countries.map(({ code, name }) => ({ value: code, label: name })),
        limits: dialingRuleLimits,
      },
    });
  }

  app.get(page, async (request, reply) => {
    const accountId = accountOf(request).id;
    const [sets, known] = await Promise.all([dialingRuleSets.list(accountId), pbxs.list(accountId)]);
    return pages.send(request, reply, {
      view: 'dialing-rules',
      title: t('dialing-rules.title'),
      data: {
        sets: sets.map((set) => ({
          ...set,
          country: countryName(set.rules.country),
          users: known.filter(({ dialingRulesId }) => dialingRulesId === set.id).map(({ name }) => name),
        })),
        countries: countries.map(({ code, name }) => ({ value: code, label: name })),
        country: known[0]?.country ?? portal.countries[0] ?? '',
      },
    });
  });

  app.get(`${page}/new`, { schema: { querystring: NewQuery } }, async (request, reply) => {
    const { country, from } = request.query;
    if (from !== undefined) {
      const { name, rules } = await findSet(request, from);
      const copyName = t('dialing-rules.copy-name', { name }).slice(0, dialingRuleLimits.name);
      return sendForm(request, reply, { set: undefined, typed: toDialingRulesForm(copyName, rules) });
    }
    const known = portal.countries.includes(country) ? country : (portal.countries[0] ?? '');
    return sendForm(request, reply, {
      set: undefined,
      typed: toDialingRulesForm(countryName(known), numbers.rulesOfCountry(known)),
    });
  });

  /** Saves, or reads the sample without saving, whichever button was pressed. */
  async function handleForm(
    request: FastifyRequest,
    reply: FastifyReply,
    { sample, action, ...typed }: SentRules,
    set: DialingRuleSet | undefined,
  ): Promise<DialingRuleSet | undefined> {
    request.audited = 'nothing-changed';
    if (action === 'read') {
      await sendForm(request, reply, { set, typed, sample });
      return undefined;
    }
    const read = readDialingRulesForm(typed, portal.countries);
    if (!read.ok) {
      await sendForm(request, reply.status(400), { set, typed, faults: read.faults, sample });
      return undefined;
    }
    const accountId = accountOf(request).id;
    const { name, rules } = read;
    const saved = set
      ? await dialingRuleSets.update({ id: set.id, accountId, name, rules })
      : await dialingRuleSets.create({ accountId, name, rules });
    if (!saved) throw new AppError('DIALING_RULES_NOT_FOUND', 'There are no such dialing rules.');
    request.audited = { subject: saved.id };
    flashes.set(reply, { notice: t('dialing-rules.saved', { name }) });
    return saved;
  }

  app.post(
    page,
    { schema: { body: RulesBody }, config: { audit: 'dialing-rules.created' } },
    async (request, reply) => {
      const saved = await handleForm(request, reply, request.body, undefined);
      return saved ? reply.redirect(`${page}/${saved.id}`, 303) : reply;
    },
  );

  // A POST although it changes nothing: what people try here are real numbers, and addresses are logged.
  app.post(
    `${page}/reading`,
    { schema: { body: RulesBody }, config: { audit: 'dialing-rules.changed' } },
    async (request, reply) => {
      request.audited = 'nothing-changed';
      const { sample, ...typed } = request.body;
      const html = await pages.fragment(accountOf(request), 'partials/reading', { reading: readSample(typed, sample) });
      return reply.header('cache-control', 'no-store').send({ html });
    },
  );

  app.get(`${page}/:setId`, { schema: { params: SetParams } }, async (request, reply) => {
    const set = await findSet(request, request.params.setId);
    return sendForm(request, reply, { set, typed: toDialingRulesForm(set.name, set.rules) });
  });

  app.post(
    `${page}/:setId`,
    { schema: { params: SetParams, body: RulesBody }, config: { audit: 'dialing-rules.changed' } },
    async (request, reply) => {
      const set = await findSet(request, request.params.setId);
      const saved = await handleForm(request, reply, request.body, set);
      return saved ? reply.redirect(`${page}/${saved.id}`, 303) : reply;
    },
  );

  app.post(
    `${page}/:setId/removal`,
    { schema: { params: SetParams }, config: { audit: 'dialing-rules.removed' } },
    async (request, reply) => {
      const { id, name, accountId } = await findSet(request, request.params.setId);
      const outcome = await dialingRuleSets.remove(accountId, id);
      request.audited = outcome === 'removed' ? { subject: id } : 'nothing-changed';
      if (outcome === 'in-use') {
        flashes.set(reply, { problem: t('dialing-rules.in-use', { name }) });
        return reply.redirect(`${page}/${id}`, 303);
      }
      flashes.set(reply, { notice: t('dialing-rules.removed', { name }) });
      return reply.redirect(page, 303);
    },
  );
};
