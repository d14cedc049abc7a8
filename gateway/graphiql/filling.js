"use strict";
// Fills in the form of a task, so that the example that completes one runs unchanged.
globalThis.filling = (() => {
  const NUMBERS = new Set(["NUMBER", "INTEGER"]);
  // For each type the values to try, in this order: the first one that fits the rules of the field is taken.
  const SAMPLES = {
    BOOLEAN: [true],
    DATE: ["2030-01-31"],
    DATETIME: ["2030-01-31T12:00:00Z", "2030-01-31T12:00", "2030-01-31T12:00Z"],
    TEXT: ["sample", "sample of a text that is somewhat longer", "12:00", "12:00Z", "someone@example.com", "+4930664040900", "12345", "A"],
  };

  const fits = (field, text) =>
    typeof text !== "string" ||
    ((field.minLength ?? 0) <= text.length && text.length <= (field.maxLength ?? Infinity) && (!field.pattern || new RegExp(field.pattern).test(text)));

  function number({ minimum, maximum, step }) {
    const start = typeof minimum === "number" ? minimum : step || 1;
    return typeof maximum === "number" && maximum < start ? maximum : start;
  }

  /** A value for a field that has none; undefined if none is known, such as for a file. */
  function answer(field) {
    const chosen = field.options?.map((option) => option.rawValue);
    if (field.type === "MULTI_SELECT") return chosen?.slice(0, Math.max(field.minItems ?? 1, 1)) ?? [];
    if (chosen) return chosen[0];
    if (NUMBERS.has(field.type)) return number(field);
    if (field.fields) return Array.from({ length: Math.max(field.minItems ?? 1, 1) }, () => data(field.fields));
    const value = SAMPLES[field.type]?.find((each) => fits(field, each));
    return field.isMultiple && value !== undefined ? [value] : value;
  }

  const isDemanded = (field) => field.required && !field.isConditional && !field.isDisabled && !field.isReadOnly;
  const isEmpty = (value) => value === null || value === undefined || value === "" || value === false || (Array.isArray(value) && !value.length);

  /** Values for the fields that the form demands and that have none; undefined if one of them has no sample. */
  function data(fields) {
    const demanded = fields.filter((field) => isDemanded(field) && isEmpty(field.value));
    const answers = demanded.map((field) => [field.key, answer(field)]);
    return answers.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(answers);
  }

  /** The variables of the examples: of the first task with a form that demands something, else of the first one. */
  function variables(tasks) {
    const filled = tasks.map((task) => ({ id: task.id, outcome: task.outcomes?.[0]?.code ?? null, data: data(task.form?.fields ?? []) }));
    const found = filled.find((each) => each.data && Object.keys(each.data).length) ?? filled.find((each) => each.data) ?? { id: "", outcome: null, data: {} };
    return { ...found, data: Object.keys(found.data).length ? found.data : null };
  }

  return { variables };
})();
