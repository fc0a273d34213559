import { pipeline, Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { toTripletId } from '../../src/domain/ids.ts';
import { answerReasons, type LookupDefinition, type LookupRun, type Pbx } from '../../src/domain/lookup.ts';
import { lookupRunDaysLimits, readLookupRunDays } from '../../src/domain/lookup-run-days.ts';
import type { LookupTrace } from '../../src/domain/lookup-trace.ts';
import { AppError } from '../../src/errors.ts';
import type { LookupRunFilter, LookupRunPlace } from '../../src/ports.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { readLocalTime } from '../presenters/local-times.ts';
import { exportColumns, exportRow, fieldsTold, presentLookupRun } from '../presenters/lookup-runs.ts';
import { presentTrace, type RecordUrl } from '../presenters/lookup-trace.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

const page = '/lookup-runs';
const runsShown = 50;

const FilterQuery = Type.Object({
  pbx: QueryField(40),
  lookup: QueryField(40),
  reason: QueryField(40),
  number: QueryField(2_000),
  from: QueryField(30),
  to: QueryField(30),
});
type FilterForm = Static<typeof FilterQuery>;

const PageQuery = Type.Object({ ...FilterQuery.properties, older: QueryField(60), newer: QueryField(60) });

const RunParams = Type.Object({ runId: Type.String({ format: 'uuid' }) });

const reasons = [...answerReasons, 'unknown'] as const;
type FilterFault = 'number' | 'from' | 'to';

/** The log of lookup runs: to be searched, explained run by run, and taken along. */
export const lookupRunRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes } = portal;
  const { pbxs, lookups, lookupRunLog, explainRun, retention, connections } = services;

  /** What of a filter is understood, and what is not. */
  async function readFilter(request: FastifyRequest, form: FilterForm, known: readonly Pbx[]) {
    const { timeZone } = accountOf(request);
    const faults: FilterFault[] = [];
    const time = (name: 'from' | 'to') => {
      if (form[name] === '') return undefined;
      const ms = readLocalTime(form[name], timeZone);
      if (ms === undefined) faults.push(name);
      return ms;
    };
    const numbers = form.number.trim() === '' ? undefined : await readNumbers(form.number, known);
    if (numbers?.length === 0) faults.push('number');
    const filter: LookupRunFilter = {
      pbxId: toTripletId(form.pbx),
      lookupId: toTripletId(form.lookup),
      reason: reasons.find((reason) => reason === form.reason),
      numbers,
      fromMs: time('from'),
      toMs: time('to'),
    };
    return { filter, faults };
  }

  /** As each phone system would read it: the same digits are another number elsewhere. */
  async function readNumbers(text: string, known: readonly Pbx[]): Promise<readonly string[]> {
    const rules = await Promise.all(known.map((pbx) => portal.rulesOf(pbx)));
    const readings = rules.map((each) => portal.numbers.read(text, each));
    return [...new Set(readings.flatMap((reading) => (reading.kind === 'number' ? [reading.e164] : [])))];
  }

  const listsOf = async (accountId: string) => {
    const [known, definitions] = await Promise.all([pbxs.list(accountId), lookups.list(accountId)]);
    return { known, definitions };
  };

  const namesOf = ({ known, definitions }: { known: readonly Pbx[]; definitions: readonly LookupDefinition[] }) => {
    const names = new Map<string, string>([...known, ...definitions].map(({ id, name }) => [id, name]));
    return (id: string) => names.get(id) ?? id;
  };

  async function sendLog(
    request: FastifyRequest,
    reply: FastifyReply,
    query: Static<typeof PageQuery>,
    rejected?: { readonly days: string },
  ): Promise<FastifyReply> {
    const { older, newer, ...form } = query;
    const account = accountOf(request);
    const lists = await listsOf(account.id);
    const { filter, faults } = await readFilter(request, form, lists.known);
    const olderThan = readPlace(older);
    const newerThan = readPlace(newer);
    const [found, days] = await Promise.all([
      faults.length > 0
        ? { runs: [], hasOlder: false, hasNewer: false }
        : lookupRunLog.page(account.id, filter, {
            limit: runsShown,
            ...(newerThan ? { newerThan } : olderThan ? { olderThan } : {}),
          }),
      retention.daysOf(account.id),
    ]);
    const nameOf = namesOf(lists);
    const [first, last] = [found.runs[0], found.runs.at(-1)];
    const filterQuery = toQuery(form);
    return pages.send(request, reply, {
      view: 'lookup-runs',
      title: t('lookup-runs.title'),
      data: {
        form,
        faults,
        isFiltered: filterQuery !== '',
        runs: found.runs.map((run) => ({
          ...presentLookupRun(run, t),
          pbx: nameOf(run.pbxId),
          lookup: nameOf(run.lookupId),
        })),
        newerUrl: found.hasNewer && first ? link(filterQuery, { newer: toPlace(first) }) : undefined,
        olderUrl: found.hasOlder && last ? link(filterQuery, { older: toPlace(last) }) : undefined,
        newestUrl: olderThan || newerThan ? link(filterQuery, {}) : undefined,
        exportUrl: `${page}.csv${filterQuery === '' ? '' : `?${filterQuery}`}`,
        choices: {
          pbx: withAny(t('lookup-runs.any'), lists.known),
          lookup: withAny(t('lookup-runs.any'), lists.definitions),
          reason: [
            { value: '', label: t('lookup-runs.any') },
            ...reasons.map((reason) => ({ value: reason, label: t(`answers.${reason}`) })),
          ],
        },
        days: rejected?.days ?? String(days),
        daysFault: rejected && t('lookup-runs.days-fault', lookupRunDaysLimits),
        limits: lookupRunDaysLimits,
        timeZone: account.timeZone,
      },
    });
  }

  app.get(page, { schema: { querystring: PageQuery } }, (request, reply) => sendLog(request, reply, request.query));

  app.get(
    `${page}.csv`,
    { schema: { querystring: FilterQuery }, config: { audit: 'lookup-runs.exported' } },
    async (request, reply) => {
      const account = accountOf(request);
      const { filter, faults } = await readFilter(request, request.query, await pbxs.list(account.id));
      if (faults.length > 0) throw new AppError('REQUEST_INVALID', 'The filter cannot be read.');
      const rows = Readable.from(rowsOf(lookupRunLog.all(account.id, filter)));
      const csv = stringify({ header: true, columns: [...exportColumns], escape_formulas: true, bom: true });
      pipeline(rows, csv, (error) => {
        if (error) request.log.warn({ err: error }, 'an export of lookup runs ended early');
      });
      return reply
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="lookup-runs.csv"')
        .type('text/csv; charset=utf-8')
        .send(csv);
    },
  );

  app.get(`${page}/:runId`, { schema: { params: RunParams } }, async (request, reply) => {
    const account = accountOf(request);
    const run = await lookupRunLog.find(account.id, request.params.runId);
    if (!run) throw new AppError('LOOKUP_RUN_NOT_FOUND', 'There is no such lookup run.');
    const [lists, urlOf] = await Promise.all([listsOf(account.id), recordUrls(account.id, run.orgId)]);
    const nameOf = namesOf(lists);
    const pbx = lists.known.find(({ id }) => id === run.pbxId);
    const lookup = lists.definitions.find(({ id }) => id === run.lookupId);
    const rules = pbx && (await portal.rulesOf(pbx));
    const stepsOf = async (trace: LookupTrace | undefined) =>
      trace && presentTrace(await explainRun(run, trace, { lookup, rules }), t, urlOf);
    const { recordId, object = '' } = run.found ?? {};
    return pages.send(request, reply, {
      view: 'lookup-run',
      title: t('lookup-run.title'),
      data: {
        run,
        seen: presentLookupRun(run, t),
        pbxName: nameOf(run.pbxId),
        lookupName: nameOf(run.lookupId),
        knowsPbx: pbx !== undefined,
        knowsLookup: lookup !== undefined,
        fields: fieldsTold(run, lookup),
        steps: await stepsOf(run.trace),
        foundSteps: await stepsOf(run.foundTrace),
        record: recordId === undefined ? undefined : { id: recordId, object, url: urlOf(object, recordId) },
        // The test box records without a workflow.
        executionUrl: run.isTest ? undefined : portal.executionUrl(run.id),
      },
    });
  });

  app.post(
    `${page}/retention`,
    { schema: { body: Type.Object({ days: FormField() }) }, config: { audit: 'lookup-run-retention.changed' } },
    async (request, reply) => {
      const days = readLookupRunDays(request.body.days);
      if (days === undefined) {
        return sendLog(request, reply.status(400), blankQuery, { days: request.body.days });
      }
      const account = accountOf(request);
      await retention.setDays(account.id, days);
      request.audited = { subject: account.id, detail: { days } };
      flashes.set(reply, { notice: t('lookup-runs.days-saved', { count: days }) });
      return reply.redirect(page, 303);
    },
  );

  /** Where records are looked at, while the org of the run is connected here. */
  async function recordUrls(accountId: string, orgId: LookupRun['orgId']): Promise<RecordUrl> {
    const connection = await connections.ofAccount(accountId);
    const origin =
      orgId !== undefined && connection?.orgId === orgId ? await connections.instanceUrl(orgId) : undefined;
    return (object, id) => (origin === undefined ? undefined : `${origin}/lightning/r/${object}/${id}/view`);
  }
};

