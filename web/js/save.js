// Hands something to the browser to be saved as a file.

const LONG_ENOUGH_MS = 60_000;

export function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads it after the press; when it has is not told.
  setTimeout(() => URL.revokeObjectURL(link.href), LONG_ENOUGH_MS);
}

// The first words of a text as a file's name.
export function fileName(text, fallback) {
  const words = text.replace(/<[^>]*>/gu, " ").match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(0, 6).join("-").slice(0, 60).toLowerCase() || fallback;
}
