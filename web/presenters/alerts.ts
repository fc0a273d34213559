import { isForGood, type Connection } from '../../src/domain/connection.ts';
import type { DeliveryFailure } from '../../src/domain/alerts.ts';
import type { Alert, Mail, PresentedAlert } from '../../src/ports.ts';
import { locale, type Texts } from '../texts.ts';
import { explain, explainWarning } from './explanations.ts';

/** What messages about a connection say: the words of its page, and the way to it. */
export interface AlertPresenter {
  readonly alert: (alert: Alert) => PresentedAlert;
  /** What *Send a test* sends, whatever the connection is like. */
  readonly test: (connection: Connection | undefined) => PresentedAlert;
  /** Asks the owner of an address whether they agree. */
  readonly confirmation: (asked: { name: string; token: string }) => Pick<Mail, 'subject' | 'text'>;
}

export function createAlertPresenter(t: Texts, publicUrl: string): AlertPresenter {
  const link = `${publicUrl}/salesforce-connection`;
  const facts = ({ connection, timeZone }: Alert) => ({
    org:
      connection.orgName === undefined
        ? connection.orgId
        : t('alert.org', { orgName: connection.orgName, orgId: connection.orgId }),
    since: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long', timeZone }).format(
      connection.sinceMs,
    ),
    link,
  });
  const setupLine = (setup: string | undefined) => (setup === undefined ? '' : t('alert.setup', { setup }));
  const webhook = (
    event: PresentedAlert['webhook']['event'],
    connection: Pick<Connection, 'orgId' | 'state' | 'sinceMs'> | undefined,
    said: Pick<PresentedAlert['webhook'], 'reason' | 'explanation' | 'nextStep'>,
  ): PresentedAlert['webhook'] => ({
    event,
    orgId: connection?.orgId ?? null,
    state: connection?.state ?? 'none',
    since: connection ? new Date(connection.sinceMs).toISOString() : null,
    ...said,
  });

  function broken(alert: Alert): PresentedAlert {
    const { connection } = alert;
    const { cause = 'salesforce-error', causeDetail, username } = connection;
    const { title, explanation: why, action, setup } = explain(cause, { username, ...causeDetail }, t);
    const mendsItself = alert.keepsBreaking && !isForGood(connection);
    const explanation = mendsItself ? `${why} ${t('alert.keeps-breaking')}` : why;
    const words = { ...facts(alert), title, explanation, action };
    return {
      mail: {
        subject: t('alert.broken-subject', words),
        text: t('alert.broken-text', { ...words, setup: setupLine(setup) }),
      },
      webhook: webhook('connection.broken', connection, {
        reason: cause,
        explanation: `${title}. ${explanation}`,
        nextStep: action,
      }),
    };
  }

  return {
    alert(alert) {
      const { event, topic, connection } = alert;
      if (event === 'connection.broken') return broken(alert);
      if (topic === 'state') {
        return {
          mail: { subject: t('alert.repaired-subject'), text: t('alert.repaired-text', facts(alert)) },
          webhook: webhook('connection.repaired', connection, {
            reason: null,
            explanation: t('alert.repaired-explanation'),
            nextStep: null,
          }),
        };
      }
      const { title, explanation, action, setup } = explainWarning(topic, t);
      const words = { ...facts(alert), title, explanation, action };
      return {
        mail: {
          subject: t('alert.warning-subject', words),
          text: t('alert.warning-text', { ...words, setup: setupLine(setup) }),
        },
        webhook: webhook('connection.warning', connection, {
          reason: topic,
          explanation: `${title}. ${explanation}`,
          nextStep: action,
        }),
      };
    },
    test: (connection) => ({
      mail: { subject: t('alert.test-subject'), text: t('alert.test-text', { link }) },
      webhook: webhook('test', connection, {
        reason: null,
        explanation: t('alert.test-explanation'),
        nextStep: null,
      }),
    }),
    confirmation: ({ name, token }) => ({
      subject: t('alert.confirm-subject'),
      text: t('alert.confirm-text', { name, link: `${publicUrl}/alert-address?token=${token}` }),
    }),
  };
}

/** Why a message did not arrive, as the end of a sentence. */
export function presentFailure(failure: DeliveryFailure, t: Texts): string {
  const status = /^answered-(\d+)$/.exec(failure)?.[1];
  return status === undefined
    ? t(`alert-settings.failures.${failure as Exclude<DeliveryFailure, `answered-${number}`>}`)
    : t('alert-settings.failures.answered', { status });
}
