import { createHash } from 'node:crypto';

/** The parts of a page that follow the connection; each has a template `views/live/<name>.eta`. */
export const regionNames = [
  'frame',
  'status',
  'why',
  'warnings',
  'org',
  'attempt',
  'button',
  'actions',
  'details',
  'timeline',
] as const;
export type RegionName = (typeof regionNames)[number];

export interface Region {
  /** Tells whether two renderings are the same. */
  readonly version: string;
  readonly html: string;
}

export type Regions = Readonly<Record<RegionName, Region>>;

/** The same templates make the page and what is sent to it later. */
export async function renderRegions(render: (name: RegionName) => Promise<string>): Promise<Regions> {
  const regions = await Promise.all(
    regionNames.map(async (name) => {
      const html = (await render(name)).trim();
      const version = createHash('sha256').update(html).digest('base64url').slice(0, 16);
      return [name, { version, html }] as const;
    }),
  );
  return Object.fromEntries(regions) as Record<RegionName, Region>;
}
