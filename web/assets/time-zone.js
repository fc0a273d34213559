/** Chooses the browser's time zone in a form that asks for one and was not filled in yet. */
export function guessTimeZone() {
  const select = document.querySelector('select[data-guess-time-zone]');
  if (!(select instanceof HTMLSelectElement)) return;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if ([...select.options].some(({ value }) => value === timeZone)) select.value = timeZone;
}
