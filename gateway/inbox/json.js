// Reads and writes JSON without loss: a number with more digits than a double holds keeps them.

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
// A double holds any number of so many digits.
const DIGITS = 15;
// Stands before such a number while it is a text. No vendor can know it.
const MARK = `number ${[...crypto.getRandomValues(new Uint32Array(4))].join("-")} `;
const MARKED = new RegExp(`"${MARK}([^"]+)"`, "g");

/** A number as it was written. */
export class Digits {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return MARK + this.text;
  }
}

const digitsOf = (text) => text.replace(/[eE].*$/, "").replace(/\D/g, "").replace(/^0+/, "").length;

/** The number that a text is, in the form that JSON has; null if it is none. */
export function number(text) {
  if (!NUMBER.test(text)) return null;
  const value = Number(text);
  const isHeld = digitsOf(text) <= DIGITS && Number.isFinite(value) && (value !== 0 || digitsOf(text) === 0);
  return isHeld ? value : new Digits(text);
}

/** As JSON.parse; numbers that a double may not hold are Digits. */
export function parsed(text) {
  if (!/\d{8}/.test(text)) return JSON.parse(text);
  let hasDigits = false;
  const marked = text.replace(TOKEN, (token) => {
    if (token[0] === '"' || digitsOf(token) <= DIGITS) return token;
    hasDigits = true;
    return `"${MARK}${token}"`;
  });
  if (!hasDigits) return JSON.parse(text);
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(MARK) ? new Digits(value.slice(MARK.length)) : value));
}

/** As JSON.stringify; Digits are numbers again. */
export const written = (value, indent) => JSON.stringify(value, null, indent).replace(MARKED, "$1");
