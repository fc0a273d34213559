/** A choice that others depend on (`data-updates`) sends the form, by the button that saves nothing, so that the others fit it. */
export function startUpdating() {
  document.addEventListener('change', (event) => {
    const { target } = event;
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return;
    if (!target.matches('[data-updates]') || !target.form) return;
    const button = target.form.querySelector('[data-update]');
    if (!(button instanceof HTMLButtonElement)) return;
    const step = target.closest('fieldset[id]');
    if (step) button.formAction = `${target.form.getAttribute('action') ?? ''}#${step.id}`;
    target.form.requestSubmit(button);
  });
}

/** Puts a chosen file into the field that is sent. */
export function startReadingFiles() {
  for (const part of document.querySelectorAll('[data-needs-script]')) part.removeAttribute('hidden');
  document.addEventListener('change', async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !target.dataset.fileInto) return;
    const field = document.getElementById(target.dataset.fileInto);
    const [file] = target.files ?? [];
    if (field instanceof HTMLTextAreaElement && file) field.value = await file.text();
  });
}

const readAfterMs = 150;

/** Shows while somebody types how a number is read under the rules of the form (`data-reading-of`), saved or not. */
export function startReading() {
  for (const form of document.querySelectorAll('form[data-reading-of]')) {
    if (form instanceof HTMLFormElement) followReading(form);
  }
}

/** @param {HTMLFormElement} form */
function followReading(form) {
  const place = form.querySelector('[data-reading]');
  if (!place) return;
  for (const button of form.querySelectorAll('[data-without-script]')) button.setAttribute('hidden', '');
  let timer = 0;
  /** An answer that comes after a later question is of no interest. */
  let asked = 0;
  const read = async () => {
    const turn = ++asked;
    const body = new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)]));
    const response = await fetch(form.dataset.readingOf ?? '', { method: 'POST', body }).catch(() => undefined);
    if (!response?.ok || turn !== asked) return;
    const { html } = await response.json();
    if (turn === asked) place.innerHTML = html;
  };
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void read(), readAfterMs);
  });
  // Somebody may have typed before this ran.
  void read();
}
