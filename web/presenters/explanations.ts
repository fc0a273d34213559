import type { AuthorizationReason, Connection, ReasonDetail } from '../../src/domain/connection.ts';
import type { EarlyWarning } from '../../src/domain/early-warnings.ts';
import type { Texts } from '../texts.ts';

/** Something that went wrong, or may: what happened, what to do and where to click. */
export interface Explanation {
  readonly title: string;
  readonly explanation: string;
  readonly action: string;
  /** Where to click in Salesforce; undefined when there is nothing to be done there. */
  readonly setup: string | undefined;
}

export function explain(reason: AuthorizationReason, detail: ReasonDetail, t: Texts): Explanation {
  const facts = {
    username: detail.username ?? t('connection.unknown-user'),
    missing: detail.missing?.length ? detail.missing.join(', ') : t('connection.unknown-missing'),
    orgId: detail.orgId ?? t('connection.unknown-org'),
    answer: detail.answer ?? t('connection.unknown-answer'),
  };
  const explanation = t(`why.${reason}.explanation`, facts);
  return {
    title: t(`why.${reason}.title`, facts),
    // A user name is written as it is, our word for an unknown user as sentences begin.
    explanation: explanation.startsWith(t('connection.unknown-user'))
      ? explanation.charAt(0).toUpperCase() + explanation.slice(1)
      : explanation,
    action: t(`why.${reason}.action`, facts),
    setup: t(`why.${reason}.setup`, facts) || undefined,
  };
}

/** Why there is no simply active connection, and what to do, for programs; undefined while there is nothing to explain. */
export function explainStanding(
  connection: Pick<Connection, 'state' | 'cause'> | undefined,
  facts: ReasonDetail,
  t: Texts,
): { readonly explanation: string; readonly nextStep: string; readonly setup: string | undefined } | undefined {
  if (connection?.cause !== undefined) {
    const { title, explanation, action, setup } = explain(connection.cause, facts, t);
    return { explanation: `${title}. ${explanation}`, nextStep: action, setup };
  }
  if (connection && connection.state !== 'disconnected') return undefined;
  const explanation = connection ? t('connection.disconnected-told') : t('connection.none-text');
  return { explanation, nextStep: t('connection.connect-next-step'), setup: undefined };
}

export const explainWarning = (warning: EarlyWarning, t: Texts): Explanation => ({
  title: t(`warnings.${warning}.title`),
  explanation: t(`warnings.${warning}.explanation`),
  action: t(`warnings.${warning}.action`),
  setup: t(`warnings.${warning}.setup`) || undefined,
});
