// One field of a form, of any type of the graph.
import { t } from "../words.js";
import { html, Outside } from "./html.js";
import { emptyRow, isShown } from "./values.js";

const INPUT_TYPES = { DATE: "date", DATETIME: "datetime-local" };
const isEqual = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const labelOf = (option) => option.label ?? option.value;

function Select({ field, value, onChange, ...rest }) {
  const options = field.options ?? [];
  const place = options.findIndex(({ rawValue }) => isEqual(rawValue, value));
  return html`<select ...${rest} value=${place} onChange=${(event) => onChange(event.target.value === "-1" ? null : options[Number(event.target.value)].rawValue)}>
    <option value="-1" selected=${place < 0}>${t("field.choose")}</option>
    ${options.map((option, index) => html`<option value=${index} selected=${index === place}>${labelOf(option)}</option>`)}
  </select>`;
}

function Boxes({ field, id, value, onChange, isOff, ...rest }) {
  const chosen = Array.isArray(value) ? value : [];
  const flip = (raw) => onChange(chosen.some((each) => isEqual(each, raw)) ? chosen.filter((each) => !isEqual(each, raw)) : [...chosen, raw]);
  return html`<div class="boxes" role="group" aria-labelledby=${`${id}-label`} aria-describedby=${rest["aria-describedby"]}>
    ${(field.options ?? []).map(
      (option, index) => html`<label class="option"><input type="checkbox" id=${index === 0 ? id : undefined} disabled=${isOff} aria-invalid=${rest["aria-invalid"]} checked=${chosen.some((each) => isEqual(each, option.rawValue))} onChange=${() => flip(option.rawValue)} /><span>${labelOf(option)}</span></label>`,
    )}
  </div>`;
}

function Rows({ task, field, path, value, errors, onChange, isOff }) {
  const rows = value ?? [];
  const change = (place, key, each) => onChange(rows.map((row, index) => (index === place ? { ...row, [key]: each } : row)));
  return html`<div class="rows">
    ${rows.map(
      (row, place) => html`<fieldset class="rowset"><legend>${t("field.row", { n: place + 1 })}</legend>
        ${field.fields.map((inner) => html`<${Field} key=${inner.key} task=${task} field=${inner} path=${[...path, String(place), inner.key]} value=${row[inner.key]} errors=${errors} onChange=${(each) => change(place, inner.key, each)} />`)}
        ${!isOff && html`<button type="button" class="quiet" onClick=${() => onChange(rows.filter((_, index) => index !== place))}>${t("field.removeRow")}</button>`}</fieldset>`,
    )}
    ${!isOff && html`<button type="button" onClick=${() => onChange([...rows, emptyRow(field.fields)])}>${t("field.addRow")}</button>`}
  </div>`;
}

/** What the field allows, in words, such as "1 to 10". */
function bounds(field) {
  const { minimum, maximum } = field;
  if (minimum !== null && minimum !== undefined && maximum !== null && maximum !== undefined) return t("field.between", { from: String(minimum), to: String(maximum) });
  if (minimum !== null && minimum !== undefined) return t("field.from", { from: String(minimum) });
  if (maximum !== null && maximum !== undefined) return t("field.to", { to: String(maximum) });
  return null;
}

function Control({ field, id, value, onChange, isOff, ...rest }) {
  const common = { id, ...rest, readonly: field.isReadOnly || undefined, disabled: field.isDisabled || undefined };
  const typed = (event) => onChange(event.target.value);
  if (field.type === "MULTI_SELECT" && field.options) return html`<${Boxes} field=${field} id=${id} value=${value} onChange=${onChange} isOff=${isOff} ...${rest} />`;
  if (field.type === "SELECT" && field.options) return html`<${Select} ...${rest} id=${id} field=${field} value=${value} onChange=${onChange} disabled=${isOff} />`;
  if (field.type === "SELECT" || field.type === "MULTI_SELECT")
    return html`<input ...${common} type="text" value=${Array.isArray(value) ? value.join(", ") : (value ?? "")} onInput=${(event) => onChange(field.type === "SELECT" ? event.target.value : event.target.value.split(",").map((each) => each.trim()).filter(Boolean))} />`;
  if (field.isMultiline || field.isMultiple || field.type === "JSON") return html`<textarea ...${common} rows=${field.type === "JSON" ? 5 : 3} class=${field.type === "JSON" ? "code" : ""} value=${value ?? ""} onInput=${typed}></textarea>`;
  const kind = INPUT_TYPES[field.type] ?? "text";
  return html`<input ...${common} type=${kind} inputmode=${{ NUMBER: "decimal", INTEGER: "numeric" }[field.type]} maxlength=${field.maxLength ?? undefined} value=${value ?? ""} onInput=${typed} autocomplete="off" />`;
}

export function Field({ task, field, path, value, errors, onChange }) {
  const id = `f-${path.join("-")}`;
  const label = field.label || field.key;
  const isOff = field.isReadOnly || field.isDisabled;
  const mine = errors.filter((error) => error.field && error.field.length >= path.length && path.every((each, place) => error.field[place] === each) && (!field.fields || error.field.length === path.length));
  if (!isShown(field))
    return html`<div class="field"><span class="label">${label}</span><p class="note">${t(field.type === "FILE" ? "field.file" : "field.unknown", { system: task.source.name })} ${(task.form?.url ?? task.url) && html`<${Outside} href=${task.form?.url ?? task.url}>${t("form.open")}<//>`}</p></div>`;
  const help = [field.description, bounds(field), field.isMultiple && field.type !== "MULTI_SELECT" && !field.fields ? t("field.lines") : null, field.isConditional && field.condition ? t("field.condition", { condition: field.condition }) : null].filter(Boolean).join(" · ");
  const described = [help && `${id}-help`, mine.length && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const state = { "aria-describedby": described, "aria-invalid": mine.length ? "true" : undefined, "aria-required": field.required ? "true" : undefined };
  const after = html`${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}${mine.length > 0 && html`<p class="error" id=${`${id}-error`}>${mine.map(({ message }) => message).join(" ")}</p>`}`;
  const mark = field.required ? "" : undefined;
  if (field.type === "BOOLEAN" && !field.isMultiple && !field.fields)
    return html`<div class="field" data-key=${field.key}><label class="option" for=${id} data-required=${mark}><input type="checkbox" id=${id} ...${{ ...state, "aria-required": undefined }} disabled=${isOff} checked=${value === true} onChange=${(event) => onChange(event.target.checked)} /><span>${label}</span></label>${after}</div>`;
  if (field.fields) return html`<div class="field" data-key=${field.key} role="group" aria-labelledby=${`${id}-label`}><span class="label" id=${`${id}-label`} data-required=${mark}>${label}</span><${Rows} task=${task} field=${field} path=${path} value=${value} errors=${errors} onChange=${onChange} isOff=${isOff} />${after}</div>`;
  const isGroup = field.type === "MULTI_SELECT" && field.options;
  return html`<div class="field" data-key=${field.key}>
    ${isGroup ? html`<span class="label" id=${`${id}-label`} data-required=${mark}>${label}</span>` : html`<label for=${id} data-required=${mark}>${label}</label>`}
    <${Control} field=${field} id=${id} value=${value} onChange=${onChange} isOff=${isOff} ...${state} />${after}
  </div>`;
}
