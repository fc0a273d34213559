import i18next from 'i18next';
import en from './locales/en.json' with { type: 'json' };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

/** Every text that a person sees, by key of `locales/en.json`. */
export type Texts = ReturnType<typeof createTexts>;

export const language = 'en';
/** How dates and times are written: day before month, 24 hours. */
export const locale = 'en-GB';

export function createTexts() {
  const instance = i18next.createInstance();
  // The resources are at hand, so this is done at once; templates escape by themselves.
  void instance.init({
    lng: language,
    resources: { [language]: { translation: en } },
    initAsync: false,
    // An empty text means that there is nothing to say.
    returnEmptyString: true,
    interpolation: { escapeValue: false },
  });
  return instance.t;
}
