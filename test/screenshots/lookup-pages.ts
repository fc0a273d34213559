import type { Page } from 'playwright-core';
import { demoPbxId } from '../../src/local/demo-data.ts';
import { shoot } from './shoot.ts';

/** Asks some questions as a phone system does, then photographs every page about lookups. The account is connected and signed in. */
export async function shootLookupPages(
  page: Page,
  folder: string,
  stack: { readonly url: string; readonly token: string; readonly orgId: string },
): Promise<void> {
  const { url, token, orgId } = stack;
  const numbers = [
    '+493023125001',
    '+4930 23125002',
    '0049 30 23125003',
    'anonymous',
    '101',
    '+49301111111',
    '+15551234567',
  ];
  for (const number of [...numbers, ...numbers]) {
    const query = new URLSearchParams({ callerid: number, format: 'json' });
    await fetch(`${url}/api/ExtNo/${demoPbxId}${orgId}/?${query.toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  }
  await page.goto(`${url}/lookups`);
  await shoot(page, folder, 'lookups');
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByLabel('Caller’s number').fill('0049 30 23125001');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.getByRole('status').filter({ hasText: 'Answer' }).waitFor();
  await shoot(page, folder, 'lookup');
  await page.goto(`${url}/lookups/new`);
  await shoot(page, folder, 'lookup-new');
  await page.goto(`${url}/lookups/new?kind=data`);
  await page.getByRole('button', { name: 'Make the lookup' }).click();
  await shoot(page, folder, 'lookup-data');
  await page.goto(`${url}/extensions`);
  await page.getByRole('button', { name: 'Take them' }).click();
  await page.getByText('were taken from Salesforce').waitFor();
  await shoot(page, folder, 'extensions');
  await page
    .getByRole('link', { name: /^Change the extensions/ })
    .first()
    .click();
  await shoot(page, folder, 'extension');
  await page.goto(`${url}/dialing-rules`);
  await shoot(page, folder, 'dialing-rules');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByLabel('Incoming call: truncate prefix').fill('0;#1;#0');
  await page.getByLabel('Number', { exact: true }).pressSequentially('00734273830');
  await page.getByText('Prefix cut').waitFor();
  await shoot(page, folder, 'dialing-rules-form');
  await page.goto(`${url}/phone-systems/${demoPbxId}`);
  await page.locator('[data-chart] canvas').first().waitFor();
  await page.locator('summary', { hasText: 'Asterisk' }).click();
  await shoot(page, folder, 'phone-system-asked');
  await page.goto(`${url}/lookup-runs`);
  await shoot(page, folder, 'lookup-runs');
  await page.getByRole('table').getByRole('link').last().click();
  await shoot(page, folder, 'lookup-run');
  await page.goto(`${url}/api/docs`);
  await shoot(page, folder, 'api-docs');
}
