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
