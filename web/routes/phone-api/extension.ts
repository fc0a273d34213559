import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { splitPbxAndOrg } from '../../../src/domain/ids.ts';
import type { Pbx, Question } from '../../../src/domain/lookup.ts';
import { pbxOfRequest } from '../../plugins/pbx-token-auth.ts';
import { chooseFormat, presentExtension } from '../../presenters/answer.ts';
import { extensionAnswers, PbxAndOrgSchema, QuestionSchema, type QuestionParameters } from '../../schemas/phone-api.ts';
import type { PhoneApiServices } from './index.ts';
import { restorePlus } from './parameters.ts';

/** ExtNo: whose extension should ring? */
export const extensionRoutes: FastifyPluginAsync<PhoneApiServices> = async (app, { askExtension, clock }) => {
  const operation = {
    tags: ['Phone API'],
    params: PbxAndOrgSchema,
    querystring: QuestionSchema,
    response: extensionAnswers,
  };
  const get = { ...operation, summary: 'The extension to ring for a call', operationId: 'getExtension' };
  const post = { ...operation, summary: 'The same, asked by POST', operationId: 'postExtension', body: QuestionSchema };
  app.get('/ExtNo/:pbxAndOrg', { schema: get }, answer);
  app.get('/ExtNo/:pbxAndOrg/', { schema: { ...get, hide: true } }, answer);
  app.post('/ExtNo/:pbxAndOrg', { schema: post }, answer);
  app.post('/ExtNo/:pbxAndOrg/', { schema: { ...post, hide: true } }, answer);

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const pbx = request.getDecorator<Pbx>(pbxOfRequest);
    const { pbxAndOrg } = request.params as Static<typeof PbxAndOrgSchema>;
    const parameters = { ...(request.body as QuestionParameters | null), ...(request.query as QuestionParameters) };
    const answer = await askExtension({
      pbx,
      orgId: splitPbxAndOrg(pbxAndOrg)?.orgId ?? '',
      lookupId: parameters.lookupid,
      question: toQuestion(parameters),
      arrivedAtMs: clock.now(),
    });
    const { contentType, body } = presentExtension(
      answer,
      chooseFormat(parameters.format, request.headers.accept, pbx.answerFormat),
    );
    return reply
      .code(answer.extension === undefined && pbx.notFoundOnMiss ? 404 : 200)
      .header('x-trunkline-reason', answer.reason)
      .header('x-trunkline-run', answer.runId)
      .header('x-trunkline-matches', String(answer.matches))
      .type(contentType)
      .send(body);
  }
};

const toQuestion = ({ callerid, calledid, ivrid }: QuestionParameters): Question => ({
  ...(callerid !== undefined && { callerId: restorePlus(callerid) }),
  ...(calledid !== undefined && { calledId: restorePlus(calledid) }),
  ...(ivrid !== undefined && { ivrId: ivrid }),
});
