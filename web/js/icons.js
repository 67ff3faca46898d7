// Signs on buttons of the views that are fetched later, drawn as those in index.html.

const PATHS = {
  play: '<path d="M8 5.500v13l10.500-6.500z" fill="currentColor"/>',
  pause: '<path d="M8.500 6v12M15.500 6v12" stroke-width="3.200"/>',
  stop: '<rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor"/>',
  record: '<circle cx="12" cy="12" r="5.500" fill="currentColor"/>',
  mic: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
  save: '<path d="M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 19.500h14"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
  edit: '<path d="M5 19l1-4L16.500 4.500l3 3L9 18z"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  file: '<path d="M7 3.500h7l4 4v13H7zM14 3.500v4h4"/>',
};

export function icon(name) {
  return `<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`;
}
