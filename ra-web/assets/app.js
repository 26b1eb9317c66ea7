// Niceties; every page works without them, passkeys aside. Nothing is written as HTML: elements are made, texts are set.
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Passkeys
  const toBytes = (text) => {
    const plain = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
  };
  const toText = (buffer) => {
    const letters = Array.from(new Uint8Array(buffer), (octet) => String.fromCharCode(octet)).join("");
    return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list) => (list || []).map((item) => ({ ...item, id: toBytes(item.id) }));

  const options = (kind, received) => {
    const key = { ...received.publicKey, challenge: toBytes(received.publicKey.challenge) };
    if (kind === "create") {
      key.user = { ...key.user, id: toBytes(key.user.id) };
      key.excludeCredentials = named(key.excludeCredentials);
    } else {
      key.allowCredentials = named(key.allowCredentials);
    }
    return { publicKey: key };
  };

  const answer = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: toText(given.clientDataJSON) };
    if (given.attestationObject) {
      response.attestationObject = toText(given.attestationObject);
      response.transports = given.getTransports ? given.getTransports() : [];
    } else {
      response.authenticatorData = toText(given.authenticatorData);
      response.signature = toText(given.signature);
      response.userHandle = given.userHandle ? toText(given.userHandle) : null;
    }
    const extensions = credential.getClientExtensionResults ? credential.getClientExtensionResults() : {};
    return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, extensions };
  };

  const call = async (url, token, body) => {
    const reply = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json", accept: "application/json", "x-form-token": token },
      body: JSON.stringify(body),
    });
    const value = await reply.json();
    if (!reply.ok) {
      throw Object.assign(new Error("refused"), { sentence: value.error });
    }
    return value;
  };

  const passkey = async (button) => {
    const data = button.dataset;
    const status = button.parentElement.querySelector("[data-passkey-status]");
    status.textContent = data.working;
    try {
      const received = options(data.passkey, await call(data.begin, data.token, {}));
      const credential = await navigator.credentials[data.passkey](received);
      const label = data.label ? document.getElementById(data.label).value : "";
      const done = await call(data.finish, data.token, { credential: answer(credential), next: data.next || "", label });
      window.location.assign(done.location);
    } catch (problem) {
      status.textContent = problem.sentence || data.cancelled;
    }
  };

  if (window.PublicKeyCredential && navigator.credentials) {
    all("[data-passkey]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => passkey(button));
    });
    all("[data-passkey-field]").forEach((field) => { field.hidden = false; });
  }

  // Copy: <button type="button" hidden data-copy="id" data-copied="…">; its status is the next element with role="status".
  if (navigator.clipboard) {
    all("[data-copy]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", async () => {
        const source = document.getElementById(button.dataset.copy);
        await navigator.clipboard.writeText(source.value === undefined ? source.textContent.trim() : source.value);
        const status = button.parentElement.querySelector("[role=status]");
        if (status) {
          status.textContent = button.dataset.copied || "";
        }
      });
    });
  }

  // A text file dropped on a textarea, or chosen beside it with data-into="textarea id", becomes its text.
  const LARGEST = 65536;
  const fill = async (area, file) => {
    if (!file || file.size > LARGEST) {
      return false;
    }
    const text = await file.text();
    if (text.includes("\u0000") || text.includes("\uFFFD")) {
      return false;
    }
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  };
  all("textarea[data-drop]").forEach((area) => {
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.classList.add("input--over");
    });
    area.addEventListener("dragleave", () => area.classList.remove("input--over"));
    area.addEventListener("drop", async (event) => {
      area.classList.remove("input--over");
      if (event.dataTransfer.files.length > 0) {
        event.preventDefault();
        await fill(area, event.dataTransfer.files[0]);
      }
    });
  });
  all("input[type=file][data-into]").forEach((input) => {
    input.addEventListener("change", async () => {
      if (await fill(document.getElementById(input.dataset.into), input.files[0])) {
        input.value = "";
      }
    });
  });

  // Live diagnosis of a form while it is being filled in.
  all("form[data-diagnose]").forEach((form) => {
    const place = document.querySelector("[data-diagnosis]");
    let waiting = 0;
    let latest = 0;
    const show = (found) => {
      const summary = document.createElement("p");
      summary.textContent = found.summary || "";
      const list = document.createElement("ul");
      list.className = "diagnosis";
      (found.items || []).forEach((item) => {
        const line = document.createElement("li");
        line.className = "diagnosis__" + item.state;
        line.textContent = item.text;
        list.append(line);
      });
      place.replaceChildren(summary, list);
      // A private key must not stay in the page.
      (found.forget || []).forEach((id) => { document.getElementById(id).value = ""; });
    };
    const ask = async () => {
      const turn = (latest += 1);
      try {
        const reply = await fetch(form.dataset.diagnose, {
          method: "POST", credentials: "same-origin", headers: { accept: "application/json" }, body: new FormData(form),
        });
        if (reply.ok && turn === latest) {
          show(await reply.json());
        }
      } catch {
        // The form itself says what is wrong when it is sent.
      }
    };
    if (place) {
      form.addEventListener("input", () => {
        window.clearTimeout(waiting);
        waiting = window.setTimeout(ask, 400);
      });
    }
  });

  // A form is sent once. The server would recognise the second submit anyway.
  all("form[method=post]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
      }
      form.dataset.sent = "yes";
      window.setTimeout(() => delete form.dataset.sent, 10000);
    });
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Before an idle session ends, offer to stay.
  all("[data-idle]").forEach((box) => {
    const wait = () => window.setTimeout(() => { box.hidden = false; }, Number(box.dataset.idle) * 1000);
    let timer = wait();
    box.querySelector("button").addEventListener("click", async () => {
      const reply = await fetch("/me", { method: "HEAD", credentials: "same-origin", redirect: "manual" });
      if (!reply.ok) {
        window.location.reload();
        return;
      }
      box.hidden = true;
      window.clearTimeout(timer);
      timer = wait();
    });
  });

  all("[data-focus]").forEach((box) => box.focus());
})();
