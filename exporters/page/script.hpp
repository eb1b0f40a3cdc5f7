// SPDX-License-Identifier: Apache-2.0
// The page's only script, `/page.js`: brings the page up to date in place, and says so when it cannot. Without it the
// page loads itself anew each minute, and nothing else is missing.
#pragma once

#include <string_view>

namespace recoverd::exporters {

inline constexpr std::string_view kPageScript = R"js(// SPDX-License-Identifier: Apache-2.0
"use strict";
(() => {
  // Milliseconds: between two looks at the agent, for one answer, until a page that got nothing new is called old, and
  // for a check that is run.
  const EVERY = 10000, PATIENCE = 8000, OLD = 45000, RUN_PATIENCE = 40000;
  const gone = document.getElementById("gone");
  const age = document.getElementById("age");
  let updated = Date.now();
  let title = document.title;
  let looking = false, asking = false;

  const words = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    return s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min" : Math.floor(s / 3600) + " h";
  };

  // What an element is, wherever it stands: the list may be in another order now.
  const key = (node) => {
    if (node.nodeType !== 1) return "";
    const name = node.id || node.getAttribute("aria-labelledby");
    if (name || node.nodeName !== "LI") return name || "";
    return Array.from(node.querySelectorAll("h3, b"), (part) => part.textContent).join("\n");
  };

  const take_attributes = (old, fresh) => {
    // Whether details are open is up to who reads.
    const own = (name) => name === "open" && old.nodeName === "DETAILS";
    for (const { name } of Array.from(old.attributes))
      if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
    for (const { name, value } of Array.from(fresh.attributes))
      if (old.getAttribute(name) !== value && !own(name)) old.setAttribute(name, value);
  };

  // Changes what differs and leaves all else alone: focus, selection and scrolling stay where they are.
  const take_over = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute("data-own") || old.isEqualNode(fresh)) return;
    take_attributes(old, fresh);
    const known = new Map();
    for (const child of old.children) if (key(child)) known.set(key(child), child);
    let at = old.firstChild;
    for (const wanted of Array.from(fresh.childNodes)) {
      const name = key(wanted);
      let have = name ? known.get(name) : at && !key(at) ? at : null;
      known.delete(name);
      if (have && have.nodeName !== wanted.nodeName) have = null;
      if (!have) {
        old.insertBefore(document.importNode(wanted, true), at);
        continue;
      }
      if (have === at) at = at.nextSibling;
      else old.insertBefore(have, at);
      take_over(have, wanted);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  const say_gone = (why) => {
    // Said once: who has it read out does not want to hear it every ten seconds.
    if (!gone.textContent)
      gone.textContent = "No answer from recoverd since " + new Date(updated).toISOString().slice(0, 19) +
        "Z (" + why + "). All that stands here is old.";
    document.documentElement.classList.add("old");
    document.title = "No answer – " + title;
  };

  const look = async () => {
    const reply = await fetch(location.origin + location.pathname + location.search,
      { cache: "no-store", redirect: "error", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) });
    if (!reply.ok) throw new Error("status " + reply.status);
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    // A proxy may answer in its place.
    if (!fresh.getElementById("gone") || !fresh.querySelector("main")) throw new Error("not its page");
    const focused = document.activeElement;
    take_over(document.body, fresh.body);
    // An element that was moved has lost it.
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    updated = Date.now();
    title = fresh.title;
    gone.textContent = "";
    document.documentElement.classList.remove("old");
    document.title = title;
  };

  const update = async () => {
    if (looking) return;
    looking = true;
    try {
      await look();
    } catch (error) {
      say_gone(error.name === "TimeoutError" ? "nothing within " + words(PATIENCE)
        : error.name === "TypeError" ? "no connection" : error.message);
    } finally {
      looking = false;
      tick();
    }
  };

  const tick = () => {
    age.textContent = "Updated " + words(Date.now() - updated) + " ago";
    if (Date.now() - updated > OLD) say_gone("nothing new came");
  };

  // Without this, "Run now" leaves the page and comes back to it.
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = event.target.querySelector("output");
    if (asking) return;
    asking = true;
    said.textContent = "It looks …";
    try {
      const reply = await fetch(event.target.action, { method: "POST", redirect: "error", body: "{}",
        headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(RUN_PATIENCE) });
      const type = reply.headers.get("Content-Type") || "";
      const told = type.startsWith("application/json") ? await reply.json() : { errors: [await reply.text()] };
      said.textContent = reply.status === 202 ? "It still looks; what it learns will stand here."
        : !reply.ok ? told.errors.join("; ")
        : told.failure ? "It looked, and failed: " + told.failure.detail : "It has looked.";
    } catch (error) {
      said.textContent = "No answer: nobody knows whether it looks.";
    }
    asking = false;
    update();
  });

  tick();
  setInterval(tick, 1000);
  setInterval(update, EVERY);
  // A tab in the background is slowed down, and a computer may have slept.
  document.addEventListener("visibilitychange", () => document.hidden || update());
  addEventListener("pageshow", (event) => event.persisted && update());
})();
)js";

} // namespace recoverd::exporters
