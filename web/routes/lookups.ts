import { isDeepStrictEqual } from 'node:util';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { toTripletId } from '../../src/domain/ids.ts';
import { filterTypeOf } from '../../src/domain/field-types.ts';
import { lookupLimits, readyMadeConditions } from '../../src/domain/lookup-step.ts';
import {
  lookupKinds,
  lookupServices,
  type DefinitionProblem,
  type LookupDefinition,
  type LookupKind,
  type LookupService,
  type Pbx,
} from '../../src/domain/lookup.ts';
import { needsValue, operatorsOf } from '../../src/domain/step-filter.ts';
import { AppError } from '../../src/errors.ts';
import type { DefinitionDraft } from '../../src/use-cases/validate-definition.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import {
  applyAction,
  blankDraft,
  extensionChoiceOf,
  extensionChoices,
  fallbackReasons,
  readAction,
  readDraft,
  type SentForm,
} from '../presenters/lookup-form.ts';
import {
  comparable,
  filterable,
  labelOf,
  leadingToUsers,
  phoneFields,
  readOfferedSchema,
  returnable,
  sortable,
  withFilterTypes,
  type OfferedSchema,
} from '../presenters/lookup-schema.ts';
import { FormField } from '../schemas/forms.ts';
import { presentTrial, type TrialView } from '../presenters/trial.ts';

const DraftBody = Type.Record(
  Type.String({ maxLength: 60 }),
  Type.Union([FormField(), Type.Array(FormField(), { maxItems: 100 })]),
);
const LookupParams = Type.Object({ lookupId: Type.String({ maxLength: 40 }) });
const KindQuery = Type.Object({ kind: Type.Optional(Type.String({ maxLength: 20 })) });

/** What the test box was filled in with. */
interface TrialForm {
  readonly pbx: string;
  /** What an IVR lookup is asked for: it may be either. */
  readonly service: LookupService;
  readonly callerId: string;
  readonly calledId: string;
  readonly ivrId: string;
}
const blankTrial: TrialForm = { pbx: '', service: 'extension', callerId: '', calledId: '', ivrId: '' };

interface FormPage {
  readonly lookup: LookupDefinition | undefined;
  readonly draft: DefinitionDraft;
  readonly problems?: readonly DefinitionProblem[];
  /** True once the form differs, or may differ, from what is saved. */
  readonly isUnsaved?: boolean;
  readonly trialForm?: TrialForm;
  readonly trial?: TrialView | undefined;
  readonly trialFault?: 'no-phone-system' | 'nothing-asked' | undefined;
}

