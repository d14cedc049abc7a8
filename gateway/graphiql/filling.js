"use strict";
// What the page puts into its tabs: a task that the examples can use unchanged, with data for its form, and another one after it.
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

  /**
   * The variables of the examples: of the first task with outcomes and a form that demands something, else with such a form,
   * else with outcomes, else of the first one.
   */
  function variables(tasks) {
    const filled = tasks
      .map((task) => ({ id: task.id, outcome: task.outcomes?.[0]?.code ?? null, data: data(task.form?.fields ?? []) }))
      .filter((each) => each.data);
    const demands = (each) => Object.keys(each.data).length > 0;
    const found =
      filled.find((each) => demands(each) && each.outcome !== null) ?? filled.find(demands) ?? filled.find((each) => each.outcome !== null) ?? filled[0] ?? { id: "", outcome: null, data: {} };
    return { ...found, data: demands(found) ? found.data : null };
  }

  /** The text of a tab's variables with those of `current`, if its id is one of `past`; null if it is the visitor's own. */
  function renewed(text, past, current) {
    let held;
    try {
      held = JSON.parse(text);
    } catch {
      return null;
    }
    if (typeof held !== "object" || held === null || !current.id || !past.has(held.id)) return null;
    const known = Object.keys(held).filter((name) => name in current);
    return JSON.stringify({ ...held, ...Object.fromEntries(known.map((name) => [name, current[name]])) }, null, 2);
  }

  const ENDED = new Set(["COMPLETED", "SKIPPED", "CANCELED"]);
  const TOO_LATE = new Set(["INVALID_STATE", "NOT_FOUND", "ALREADY_ASSIGNED"]);

  /** Whether the answer shows that the task can be used no more: it is not there, it has ended, or it is another person's. */
  function isUsed(data) {
    return Object.entries(data ?? {}).some(
      ([name, result]) =>
        (name === "task" && result === null) ||
        (name === "assignTask" && result?.status === "APPLIED") ||
        (result?.status && (ENDED.has(result.task?.state) || (result.errors ?? []).some(({ code }) => TOO_LATE.has(code)))),
    );
  }

  /** The name to send with a text: the editor tells it with a delay. */
  function operationName(query, told) {
    const names = [...query.matchAll(/(?:^|[\s}])(?:query|mutation|subscription)\s+([_A-Za-z][_0-9A-Za-z]*)/g)].map(([, name]) => name);
    if (names.includes(told)) return told;
    return names.length === 1 ? names[0] : undefined;
  }

  return { isUsed, operationName, renewed, variables };
})();
