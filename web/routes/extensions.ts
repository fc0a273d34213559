import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isMappedExtension } from '../../src/domain/extensions.ts';
import { toId18 } from '../../src/domain/ids.ts';
import { AppError } from '../../src/errors.ts';
import type { BookUser } from '../../src/use-cases/extension-book.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

const page = '/extensions';
const usersShown = 200;
const faultsShown = 20;
/** A table of some 100,000 users. */
const importLimitBytes = 8 * 1024 * 1024;
const blankRows = 2;

const UserParams = Type.Object({ userId: Type.String({ maxLength: 18 }) });
const Texts = Type.Union([FormField(), Type.Array(FormField(), { maxItems: 50 })], {
  default: '',
});

interface Rejected {
  readonly userField?: string;
  readonly fieldFault?: string;
  readonly csv?: string;
  readonly csvFaults?: readonly string[];
}

/** Which extension rings for which Salesforce user. */
export const extensionRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes } = portal;
  const { extensionBook } = services;

  async function sendBook(request: FastifyRequest, reply: FastifyReply, search = '', rejected: Rejected = {}) {
    const { users, unavailable } = await extensionBook.users(accountOf(request).id);
    const wanted = search.trim().toLowerCase();
    const matching = users.filter(
      ({ userName, extensions }) =>
        wanted === '' ||
        userName.toLowerCase().includes(wanted) ||
        extensions.some(({ extension }) => extension.toLowerCase() === wanted),
    );
    const mapped = matching.filter(({ extensions }) => extensions.length > 0);
    const unmapped = matching.filter(({ extensions }) => extensions.length === 0);
    return pages.send(request, reply, {
      view: 'extensions',
      title: t('extensions.title'),
      data: {
        search,
        mapped: mapped.slice(0, usersShown),
        unmapped: unmapped.slice(0, usersShown),
        counts: { mapped: mapped.length, unmapped: unmapped.length, shown: usersShown },
        isUnavailable: unavailable !== undefined,
        userField: rejected.userField ?? 'Extension',
        fieldFault: rejected.fieldFault,
        csv: rejected.csv ?? '',
        csvFaults: rejected.csvFaults ?? [],
      },
    });
  }

  async function findUser(request: FastifyRequest, { userId }: { userId: string }): Promise<BookUser> {
    const id = toId18(userId);
    const { users } = await extensionBook.users(accountOf(request).id);
    const user = users.find((each) => each.userId === id);
    if (!user) throw new AppError('SALESFORCE_USER_NOT_FOUND', 'There is no such Salesforce user.');
    return user;
  }

  const sendUser = (
    request: FastifyRequest,
    reply: FastifyReply,
    user: BookUser,
    rows: readonly { extension: string; isPrimary: boolean }[],
  ) =>
    pages.send(request, reply, {
      view: 'extension',
      title: user.userName,
      data: {
        user,
        rows: rows.map((row) => ({
          ...row,
          fault: row.extension !== '' && !isMappedExtension(row.extension) ? t('extensions.fault') : undefined,
        })),
      },
    });

  app.get(page, { schema: { querystring: Type.Object({ search: QueryField(100) }) } }, (request, reply) =>
    sendBook(request, reply, request.query.search),
  );

  app.get(`${page}.csv`, { config: { audit: 'extensions.exported' } }, async (request, reply) => {
    const csv = await extensionBook.export(accountOf(request).id);
    return reply
      .header('cache-control', 'no-store')
      .header('content-disposition', 'attachment; filename="extensions.csv"')
      .type('text/csv; charset=utf-8')
      .send(csv);
  });

  app.post(
    `${page}/filling`,
    { schema: { body: Type.Object({ userField: FormField() }) }, config: { audit: 'extensions.filled' } },
    async (request, reply) => {
      const userField = request.body.userField.trim();
      const outcome = /^[A-Za-z]\w{0,79}$/.test(userField)
        ? await extensionBook.fill(accountOf(request).id, userField)
        : undefined;
      if (!outcome?.ok) {
        const cannotAsk =
          outcome !== undefined &&
          ['not-connected', 'salesforce-unreachable', 'salesforce-slow'].includes(outcome.cause);
        const fieldFault = t(cannotAsk ? 'extensions.cannot-ask' : 'extensions.field-fault');
        return sendBook(request, reply.status(400), '', { userField: request.body.userField, fieldFault });
      }
      const { filled, refused } = outcome.value;
      request.audited = { subject: accountOf(request).id, detail: { userField, filled, refused } };
      flashes.set(reply, {
        notice:
          t('extensions.filled', { count: filled }) +
          (refused === 0 ? '' : ` ${t('extensions.refused', { count: refused })}`),
      });
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/import`,
    {
      bodyLimit: importLimitBytes,
      schema: { body: Type.Object({ csv: FormField() }) },
      config: { audit: 'extensions.imported' },
    },
    async (request, reply) => {
      const { csv } = request.body;
      const outcome = await extensionBook.import(accountOf(request).id, csv);
      if (!outcome.ok) {
        const csvFaults = outcome.faults
          .slice(0, faultsShown)
          .map(({ line, fault, value }) => t(`extensions.import-faults.${fault}`, { line, value }));
        const more = outcome.faults.length - csvFaults.length;
        return sendBook(request, reply.status(400), '', {
          csv,
          csvFaults: more > 0 ? [...csvFaults, t('extensions.more-faults', { count: more })] : csvFaults,
        });
      }
      request.audited = { subject: accountOf(request).id, detail: { imported: outcome.imported } };
      flashes.set(reply, { notice: t('extensions.imported', { count: outcome.imported }) });
      return reply.redirect(page, 303);
    },
  );

  app.get(`${page}/:userId`, { schema: { params: UserParams } }, async (request, reply) => {
    const user = await findUser(request, request.params);
    const blank = Array.from({ length: blankRows }, () => ({ extension: '', isPrimary: false }));
    return sendUser(request, reply, user, [...user.extensions, ...blank]);
  });

  app.post(
    `${page}/:userId`,
    {
      schema: { params: UserParams, body: Type.Object({ extension: Texts, primary: FormField() }) },
      config: { audit: 'extensions.changed' },
    },
    async (request, reply) => {
      const user = await findUser(request, request.params);
      const rows = [request.body.extension].flat().map((extension, index) => ({
        extension: extension.trim(),
        isPrimary: String(index) === request.body.primary,
      }));
      const given = rows.filter(({ extension }) => extension !== '');
      const { userId, userName } = user;
      if (!(await extensionBook.set(accountOf(request).id, { userId, userName }, given))) {
        return sendUser(request, reply.status(400), user, rows);
      }
      request.audited = { subject: userId, detail: { count: given.length } };
      flashes.set(reply, { notice: t('extensions.changed', { name: userName }) });
      return reply.redirect(page, 303);
    },
  );
};
