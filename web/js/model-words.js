// What the server says of a model, in the page's words: where it names a command, the button beside the words is meant.

const COMMAND = /(\bTry )?`?syrinx models (pull|remove|verify) [\w.-]*\w(?: --[\w-]+)*`?/gu;
const SETTING = /\b(?:HF_[A-Z_]+|HTTPS?_PROXY|SYRINX_[A-Z_]+)\b/u;

// The button that gets it, as it is called in each state.
export function nameOfGetting(model) {
  if (model.state === "damaged") return "Get it anew";
  if (model.partial_bytes > 0) return "Continue";
  return model.failure ? "Try again" : "Get it";
}

export function inPageWords(model, message) {
  const pull = model.state === "installed" ? "“Remove” and “Get it”" : `“${nameOfGetting(model)}”`;
  const instead = { pull, remove: "“Remove”", verify: "“Verify”" };
  const words = message.replace(COMMAND, (_, tried, verb) => (tried ? "Press " : "") + instead[verb]);
  // Whoever reads this is not at a command line, where a setting would count at once.
  return SETTING.test(words) ? `${words} The server reads such settings when it starts.` : words;
}
