// What the address asks for, on every page that keeps filters there.
"use strict";

/** A text as searches compare it: small letters, and one kind of minus. */
const plain = (text) => text.toLowerCase().replaceAll("\u2212", "-");

/** Whether a text has all words of a search somewhere. */
const matches = (text, search) => plain(search).split(/\s+/).every((word) => text.includes(word));

/** Set a form's fields to what is asked for, the others to nothing; the values that they do not offer are returned. */
function take(form, names, asked) {
  return names.filter((name) => {
    const field = form.elements[name], value = asked.get(name) ?? "";
    field.value = value;
    if (field.value === value) return false;
    field.value = "";
    return true;
  }).map((name) => asked.get(name));
}

/** Say what the address names and the site does not have. */
function missing(lost) {
  document.getElementById("said").textContent = lost.length ? `Not on this site: ${lost.join(", ")}.` : "";
}
