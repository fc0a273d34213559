import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const sizes = { wide: { width: 1_440, height: 900 }, narrow: { width: 360, height: 780 } } as const;
export const wide = sizes.wide;

/** Photographs a page in each size and scheme; the wide light picture also for the README where a folder is named. */
export async function shoot(page: Page, folder: string, name: string, also?: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      await page.screenshot({
        path: join(folder, `${name}-${size}-${scheme}.png`),
        fullPage: true,
        animations: 'disabled',
      });
      if (also !== undefined && scheme === 'light' && size === 'wide') {
        await page.screenshot({ path: join(also, `${name}.png`), animations: 'disabled' });
      }
    }
  }
  await page.setViewportSize(sizes.wide);
  await page.emulateMedia({ colorScheme: 'light' });
  console.log(`${name}: taken`);
}
