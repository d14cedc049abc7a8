// The vendor's form library as a judge: JSON lines of {schema, data, entry} on stdin, one line of
// {valid, errors, refused, submitted} for each on stdout. `entry` is what a person fills in, nested like the data;
// `refused` are the paths whose value the form's components do not hold as it was entered.
import { createRequire } from 'node:module';
import readline from 'node:readline';
import { JSDOM } from 'jsdom';

const dom = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/' });
const names = ['window', 'document', 'navigator', 'HTMLElement', 'Element', 'Node', 'NodeList', 'HTMLCollection',
  'KeyboardEvent', 'MouseEvent', 'Event', 'CustomEvent', 'DocumentFragment', 'DOMParser', 'MutationObserver',
  'getComputedStyle', 'SVGElement', 'Text', 'NodeFilter', 'HTMLTemplateElement', 'HTMLFormElement', 'NamedNodeMap'];
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: dom.window[name], configurable: true, writable: true });
}
dom.window.requestAnimationFrame = (step) => setImmediate(step);
globalThis.requestAnimationFrame = dom.window.requestAnimationFrame;
globalThis.cancelAnimationFrame = (step) => clearImmediate(step);
const noFiles = dom.window.document.createElement('input');
noFiles.type = 'file';
globalThis.DataTransfer = class { items = { add() {} }; files = noFiles.files; };
globalThis.IntersectionObserver = class { observe() {} disconnect() {} unobserve() {} };
globalThis.ResizeObserver = globalThis.IntersectionObserver;
console.warn = () => {};

const require = createRequire(import.meta.url);
// Effects run in the next turn of the event loop, not after a frame of a screen.
require('preact').options.requestAnimationFrame = (effects) => setImmediate(effects);
const { Form } = require('@bpmn-io/form-js-viewer');

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (value) => Array.isArray(value) ? value.map(sorted)
  : isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value;
const at = (data, path) => path.reduce((node, key) => (node === null || node === undefined ? undefined : node[key]), data);

function put(data, path, value) {
  let node = data;
  path.slice(0, -1).forEach((key, place) => {
    if (node[key] === null || node[key] === undefined) node[key] = typeof path[place + 1] === 'number' ? [] : {};
    node = node[key];
  });
  if (value === undefined) delete node[path.at(-1)];
  else node[path.at(-1)] = value;
}

// Whether a component holds what was entered: a text of a number as that number, a moment in another offset, nothing as empty.
function holds(component, found, value) {
  const isNothing = value === null || value === '' || (same(value, []) && ['checklist', 'taglist'].includes(component.type));
  if (isNothing) return [null, undefined, '', false].includes(found) || same(found, []);
  if (component.type === 'number') return typeof value !== 'boolean' && isFoundNumber(found) && Number(found) === Number(value);
  if (component.type === 'textfield' && typeof value === 'string') return found === value.replace(/[\r\n\t]/g, ' ');
  if (component.type === 'datetime' && typeof found === 'string' && typeof value === 'string' && component.subtype !== 'date') {
    const moment = (text) => (component.subtype === 'time' ? Date.parse(`2000-01-01T${text}`) % 86400000 : Date.parse(text));
    return moment(found) === moment(value);
  }
  return same(found, value);
}
const isFoundNumber = (found) => (typeof found === 'number' || typeof found === 'string') && found !== '';

// Preact runs effects in the next frame, and effects of effects in the one after.
const settled = async () => { for (let turn = 0; turn < 8; turn += 1) await new Promise((done) => setImmediate(done)); };

// Read-only values of a row that was there stay.
function keep(component, before, row, base) {
  for (const child of component.components ?? []) {
    const path = [...base, ...(child.key ?? child.path ?? '').split('.').filter(Boolean)];
    if (child.components) { if (!child.isRepeating) keep(child, before, row, path); continue; }
    const value = at(before ?? {}, path);
    if (child.readonly && value !== undefined) put(row, path, value);
  }
}

// Puts what was entered into the data of the form, in the shape that its components hold.
function fill(form, component, entry, base, indexes, data, entered, refused) {
  const config = form.get('formFields').get(component.type).config;
  const own = config.keyed ? component.key.split('.') : component.path ? component.path.split('.') : [];
  const path = [...base, ...own];
  if (config.keyed) {
    const value = at(entry, own);
    if (value === undefined || component.disabled) return;
    const held = config.sanitizeValue && component.type !== 'expression'
      ? config.sanitizeValue({ formField: component, data, value }) : value;
    if (component.readonly === true) {
      entered.push({ component, path, value });
      return;
    }
    entered.push({ component, path, value });
    put(data, path, held === undefined ? config.emptyValue : held);
    return;
  }
  const inner = own.length ? at(entry, own) : entry;
  if (own.length && inner === undefined) return;
  if (config.repeatable && component.isRepeating) {
    if (inner !== null && !Array.isArray(inner)) { refused.push(path); return; }
    const rows = inner ?? [];
    const before = at(data, path) ?? [];
    if (!component.allowAddRemove && before.length !== rows.length) { refused.push(path); return; }
    put(data, path, []);
    rows.forEach((row, place) => {
      const at_row = { ...indexes, [component.id]: place };
      at(data, path).push(form._getInitializedFieldData(data, { container: component, indexes: at_row }));
      keep(component, before[place], at(data, [...path, place]), []);
      if (!isObject(row)) { refused.push([...path, place]); return; }
      component.components.forEach((each) => fill(form, each, row, [...path, place], at_row, data, entered, refused));
    });
    return;
  }
  const isList = Array.isArray(inner) && /"(key|path)":"\d/.test(JSON.stringify(component.components));
  if (!isObject(inner) && !isList) { if (own.length) refused.push(path); return; }
  (component.components ?? []).forEach((each) => fill(form, each, inner, path, indexes, data, entered, refused));
}

async function judged({ schema, data, entry }) {
  const container = document.createElement('div');
  document.body.appendChild(container);
  const form = new Form({ container, debounce: false });
  try {
    await form.importSchema(schema, data);
    await settled();
    const state = JSON.parse(JSON.stringify(form._getState().data));
    const [entered, refused] = [[], []];
    fill(form, form._getState().schema, entry, [], {}, state, entered, refused);
    form._setState({ data: state });
    form.get('expressionLoopPreventer').reset();
    await settled();
    const { data: submitted, errors } = form.submit();
    const shown = new Set(form.get('formFieldInstanceRegistry').getAllKeyed().map((each) => JSON.stringify(each.valuePath)));
    // What a hidden or a disabled component was given is not submitted, and is no fault.
    for (const { component, path, value } of entered) {
      if (component.disabled || !shown.has(JSON.stringify(path))) continue;
      const found = at(submitted, path);
      if (!holds(component, found, value)) refused.push([...path, '->', found === undefined ? null : found]);
    }
    return { valid: Object.keys(errors).length === 0, errors, refused, submitted };
  } catch (error) {
    return { failed: String(error && error.message) };
  } finally {
    form.destroy();
    container.remove();
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await judged(JSON.parse(line)))}\n`);
}
process.exit(0);
