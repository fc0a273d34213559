/** uPlot takes the browser's language while it loads, and fails on one that is none, like `en-US@posix`: then the page's counts. */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: document.documentElement.dataset.locale, configurable: true });
}
