// Passkeys: a button asks the browser, and the form carries its answer.
//
// <form data-passkey="create|get" data-options="{…}"> or, where the options have to be asked for,
// data-options-from="address". The form has a field "credential", a button of type "button" and a
// place for words, .passkey-note.

const UNABLE = "This browser offers no passkeys here. Use another way, or a browser that has them.";
const NUMBERS = "Passkeys belong to a name. Open this page at http://localhost instead of an address of numbers.";
const NOTHING = "The browser gave no answer. Try again, or use another way.";

const isNumbers = /^[\d.]+$|^\[/.test(location.hostname);
const isAble = Boolean(window.PublicKeyCredential && navigator.credentials);

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options.publicKey;
}

async function ask(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey === "create") return navigator.credentials.create({ publicKey: creation(options) });
  return navigator.credentials.get({ publicKey: request(options) });
}

// ---- Bytes as base64url, for browsers that have passkeys and no words of their own for this: Safari before
// 18.4, Chrome before 129.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const named = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

function creation(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  }
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
}

function request(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  }
  return { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

function answered(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { id, rawId, type, authenticatorAttachment, response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  const transports = response.getTransports ? { transports: response.getTransports() } : {};
  return {
    id, rawId: text(rawId), type, authenticatorAttachment: authenticatorAttachment ?? undefined,
    response: { ...Object.fromEntries(given), ...transports },
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function bindForm(form) {
  const button = form.querySelector("button[type=button]");
  const note = form.querySelector(".passkey-note");
  if (!isAble || isNumbers) {
    button.disabled = true;
    note.textContent = isNumbers ? NUMBERS : UNABLE;
    for (const promise of document.querySelectorAll("[data-passkey-promise]")) promise.hidden = true;
    return;
  }
  button.addEventListener("click", async () => {
    note.textContent = "";
    try {
      const credential = await ask(form);
      form.elements.credential.value = JSON.stringify(answered(credential));
      form.requestSubmit();
    } catch {
      note.textContent = NOTHING;
    }
  });
}

/** Let the forms in a part of a page ask the browser. */
export function bind(part) {
  for (const form of part.querySelectorAll("form[data-passkey]")) bindForm(form);
}

bind(document);
