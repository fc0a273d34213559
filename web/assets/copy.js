const shownMs = 2_000;

/** Copy buttons copy `data-copy` and say so for a moment. They are hidden until this runs, and again wherever a page changes. */
export function startCopying() {
  showCopyButtons(document);
  document.addEventListener('click', async (event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-copy]') : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const label = button.querySelector('span');
    if (!label || label.dataset.before || !(await copy(button.dataset.copy ?? ''))) return;
    label.dataset.before = label.textContent ?? '';
    label.textContent = button.dataset.copied ?? '';
    setTimeout(() => {
      label.textContent = label.dataset.before ?? '';
      delete label.dataset.before;
    }, shownMs);
  });
}

/** @param {ParentNode} within */
export function showCopyButtons(within) {
  for (const button of within.querySelectorAll('button[data-copy]')) button.removeAttribute('hidden');
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/**
 * Browsers have no clipboard for pages that came unencrypted.
 * @param {string} text
 */
function copyBySelection(text) {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
