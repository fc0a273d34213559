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

export type TimeStyle = 'relative' | 'absolute' | 'due';

export interface Times {
  /** A moment in the account's time zone; `relative` ones tick where there is JavaScript, and `due` ones until they have come. */
  readonly time: (ms: number, style?: TimeStyle) => string;
}

export function createTimes(language: string, timeZone: string, dueText: string): Times {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
  return {
    time(ms, style = 'relative') {
      const text = escapeHtml(format.format(ms));
      const iso = new Date(ms).toISOString();
      const ticks = style === 'absolute' ? '' : ' data-relative';
      const due = style === 'due' ? ` data-due="${escapeHtml(dueText)}"` : '';
      return `<time datetime="${iso}" title="${text}"${ticks}${due}>${text}</time>`;
    },
  };
}
