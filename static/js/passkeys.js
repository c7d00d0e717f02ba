// Passkeys: a button asks the browser, and the form carries its answer.
//
// <form data-passkey="create|get" data-options="{…}"> or, where the options have to be asked for,
// data-options-from="address". The form has a field "credential", a button of type "button" and a
// place for words, .passkey-note.

const UNABLE = "This browser cannot use passkeys here. Bring it up to date, or use another way.";
const NUMBERS = "Passkeys belong to a name. Open this page at http://localhost instead of an address of numbers.";
const NOTHING = "The browser gave no answer. Try again, or use another way.";

const isNumbers = /^[\d.]+$|^\[/.test(location.hostname);
const isAble = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options.publicKey;
}

async function ask(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button[type=button]");
  const note = form.querySelector(".passkey-note");
  if (!isAble || isNumbers) {
    button.disabled = true;
    note.textContent = isNumbers ? NUMBERS : UNABLE;
    continue;
  }
  button.addEventListener("click", async () => {
    note.textContent = "";
    try {
      const credential = await ask(form);
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.requestSubmit();
    } catch {
      note.textContent = NOTHING;
    }
  });
}
