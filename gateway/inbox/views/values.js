// Values of form fields: what the controls hold, and what is sent.
//
// A control of a number, a date or JSON holds text, as the person types it; other controls hold the value itself.
import { Digits, number as numberOf, parsed, written } from "../json.js";
import { t } from "../words.js";

const LIKE_JSON = /^([-+]?)0*(\d*)\.?(\d*)((?:e[-+]?\d+)?)$/i;
const TEXTS = new Set(["NUMBER", "INTEGER", "DATE", "DATETIME", "TEXT", "JSON"]);

export const isShown = (field) => !["FILE", "UNKNOWN"].includes(field.type) || field.fields;
const isEditable = (field) => isShown(field) && !field.isReadOnly && !field.isDisabled;
export const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

const twoDigits = (value) => String(value).padStart(2, "0");
const day = (at) => `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
const minute = (at) => `${day(at)}T${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;

function asText(field, value) {
  if (isEmpty(value)) return "";
  if (field.type === "DATE") return String(value).slice(0, 10);
  if (field.type === "DATETIME") {
    const text = String(value);
    if (!/(Z|[+-]\d\d:?\d\d)$/.test(text)) return text.slice(0, 16);
    const at = new Date(text);
    return Number.isNaN(at.valueOf()) ? "" : minute(at);
  }
  if (field.type === "JSON") return written(value, 2);
  return typeof value === "object" && !(value instanceof Digits) ? written(value) : String(value);
}

/** What the control of a field begins with. */
function held(field, value) {
  if (field.fields) return Array.isArray(value) ? value.map((row) => initialRow(field.fields, row)) : [];
  if (field.type === "MULTI_SELECT") return Array.isArray(value) ? value : isEmpty(value) ? [] : [value];
  if (field.isMultiple) return (Array.isArray(value) ? value : isEmpty(value) ? [] : [value]).map((each) => asText(field, each)).join("\n");
  if (field.type === "BOOLEAN") return value === null || value === undefined ? null : Boolean(value);
  if (TEXTS.has(field.type)) return asText(field, value);
  return value ?? null;
}

const initialRow = (fields, row) => Object.fromEntries(fields.map((field) => [field.key, held(field, row?.[field.key] ?? field.defaultValue)]));

/** An empty row of a list of rows. */
export const emptyRow = (fields) => initialRow(fields, null);

export const initial = (fields) => Object.fromEntries(fields.map((field) => [field.key, held(field, field.value ?? field.defaultValue)]));

function fits(field, text) {
  if (field.maxLength !== null && field.maxLength !== undefined && text.length > field.maxLength) return false;
  try {
    return !field.pattern || new RegExp(field.pattern).test(text);
  } catch {
    return true;
  }
}

function number(field, text) {
  const plain = text.trim().replace(/^([-+]?\d+),(\d+)$/, "$1.$2");
  // Without what people write and JSON has not: a plus sign, zeros in front, nothing before or after the point.
  const [, sign, whole, part, power] = LIKE_JSON.exec(plain) ?? [];
  const value = /\d/.test(plain.replace(/e.*$/i, "")) ? numberOf(`${sign === "-" ? "-" : ""}${whole || "0"}${part ? `.${part}` : ""}${power}`) : null;
  if (value === null) throw new Error(t("field.noNumber"));
  if (field.type === "INTEGER" && !(value instanceof Digits ? /^-?\d+$/.test(value) : Number.isInteger(value))) throw new Error(t("field.noInteger"));
  return value;
}

/** The value to send for a text of a control; throws for a text that is none. */
function sent(field, text) {
  if (field.type === "NUMBER" || field.type === "INTEGER") return number(field, text);
  if (field.type === "JSON") {
    try {
      return parsed(text);
    } catch {
      throw new Error(t("field.noJson"));
    }
  }
  if (field.type === "DATETIME") {
    // The forms that vendors ask for: with a zone, or without one.
    const exact = new Date(text).toISOString().replace(/\.000Z$/, "Z");
    return [exact, text, exact.replace(/:00Z$/, "Z")].find((each) => fits(field, each)) ?? exact;
  }
  return text;
}

function value(field, control, path, errors) {
  try {
    if (field.fields) return control.map((row, place) => rowData(field.fields, row, [...path, String(place)], errors));
    if (field.type === "MULTI_SELECT" || field.type === "SELECT" || field.type === "BOOLEAN") return control;
    if (field.isMultiple)
      return control
        .split("\n")
        .filter((line) => line.trim())
        .map((line) => sent(field, line));
    return sent(field, control);
  } catch (error) {
    errors.push({ field: path, message: error.message });
    return null;
  }
}

function rowData(fields, row, path, errors) {
  const data = {};
  for (const field of fields) if (isEditable(field) && !isEmpty(row[field.key])) data[field.key] = value(field, row[field.key], [...path, field.key], errors);
  return data;
}

/** The data to send: fields with a value, and those that the person has emptied. `errors` have the paths of wrong texts. */
export function collected(fields, values, touched) {
  const errors = [];
  const data = {};
  for (const field of fields) {
    if (!isEditable(field)) continue;
    const control = values[field.key];
    if (!isEmpty(control)) data[field.key] = value(field, control, ["data", field.key], errors);
    // A box that was not ticked is an answer where one is required.
    else if (field.type === "BOOLEAN" && field.required) data[field.key] = false;
    else if (touched.has(field.key) && !isEmpty(field.value)) data[field.key] = field.type === "MULTI_SELECT" || field.isMultiple ? [] : null;
  }
  return { data, errors };
}
