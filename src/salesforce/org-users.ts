import { toId18 } from '../domain/ids.ts';
import type { OrgUser, OrgUsers, SalesforceData } from '../ports.ts';
import { queryOfUsers } from './soql.ts';

export const createOrgUsers = (data: Pick<SalesforceData, 'query'>): OrgUsers => ({
  async list(session, userField, signal) {
    const answer = await data.query(session, queryOfUsers(userField), signal);
    if (!answer.ok) return answer;
    const users = answer.value.flatMap((row): OrgUser[] => {
      const id = toId18(textOf(row['Id']));
      const extension = textOf(row[userField]);
      return id === undefined
        ? []
        : [{ id, name: textOf(row['Name']), extension: extension === '' ? undefined : extension }];
    });
    return { ...answer, value: users };
  },
});

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
