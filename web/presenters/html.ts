/** Small pieces of HTML that templates need in many places. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

/** A drawing of the sprite; what it means stands beside it in words. */
export const icon = (name: string): string =>
  `<svg class="icon" aria-hidden="true" focusable="false"><use href="/assets/icons.svg#${escapeHtml(name)}"></use></svg>`;

export interface Times {
  /** A moment in the account's time zone; `relative` ones tick where there is JavaScript. */
  readonly time: (ms: number, style?: 'relative' | 'absolute') => string;
}

export function createTimes(language: string, timeZone: string): Times {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
  return {
    time(ms, style = 'relative') {
      const text = escapeHtml(format.format(ms));
      const iso = new Date(ms).toISOString();
      return `<time datetime="${iso}" title="${text}"${style === 'relative' ? ' data-relative' : ''}>${text}</time>`;
    },
  };
}
