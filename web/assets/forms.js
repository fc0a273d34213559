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