async function* rowsOf(portions: AsyncIterable<readonly LookupRun[]>) {
  for await (const runs of portions) for (const run of runs) yield exportRow(run);
}

const blankQuery: Static<typeof PageQuery> = {
  pbx: '',
  lookup: '',
  reason: '',
  number: '',
  from: '',
  to: '',
  older: '',
  newer: '',
};

const withAny = (any: string, things: readonly { readonly id: string; readonly name: string }[]) => [
  { value: '', label: any },
  ...things.map(({ id, name }) => ({ value: id, label: name })),
];

const toPlace = ({ askedAtMs, id }: LookupRun): string => `${askedAtMs}.${id}`;

function readPlace(text: string): LookupRunPlace | undefined {
  const [, askedAtMs, id] = /^(\d{1,13})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(text) ?? [];
  return askedAtMs === undefined || id === undefined ? undefined : { askedAtMs: Number(askedAtMs), id };
}

const toQuery = (form: FilterForm): string =>
  new URLSearchParams(Object.entries(form).filter(([, value]) => value !== '')).toString();

function link(filterQuery: string, place: Readonly<Record<string, string>>): string {
  const query = [filterQuery, new URLSearchParams(place).toString()].filter((part) => part !== '').join('&');
  return query === '' ? page : `${page}?${query}`;
}
