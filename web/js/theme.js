// Sets light or dark before the first paint; loaded as a plain script in the head so that nothing flashes.
try {
  const choice = JSON.parse(localStorage.getItem("syrinx.theme"));
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
} catch {
  // Storage may be forbidden; the system's choice then holds.
}
