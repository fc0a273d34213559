export interface Country {
  readonly code: string;
  readonly name: string;
}

/** Countries by name, in alphabetical order. */
export function presentCountries(codes: readonly string[], language: string): readonly Country[] {
  const names = new Intl.DisplayNames([language], { type: 'region' });
  return codes
    .map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name, language));
}
