// One voice being made by the server: the recording sent, the job followed to its end, cancelled.

import { ask, request } from "./ask.js";
import { streamEvents } from "./event-stream.js";
import { keep, kept } from "./kept.js";
import { sendForm } from "./upload.js";

const KEPT = "voice-being-made";
const JOBS = "api/voices/jobs";
const ENDED = ["completed", "failed", "cancelled"];

// The job that an earlier load of this page began: {job_id, name}, null where there is none.
export function jobLeftBehind() {
  return kept(KEPT);
}

export function forgetJob() {
  keep(KEPT, null);
}

// Begins at once. `on` has sent(fraction) and told(job) and ended(run): the last one always comes, once, when `run.state`
// is "done", "cancelled" or "failed" (then with `run.refused`). A run is {name, state, job, refused, left, cancel()}; `left`
// is what followJob takes while the server has not told the job's end.
export function startCloning({ name, recording, ...fields }, on) {
  return run(name, on, async (own) => {
    const job = await sendForm("api/voices", { name, ...fields, recording }, { signal: own.signal, onSent: (part) => on.sent(part) });
    own.left = { job_id: job.job_id, name };
    keep(KEPT, own.left);
    return job;
  });
}

// Goes on with a job that is under way on the server.
export function followJob(left, on) {
  return run(left.name, on, () => ask("GET", `${JOBS}/${left.job_id}`), left);
}

function run(name, on, begin, left = null) {
  const controller = new AbortController();
  const own = { name, state: "working", job: null, refused: null, left, signal: controller.signal, cancel };

  // What the server has begun is ended there; what is still being sent ends here.
  async function cancel() {
    if (own.job === null) {
      controller.abort();
      return;
    }
    await request("DELETE", `${JOBS}/${own.job.job_id}`);
  }

  function take(job) {
    own.job = job;
    on.told(own);
  }

  async function work() {
    take(await begin(own));
    if (!ENDED.includes(own.job.status)) {
      await streamEvents(`${JOBS}/${own.job.job_id}/events`, undefined, {
        method: "GET", signal: controller.signal, onEvent: (event, data) => (event === "error" ? own.refused = data : take(data)),
      });
    }
    // The stream may end before the job, as when the server stops: the job itself tells.
    if (!ENDED.includes(own.job.status)) take(await ask("GET", `${JOBS}/${own.job.job_id}`));
    const { status, error } = own.job;
    own.state = { completed: "done", cancelled: "cancelled" }[status] ?? "failed";
    if (status === "failed") own.refused = { retryable: false, waitS: 0, ...error };
    if (!ENDED.includes(status)) own.refused = { code: "cut", message: "The connection broke off.", retryable: true, waitS: 0 };
    else forget();
  }

  function forget() {
    own.left = null;
    forgetJob();
  }

  work().catch((refused) => {
    // A fault of the page's own is no refusal: it has to be seen.
    if (refused instanceof Error) reportError(refused);
    own.refused = refused;
    own.state = refused.code === "cancelled" ? "cancelled" : "failed";
    if (refused.status === 404) forget();
  }).finally(() => on.ended(own));
  return own;
}
