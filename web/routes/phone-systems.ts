import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { toTripletId } from '../../src/domain/ids.ts';
import {
  answerFormats,
  deadlineLimitsMs,
  defaultPbxLimits,
  type LookupKind,
  type Pbx,
  type PbxLimits,
} from '../../src/domain/lookup.ts';
import {
  highestPbxLimits,
  pbxNameMaxLength,
  readPbxSettings,
  type PbxField,
  type PbxSettingsForm,
} from '../../src/domain/pbx-settings.ts';
import { AppError } from '../../src/errors.ts';
import type { PbxToken } from '../../src/ports.ts';
import { createPhoneSystem } from '../../src/use-cases/create-phone-system.ts';
import { importedSecretLength, secretEncodings } from '../../src/use-cases/import-pbx-secret.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { presentCountries } from '../presenters/countries.ts';
import { figureRangeNames, figureTime, outcomes, presentFigures, type FigureRange } from '../presenters/figures.ts';
import { presentLookupRun } from '../presenters/lookup-runs.ts';
import { blankTokenForm, tokenAddressesMax } from '../presenters/pbx-token-form.ts';
import { FormField } from '../schemas/forms.ts';
import { setupNames, setups, type SetupName } from '../setups/index.ts';
import { orgIdPlaceholder, tokenPlaceholder, type SetupValues } from '../setups/setup.ts';
import { language, locale } from '../texts.ts';
import { phoneSystemAccessRoutes, type RejectedAccess } from './phone-system-access.ts';

const runsShown = 25;

const PbxBody = Type.Object({
  name: FormField(),
  country: FormField(),
  fallbackExtension: FormField(),
  deadlineMs: FormField(),
  answerFormat: FormField(),
  notFoundOnMiss: Type.Boolean({ default: false }),
  perSecond: FormField(),
  burst: FormField(),
  inFlight: FormField(),
});

const PbxParams = Type.Object({ pbxId: Type.String({ maxLength: 40 }) });

/** An empty text: none, or the country's. */
const ChoicesBody = Type.Object({
  extensionLookup: FormField(),
  dataLookup: FormField(),
  ivrLookup: FormField(),
  dialingRules: FormField(),
});

const FiguresQuery = Type.Object({
  figures: Type.Union([Type.Literal('hour'), Type.Literal('day'), Type.Literal('week')], { default: 'hour' }),
});

const SetupParams = Type.Object({
  ...PbxParams.properties,
  setup: Type.String({ maxLength: 40 }),
  file: Type.Integer({ minimum: 0, maximum: 9 }),
});

interface RejectedSettings {
  readonly typed: PbxSettingsForm;
  readonly faults: readonly PbxField[];
}

/** What of a page's forms was not accepted. */
type Rejected = RejectedAccess & { readonly settings?: RejectedSettings };