/** The lookups: what is searched for, where, which record counts, and what of it is the answer. */
export const lookupRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes } = portal;
  const { lookups, lookupDefinitions, tryLookup, pbxs, connections } = services;

  async function findLookup(request: FastifyRequest, { lookupId }: { lookupId: string }): Promise<LookupDefinition> {
    const id = toTripletId(lookupId);
    const lookup = id === undefined ? undefined : await lookups.find(accountOf(request).id, id);
    if (!lookup) throw new AppError('LOOKUP_NOT_FOUND', 'There is no such lookup.');
    return lookup;
  }

  async function sendForm(request: FastifyRequest, reply: FastifyReply, page: FormPage): Promise<FastifyReply> {
    const { lookup, draft, problems = [], isUnsaved = false, trialForm = blankTrial, trial, trialFault } = page;
    const account = accountOf(request);
    const [schema, known] = await Promise.all([
      readOfferedSchema(lookupDefinitions, account.id, draft),
      pbxs.list(account.id),
    ]);
    const kind = t(`lookups.kinds.${draft.kind}`);
    return pages.send(request, reply, {
      view: 'lookup',
      title: lookup?.name ?? t('lookup-form.new-title', { kind }),
      data: {
        lookup,
        draft,
        kind,
        isUnsaved,
        problems: problems.map((problem) => ({ ...problem, text: problemText(problem), field: fieldOf(problem) })),
        problemAt: (step: number | undefined, part: DefinitionProblem['part'], position?: number) =>
          problems
            .filter((each) => each.step === step && each.part === part && each.position === position)
            .map(problemText)
            .join(' ') || undefined,
        broken: isUnsaved
          ? []
          : (lookup?.problems ?? []).map((problem) => ({ ...problem, text: problemText(problem) })),
        usedBy: lookup ? known.filter((pbx) => defaultsOf(pbx).includes(lookup.id)) : [],
        steps: draft.steps.map((step, index) => presentStep(step, index, schema)),
        objects: schema.objects,
        isUnavailable: schema.unavailable !== undefined,
        datalists: [...schema.fields].map(([object, fields]) => ({
          object,
          lists: {
            compare: fields.filter(({ field }) => field.filterable),
            filter: filterable(fields),
            sort: sortable(fields),
            return: returnable(fields),
            user: leadingToUsers(fields),
          },
        })),
        userFields: schema.userFields,
        extensionChoices,
        fallbackReasons,
        limits: lookupLimits,
        services: lookupServices.map((service) => ({
          value: service,
          label: t(`lookup-run.services.${service}`),
        })),
        pbxs: known.map(({ id, name }) => ({ value: id, label: name })),
        trialForm: { ...trialForm, pbx: trialForm.pbx || (known[0]?.id ?? '') },
        trial,
        trialFault: trialFault && t(`trial.faults.${trialFault}`),
      },
    });
  }

  function presentStep(step: DefinitionDraft['steps'][number], index: number, schema: OfferedSchema) {
    const fields = schema.fields.get(step.object);
    const isPhone = step.search.by === 'caller' || step.search.by === 'called' || step.search.as === 'phone';
    const ticked = isPhone ? phoneFields(fields) : [];
    const names = new Set(fields?.map(({ path }) => path));
    return {
      ...step,
      index,
      isPhone,
      ticked: ticked.map(({ path, label }) => ({ path, label, isChosen: step.fields.includes(path) })),
      typed: step.fields.filter((field) => !ticked.some(({ path }) => path === field)),
      comparableCount: comparable(fields, step).length,
      isKnown: fields !== undefined,
      labelOf: (path: string) => labelOf(fields, path),
      conditions: readyMadeConditions.filter(
        (condition) => step.only.includes(condition) || names.has(conditionFields[condition]),
      ),
      filters: step.filters.map((filter) => {
        const described = fields?.find(({ path }) => path === filter.field)?.field;
        const type = (described && filterTypeOf(described.type)) ?? filter.type;
        const operators = operatorsOf[type].includes(filter.operator)
          ? operatorsOf[type]
          : [filter.operator, ...operatorsOf[type]];
        return { ...filter, type, operators, needsValue: needsValue(filter.operator) };
      }),
      extensionChoice: extensionChoiceOf(step.extension),
    };
  }

  const problemText = ({ problem, subject }: DefinitionProblem): string =>
    t(`lookup-form.problems.${problem}`, { subject: subject ?? '' });

  /** Runs what the test box asks, with the definition as it stands in the form. */
  async function tryDraft(
    request: FastifyRequest,
    draft: DefinitionDraft,
    lookup: LookupDefinition | undefined,
    form: TrialForm,
  ): Promise<Pick<FormPage, 'trial' | 'trialFault'>> {
    const account = accountOf(request);
    const pbxId = toTripletId(form.pbx);
    const pbx = pbxId === undefined ? undefined : await pbxs.find(account.id, pbxId);
    if (!pbx) return { trialFault: 'no-phone-system' };
    const { callerId, calledId, ivrId } = form;
    if (callerId === '' && calledId === '' && ivrId === '') return { trialFault: 'nothing-asked' };
    const isSaved = lookup !== undefined && isSame(draft, lookup);
    const trial = await tryLookup({
      pbx,
      lookup: isSaved ? lookup : { ...unsavedLookup(account.id), ...draft },
      service: draft.kind === 'ivr' ? form.service : draft.kind,
      question: {
        ...(callerId === '' ? {} : { callerId }),
        ...(calledId === '' ? {} : { calledId }),
        ...(ivrId === '' ? {} : { ivrId }),
      },
      isSaved,
    });
    const connection = await connections.ofAccount(account.id);
    const origin = connection && (await connections.instanceUrl(connection.orgId));
    const view = presentTrial(trial, t, (object, id) =>
      origin === undefined ? undefined : `${origin}/lightning/r/${object}/${id}/view`,
    );
    return { trial: isSaved ? view : { ...view, runId: '' } };
  }

  /** What every button of the form leads to. Answers with the saved lookup when the form was saved. */
  async function handleForm(
    request: FastifyRequest,
    reply: FastifyReply,
    form: SentForm,
    kind: LookupKind,
    lookup: LookupDefinition | undefined,
  ): Promise<LookupDefinition | undefined> {
    const account = accountOf(request);
    const action = readAction(text(form, 'action'));
    const typed = applyAction(readDraft(form, kind), action);
    const draft = withFilterTypes(typed, await readOfferedSchema(lookupDefinitions, account.id, typed));
    const trialForm: TrialForm = {
      pbx: text(form, 'trial.pbx'),
      service: lookupServices.find((each) => each === text(form, 'trial.service')) ?? 'extension',
      callerId: text(form, 'trial.callerId'),
      calledId: text(form, 'trial.calledId'),
      ivrId: text(form, 'trial.ivrId'),
    };
    const isUnsaved = lookup === undefined || !isSame(draft, lookup);
    request.audited = 'nothing-changed';
    if (action.does === 'save') {
      const saved = await lookupDefinitions.save(account.id, draft, lookup?.id);
      if (saved.ok) return saved.lookup;
      await sendForm(request, reply.status(400), { lookup, draft, problems: saved.problems, isUnsaved, trialForm });
      return undefined;
    }
    if (action.does === 'test') {
      const { problems } = await lookupDefinitions.check(account.id, draft);
      // What cannot be asked is shown instead of asked; a missing name hinders nobody.
      const serious = problems.filter(({ part }) => part !== 'name');
      const tried = serious.length === 0 ? await tryDraft(request, draft, lookup, trialForm) : {};
      await sendForm(request, reply.status(serious.length === 0 ? 200 : 400), {
        lookup,
        draft,
        problems: serious,
        isUnsaved,
        trialForm,
        ...tried,
      });
      return undefined;
    }
    await sendForm(request, reply, { lookup, draft, isUnsaved, trialForm });
    return undefined;
  }

  app.get('/lookups', async (request, reply) => {
    const accountId = accountOf(request).id;
    const [list, known] = await Promise.all([lookups.list(accountId), pbxs.list(accountId)]);
    return pages.send(request, reply, {
      view: 'lookups',
      title: t('lookups.title'),
      data: {
        lookups: list.map((lookup) => ({
          ...lookup,
          kindName: t(`lookups.kinds.${lookup.kind}`),
          usedBy: known.filter((pbx) => defaultsOf(pbx).includes(lookup.id)).map(({ name }) => name),
        })),
      },
    });
  });

  app.get('/lookups/new', { schema: { querystring: KindQuery } }, async (request, reply) => {
    const kind = lookupKinds.find((each) => each === request.query.kind);
    if (kind) return sendForm(request, reply, { lookup: undefined, draft: blankDraft(kind), isUnsaved: true });
    return pages.send(request, reply, {
      view: 'lookup-new',
      title: t('lookup-new.title'),
      data: { kinds: lookupKinds },
    });
  });

  app.post('/lookups', { schema: { body: DraftBody }, config: { audit: 'lookup.created' } }, async (request, reply) => {
    const kind = lookupKinds.find((each) => each === text(request.body, 'kind'));
    if (!kind) throw new AppError('REQUEST_INVALID', 'There is no such kind of lookup.');
    const saved = await handleForm(request, reply, request.body, kind, undefined);
    if (!saved) return reply;
    request.audited = { subject: saved.id, detail: { kind } };
    flashes.set(reply, { notice: t('lookup-form.created', { name: saved.name }) });
    return reply.redirect(`/lookups/${saved.id}`, 303);
  });

  app.get('/lookups/:lookupId', { schema: { params: LookupParams } }, async (request, reply) => {
    // A call may have told a moment ago that it has broken.
    const lookup = await lookupDefinitions.checked(await findLookup(request, request.params));
    return sendForm(request, reply, { lookup, draft: lookup });
  });

  app.post(
    '/lookups/:lookupId',
    { schema: { params: LookupParams, body: DraftBody }, config: { audit: 'lookup.changed' } },
    async (request, reply) => {
      const lookup = await findLookup(request, request.params);
      const saved = await handleForm(request, reply, request.body, lookup.kind, lookup);
      if (!saved) return reply;
      request.audited = { subject: saved.id, detail: { version: saved.version } };
      flashes.set(reply, { notice: t('lookup-form.saved', { version: saved.version }) });
      return reply.redirect(`/lookups/${saved.id}`, 303);
    },
  );

  app.post(
    '/lookups/:lookupId/removal',
    { schema: { params: LookupParams }, config: { audit: 'lookup.removed' } },
    async (request, reply) => {
      const { id, name, accountId } = await findLookup(request, request.params);
      const outcome = await lookups.remove(accountId, id);
      request.audited = outcome === 'removed' ? { subject: id } : 'nothing-changed';
      flashes.set(
        reply,
        outcome === 'in-use' ? { problem: t('lookups.in-use', { name }) } : { notice: t('lookups.removed', { name }) },
      );
      return reply.redirect(outcome === 'in-use' ? `/lookups/${id}` : '/lookups', 303);
    },
  );
};

