import {
  errorCodes,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Static } from 'typebox';
import { splitPbxAndOrg } from '../../../src/domain/ids.ts';
import type { Answer, LookupService, Pbx, Question } from '../../../src/domain/lookup.ts';
import { pbxOfRequest } from '../../plugins/pbx-token-auth.ts';
import { nameInLog } from '../../plugins/request-log.ts';
import { chooseFormat, presentData, presentExtension } from '../../presenters/answer.ts';
import {
  bodyProblems,
  dataAnswers,
  DataQuestionSchema,
  extensionAnswers,
  PbxAndOrgSchema,
  QuestionSchema,
  type DataQuestionParameters,
} from '../../schemas/phone-api.ts';
import type { PhoneApiServices } from './index.ts';
import { restorePlus } from './parameters.ts';

interface Service {
  readonly path: string;
  readonly name: LookupService;
  readonly summary: string;
  readonly operation: string;
  readonly parameters: typeof QuestionSchema | typeof DataQuestionSchema;
  readonly response: object;
  /** Whether the answer tells nothing that the phone system could use. */
  readonly isMiss: (answer: Answer) => boolean;
  readonly present: (
    answer: Answer,
    format: Parameters<typeof presentData>[1],
    hasMeta: boolean,
  ) => ReturnType<typeof presentData>;
}

const services: readonly Service[] = [
  {
    path: '/ExtNo/:pbxAndOrg',
    name: 'extension',
    summary: 'The extension to ring for a call',
    operation: 'Extension',
    parameters: QuestionSchema,
    response: extensionAnswers,
    isMiss: ({ extension }) => extension === undefined,
    present: presentExtension,
  },
  {
    path: '/DataLookup/:pbxAndOrg',
    name: 'data',
    summary: 'Fields of the record that a call is about',
    operation: 'Data',
    parameters: DataQuestionSchema,
    response: dataAnswers,
    isMiss: ({ fields }) => Object.keys(fields).length === 0,
    present: presentData,
  },
];

/** ExtNo: whose extension should ring? DataLookup: what is known of the record? */
export const lookupRoutes: FastifyPluginAsync<PhoneApiServices> = async (
  app,
  { askLookup, directory, clock, workflowIdOf },
) => {
  readEmptyBodies(app);
  for (const service of services) {
    const { path, summary, operation, parameters, response } = service;
    const shared = {
      tags: ['Phone API'],
      description: 'At least one of `callerid`, `calledid` and `ivrid` is required.',
      params: PbxAndOrgSchema,
      querystring: parameters,
    };
    const get = { ...shared, summary, operationId: `get${operation}`, response };
    const post = {
      ...shared,
      summary: `${summary}, asked by POST`,
      operationId: `post${operation}`,
      body: parameters,
      response: { ...response, ...bodyProblems },
    };
    const handler = (request: FastifyRequest, reply: FastifyReply) => answerWith(service, request, reply);
    app.get(path, { schema: get }, handler);
    app.get(`${path}/`, { schema: { ...get, hide: true } }, handler);
    app.post(path, { schema: post }, handler);
    app.post(`${path}/`, { schema: { ...post, hide: true } }, handler);
  }

  async function answerWith(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const pbx = request.getDecorator<Pbx>(pbxOfRequest);
    const { pbxAndOrg } = request.params as Static<typeof PbxAndOrgSchema>;
    const parameters = {
      ...(request.body as DataQuestionParameters | null),
      ...(request.query as DataQuestionParameters),
    };
    const answer = await askLookup({
      service: service.name,
      pbx,
      orgId: splitPbxAndOrg(pbxAndOrg)?.orgId ?? '',
      lookupId: parameters.lookupid,
      question: toQuestion(parameters),
      arrivedAtMs: clock.now(),
    });
    nameInLog(request, {
      orgId: directory.connection(pbx.accountId)?.orgId,
      workflowId: workflowIdOf(answer.runId),
    });
    const format = chooseFormat(parameters.format, request.headers.accept, pbx.answerFormat);
    const { contentType, body } = service.present(answer, format, parameters.meta === '1');
    return reply
      .code(service.isMiss(answer) && pbx.notFoundOnMiss ? 404 : 200)
      .header('x-trunkline-reason', answer.reason)
      .header('x-trunkline-run', answer.runId)
      .header('x-trunkline-matches', String(answer.matches))
      .headers(answer.detail === undefined ? {} : { 'x-trunkline-detail': answer.detail })
      .type(contentType)
      .send(body);
  }
};

/**
 * Many phone systems put everything in the URL, POST all the same, and name a type for a body that they do not send. That is a
 * question like any other.
 */
function readEmptyBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null);
    else void parseJson(request, body, done);
  });
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') done(null);
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE());
  });
  app.addHook('preValidation', (request, _reply, done) => {
    request.body ??= {};
    done();
  });
}

/** No number has more than 256 characters; of what has, enough is kept to see that it is none. */
const readable = (number: string): string => restorePlus(number).slice(0, 257);

const toQuestion = ({ callerid, calledid, ivrid }: DataQuestionParameters): Question => ({
  ...(callerid !== undefined && { callerId: readable(callerid) }),
  ...(calledid !== undefined && { calledId: readable(calledid) }),
  ...(ivrid !== undefined && { ivrId: ivrid }),
});