export const phoneSystemRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes, publicUrl } = portal;
  const { pbxs, lookups, dialingRuleSets, lookupRunLog, clock } = services;
  const countries = presentCountries(portal.countries, language);
  const countryName = (code: string) => countries.find((country) => country.code === code)?.name ?? code;
  const formData = {
    countries: countries.map(({ code, name }) => ({ value: code, label: name })),
    formats: answerFormats.map((format) => ({ value: format, label: t(`phone-system-form.formats.${format}`) })),
    limits: { ...deadlineLimitsMs, nameMax: pbxNameMaxLength },
    highestLimits: highestPbxLimits,
    defaultLimits: defaultPbxLimits,
  };
  const blank: PbxSettingsForm = {
    name: '',
    country: portal.countries.includes('DE') ? 'DE' : (portal.countries[0] ?? ''),
    fallbackExtension: '',
    deadlineMs: String(deadlineLimitsMs.default),
    answerFormat: 'text',
    notFoundOnMiss: false,
    ...limitsToForm(defaultPbxLimits),
  };

  async function findPbx(request: FastifyRequest, { pbxId }: { pbxId: string }): Promise<Pbx> {
    const id = toTripletId(pbxId);
    const pbx = id === undefined ? undefined : await pbxs.find(accountOf(request).id, id);
    if (!pbx) throw new AppError('PBX_NOT_FOUND', 'There is no such phone system.');
    return pbx;
  }

  async function listRuns(pbx: Pbx) {
    const { runs } = await lookupRunLog.page(pbx.accountId, { pbxId: pbx.id }, { limit: runsShown });
    return runs.map((run) => presentLookupRun(run, t));
  }

  /** The lookups and the dialing rules that a phone system can have. */
  async function readChoices(pbx: Pbx) {
    const [definitions, sets] = await Promise.all([lookups.list(pbx.accountId), dialingRuleSets.list(pbx.accountId)]);
    const ofKind = (kind: LookupKind) =>
      definitions.filter((lookup) => lookup.kind === kind).map(({ id, name }) => ({ value: id, label: name }));
    const none = { value: '', label: t('phone-system.no-lookup') };
    return {
      choices: {
        extension: ofKind('extension'),
        data: [none, ...ofKind('data')],
        ivr: [none, ...ofKind('ivr')],
        rules: [
          { value: '', label: t('phone-system.country-rules', { country: countryName(pbx.country) }) },
          ...sets.map(({ id, name }) => ({ value: id, label: name })),
        ],
      },
    };
  }

  /** What set-ups are filled in with; a token only while it is shown anyway. */
  async function setupValues(pbx: Pbx, orgId: string, token: string = tokenPlaceholder): Promise<SetupValues> {
    const { defaultDataLookupId: id } = pbx;
    const lookup = id === undefined ? undefined : await lookups.find(pbx.accountId, id);
    return {
      publicUrl,
      pbxId: pbx.id,
      orgId,
      token,
      callerId: portal.exampleCallerId,
      deadlineMs: pbx.deadlineMs,
      fields: [...new Set(lookup?.steps.flatMap(({ returns }) => returns.map(({ name }) => name)))],
    };
  }

  /** What the charts and their tables show. */
  async function readFigures(request: FastifyRequest, pbx: Pbx, range: FigureRange) {
    const time = figureTime(range, clock.now());
    const spans = await lookupRunLog.spans(pbx.accountId, pbx.id, time);
    return {
      base: `/phone-systems/${pbx.id}`,
      pbx,
      outcomes,
      ranges: figureRangeNames,
      timeZone: accountOf(request).timeZone,
      figures: presentFigures(spans, { range, time, deadlineMs: pbx.deadlineMs, locale }, t),
    };
  }

  async function presentSetups(pbx: Pbx, orgId: string, token: string | undefined) {
    const values = await setupValues(pbx, orgId, token);
    return setupNames.map((name) => ({ name, files: setups[name](values) }));
  }

  const sendNew = (request: FastifyRequest, reply: FastifyReply, { typed, faults }: RejectedSettings) =>
    pages.send(request, reply, {
      view: 'phone-system-new',
      title: t('phone-system-new.title'),
      data: { ...formData, typed, faults },
    });

  async function sendPbx(
    request: FastifyRequest,
    reply: FastifyReply,
    pbx: Pbx,
    rejected: Rejected = {},
    range: FigureRange = 'hour',
  ) {
    const [status, tokens, hasImportedSecret, runs, figures, choices] = await Promise.all([
      pages.liveStatus(accountOf(request)),
      pbxs.tokens(pbx.id),
      pbxs.hasImportedSecret(pbx.id),
      listRuns(pbx),
      readFigures(request, pbx, range),
      readChoices(pbx),
    ]);
    const flash = flashes.take(request, reply);
    const token = flash?.pbxToken?.pbxId === pbx.id ? flash.pbxToken : undefined;
    const { orgId } = status.view;
    return pages.send(request, reply, {
      view: 'phone-system',
      title: pbx.name,
      data: {
        ...formData,
        ...figures,
        ...choices,
        pbx,
        runs,
        tokens: tokens.map((each) => ({ ...each, state: tokenState(each, clock.now()) })),
        orgId,
        token,
        line: curlLine({
          publicUrl,
          pbx,
          orgId: orgId ?? orgIdPlaceholder,
          jwt: token?.jwt ?? tokenPlaceholder,
          callerId: portal.exampleCallerId,
        }),
        setups: orgId === undefined ? [] : await presentSetups(pbx, orgId, token?.jwt),
        typed: rejected.settings?.typed ?? toForm(pbx),
        faults: rejected.settings?.faults ?? [],
        tokenForm: rejected.token?.typed ?? blankTokenForm,
        tokenFaults: rejected.token?.faults ?? [],
        addressesMax: tokenAddressesMax,
        hasImportedSecret,
        secretFault: rejected.secret && t('imported-secret.fault', importedSecretLength),
        secretEncoding: rejected.secret?.encoding ?? 'text',
        secretEncodings: secretEncodings.map((value) => ({ value, label: t(`imported-secret.encodings.${value}`) })),
      },
      status,
      flash,
    });
  }

  app.get('/phone-systems', async (request, reply) => {
    const list = await pbxs.list(accountOf(request).id);
    return pages.send(request, reply, {
      view: 'phone-systems',
      title: t('phone-systems.title'),
      data: { pbxs: list.map((pbx) => ({ ...pbx, country: countryName(pbx.country) })) },
    });
  });

  app.get('/phone-systems/new', (request, reply) => sendNew(request, reply, { typed: blank, faults: [] }));

  app.post(
    '/phone-systems',
    { schema: { body: PbxBody }, config: { audit: 'pbx.created' } },
    async (request, reply) => {
      const read = readPbxSettings(request.body, portal.countries);
      if (!read.ok) {
        void reply.status(400);
        return sendNew(request, reply, { typed: request.body, faults: read.faults });
      }
      const pbx = await createPhoneSystem(services, { accountId: accountOf(request).id, settings: read.settings });
      request.audited = { subject: pbx.id };
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  app.get(
    '/phone-systems/:pbxId',
    { schema: { params: PbxParams, querystring: FiguresQuery } },
    async (request, reply) =>
      sendPbx(request, reply, await findPbx(request, request.params), undefined, request.query.figures),
  );

  app.get(
    '/phone-systems/:pbxId/figures',
    { schema: { params: PbxParams, querystring: FiguresQuery } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const data = await readFigures(request, pbx, request.query.figures);
      const html = await pages.fragment(accountOf(request), 'partials/figures', data);
      return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(html);
    },
  );

  app.post(
    '/phone-systems/:pbxId',
    { schema: { params: PbxParams, body: PbxBody }, config: { audit: 'pbx.changed' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const read = readPbxSettings(request.body, portal.countries);
      if (!read.ok) {
        void reply.status(400);
        return sendPbx(request, reply, pbx, { settings: { typed: request.body, faults: read.faults } });
      }
      const { id, accountId, defaultExtensionLookupId } = pbx;
      await pbxs.update({ id, accountId, defaultExtensionLookupId, ...read.settings });
      request.audited = { subject: pbx.id };
      flashes.set(reply, { notice: t('phone-system-form.saved') });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  // Never with a token in it: that is put in where the file is imported.
  app.get('/phone-systems/:pbxId/setups/:setup/:file', { schema: { params: SetupParams } }, async (request, reply) => {
    const pbx = await findPbx(request, request.params);
    const { setup, file: index } = request.params;
    const connection = await services.connections.ofAccount(pbx.accountId);
    const file =
      connection && isSetup(setup) ? setups[setup](await setupValues(pbx, connection.orgId))[index] : undefined;
    if (!file) throw new AppError('PAGE_NOT_FOUND', 'There is no such set-up.');
    const name = file.name.split('/').at(-1) ?? file.name;
    return reply
      .header('cache-control', 'no-store')
      .header('content-disposition', `attachment; filename="${name}"`)
      .type(`${file.mediaType}; charset=utf-8`)
      .send(file.text);
  });

  app.post(
    '/phone-systems/:pbxId/choices',
    { schema: { params: PbxParams, body: ChoicesBody }, config: { audit: 'pbx.changed' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const { extensionLookup, dataLookup, ivrLookup, dialingRules } = request.body;
      const [definitions, sets] = await Promise.all([lookups.list(pbx.accountId), dialingRuleSets.list(pbx.accountId)]);
      const chosen = (kind: LookupKind, id: string) =>
        definitions.find((lookup) => lookup.kind === kind && lookup.id === id)?.id;
      // What is not offered was removed meanwhile: it stays as it was.
      const chosenOr = (kind: LookupKind, id: string, before: string | undefined) =>
        id === '' ? undefined : (chosen(kind, id) ?? before);
      await pbxs.update({
        id: pbx.id,
        accountId: pbx.accountId,
        defaultExtensionLookupId: chosen('extension', extensionLookup) ?? pbx.defaultExtensionLookupId,
        defaultDataLookupId: chosenOr('data', dataLookup, pbx.defaultDataLookupId),
        defaultIvrLookupId: chosenOr('ivr', ivrLookup, pbx.defaultIvrLookupId),
        dialingRulesId:
          dialingRules === '' ? undefined : (sets.find(({ id }) => id === dialingRules)?.id ?? pbx.dialingRulesId),
      });
      request.audited = { subject: pbx.id };
      flashes.set(reply, { notice: t('phone-system-form.saved') });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  app.get('/phone-systems/:pbxId/lookup-runs', { schema: { params: PbxParams } }, async (request, reply) => {
    const pbx = await findPbx(request, request.params);
    const html = await pages.fragment(accountOf(request), 'partials/lookup-runs', { runs: await listRuns(pbx) });
    return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(html);
  });

  await app.register(phoneSystemAccessRoutes, {
    portal,
    findPbx,
    sendRejected: (request, reply, pbx, rejected) => sendPbx(request, reply.status(400), pbx, rejected),
  });
};

const isSetup = (name: string): name is SetupName => setupNames.some((each) => each === name);

const toForm = (pbx: Pbx): PbxSettingsForm => ({
  name: pbx.name,
  country: pbx.country,
  fallbackExtension: pbx.fallbackExtension ?? '',
  deadlineMs: String(pbx.deadlineMs),
  answerFormat: pbx.answerFormat,
  notFoundOnMiss: pbx.notFoundOnMiss,
  ...limitsToForm(pbx.limits),
});

const limitsToForm = ({ perSecond, burst, inFlight }: PbxLimits) => ({
  perSecond: String(perSecond),
  burst: String(burst),
  inFlight: String(inFlight),
});

function tokenState({ revokedAtMs, expiresAtMs }: PbxToken, nowMs: number): 'valid' | 'revoked' | 'expired' {
  if (revokedAtMs !== undefined) return 'revoked';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'expired' : 'valid';
}

function curlLine(of: { publicUrl: string; pbx: Pbx; orgId: string; jwt: string; callerId: string }): string {
  const query = new URLSearchParams({ callerid: of.callerId });
  return `curl -H 'Authorization: Bearer ${of.jwt}' '${of.publicUrl}/api/ExtNo/${of.pbx.id}${of.orgId}/?${query.toString()}'`;
}