const conditionFields = {
  'active-owner': 'OwnerId',
  'open-case': 'IsClosed',
  'unconverted-lead': 'IsConverted',
} as const;

const defaultsOf = (pbx: Pbx): readonly (string | undefined)[] => [
  pbx.defaultExtensionLookupId,
  pbx.defaultDataLookupId,
  pbx.defaultIvrLookupId,
];

/** Of a definition that is not saved yet. */
const unsavedLookup = (accountId: string) => ({
  id: '000000-000000-000000',
  accountId,
  problems: [],
  checkedAtMs: undefined,
  version: 0,
});

const isSame = (draft: DefinitionDraft, { name, steps, fallbacks, fallbackExtension }: LookupDefinition): boolean =>
  isDeepStrictEqual(
    plain({
      name: draft.name,
      steps: draft.steps,
      fallbacks: draft.fallbacks,
      fallbackExtension: draft.fallbackExtension,
    }),
    plain({ name, steps, fallbacks, fallbackExtension }),
  );
/** As it is stored: without what is undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The id of the part of the form that a problem is about. */
function fieldOf({ step, part, position }: DefinitionProblem): string {
  if (step === undefined)
    return part === 'steps' ? 'steps-heading' : part === 'fallbacks' ? 'fallbackExtension' : 'name';
  const row = position === undefined ? '' : `.${position}`;
  return `s${step}.${part}${row}`;
}

function text(form: SentForm, name: string): string {
  const value = form[name];
  return (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
}
