/** A fictional number in its parts: country code, trunk prefix, area (or network) code, subscriber number. */
export interface SeedNumber {
  readonly country: string;
  readonly trunk: string;
  readonly area: string;
  readonly local: string;
}

/** Numbers that regulators keep for films and examples, so that nobody is ever called by mistake. */
const ranges: readonly (Omit<SeedNumber, 'local'> & { readonly local: string; readonly digits: number })[] = [
  ...['030:23125', '089:99998', '0221:4710', '040:66969', '069:90009', '0171:39200'].map((range) => {
    const [area = '', local = ''] = range.split(':');
    return { country: '49', trunk: '0', area: area.slice(1), local, digits: area === '0171' ? 2 : 3 };
  }),
  { country: '44', trunk: '0', area: '20', local: '79460', digits: 3 },
  { country: '44', trunk: '0', area: '161', local: '4960', digits: 3 },
  ...['415', '212', '312', '617', '206', '303', '512', '702', '404', '215'].map((area) => ({
    country: '1',
    trunk: '',
    area,
    local: '55501',
    digits: 2,
  })),
  { country: '33', trunk: '0', area: '1', local: '9900', digits: 4 },
  { country: '46', trunk: '0', area: '8', local: '465004', digits: 2 },
];

/** Every number of the ranges above, in a fixed order; the ranges take turns. */
export function* fictionalNumbers(): Generator<SeedNumber, undefined> {
  for (let suffix = 0; suffix < 10_000; suffix++) {
    for (const range of ranges) {
      if (suffix >= 10 ** range.digits) continue;
      const { country, trunk, area } = range;
      yield { country, trunk, area, local: range.local + String(suffix).padStart(range.digits, '0') };
    }
  }
}

/** The ways in which people type a number into a phone field. */
const common: readonly ((number: SeedNumber) => string)[] = [
  ({ country, area, local }) => `+${country}${area}${local}`,
  ({ country, area, local }) => `+${country} ${area} ${local}`,
  ({ country, area, local }) => `00${country} ${area} ${local}`,
  ({ trunk, area, local }) => `${trunk}${area}${local}`,
];
const withTrunk: readonly ((number: SeedNumber) => string)[] = [
  ({ country, area, local }) => `+${country} (0)${area} ${local}`,
  ({ area, local }) => `0${area}/${local}`,
  ({ area, local }) => `0${area} ${local}`,
  ({ area, local }) => `(0${area}) ${local}`,
  ({ area, local }) => `0${area}-${local}`,
  // A trunk zero that should not be there.
  ({ country, area, local }) => `00${country}0${area}${local}`,
  ({ country, area, local }) => `+${country} ${area} ${local.slice(0, 3)} ${local.slice(3)}`,
];
const northAmerican: readonly ((number: SeedNumber) => string)[] = [
  ({ area, local }) => `(${area}) ${local.slice(0, 3)}-${local.slice(3)}`,
  ({ area, local }) => `${area}-${local.slice(0, 3)}-${local.slice(3)}`,
  ({ area, local }) => `+1 ${area}.${local.slice(0, 3)}.${local.slice(3)}`,
  ({ area, local }) => `1-${area}-${local.slice(0, 3)}-${local.slice(3)}`,
  ({ area, local }) => `+1 (${area}) ${local.slice(0, 3)}-${local.slice(3)}`,
];
const extensions: readonly ((number: SeedNumber) => string)[] = [
  ({ country, area, local }) => `+${country} ${area} ${local} x12`,
  ({ trunk, area, local }) => `${trunk}${area} ${local}-0`,
  ({ trunk, area, local }) => `${trunk}${area} ${local} ext. 7`,
];

/** The n-th notation of a number; the notations of its country take turns, every twentieth carries an extension. */
export function notation(number: SeedNumber, n: number): string {
  if (n % 20 === 19) return at(extensions, Math.floor(n / 20))(number);
  const own = number.country === '1' ? northAmerican : withTrunk;
  return at([...common, ...own], n)(number);
}

/** An element by a number of any size: the list goes round. */
export function at<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new Error('An empty list has no element');
  return item;
}
