/** A button that asks for something slow says so as soon as it is pressed, and is not pressed twice. */
export function showBusyButtons() {
  document.addEventListener('submit', (event) => {
    const button = event.submitter;
    const form = event.target;
    if (!(button instanceof HTMLButtonElement) || !(form instanceof HTMLFormElement)) return;
    const { busy } = button.dataset;
    if (busy === undefined) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    button.setAttribute('aria-busy', 'true');
    button.textContent = busy;
  });
  // The browser may show the page again as it was left.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
}
