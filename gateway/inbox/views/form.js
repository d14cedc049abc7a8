// The vendor's form and the ways to complete the task with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words.js";
import { busy, complete, results, saveDraft } from "../writes.js";
import { Field } from "./field.js";
import { html, Outside } from "./html.js";
import { collected, initial } from "./values.js";

const isSame = (one, other) => one.join("\u0000") === other.join("\u0000");

/** Fields with the headings of their groups, in the vendor's order. */
function Fields({ task, fields, values, errors, write }) {
  let before = [];
  return fields.map((field) => {
    const group = field.group ?? [];
    const isOther = group.length > 0 && !isSame(group, before);
    before = group;
    return html`${isOther && html`<h4 class="group">${group.join(" › ")}</h4>`}<${Field} key=${field.key} task=${task} field=${field} path=${["data", field.key]} value=${values[field.key]} errors=${errors} onChange=${(value) => write(field.key, value)} />`;
  });
}

/** What a system's own page has to be used for; null if the form is all here. */
function Elsewhere({ task }) {
  const { kind, url } = task.form ?? {};
  if (kind !== "EXTERNAL_URL") return null;
  return html`<p class="note">${t("form.elsewhere", { system: task.source.name })} ${(url ?? task.url) && html`<${Outside} href=${url ?? task.url}>${t("form.open")}<//>`}</p>`;
}

/** The outcome that stands out: what the vendor calls good, or else the first that is not bad. */
const isMain = ({ nature }, index) => nature === "POSITIVE" || (nature === "NEUTRAL" && index === 0);

export function Form({ task, permits }) {
  const fields = task.form?.fields ?? [];
  const outcomes = task.outcomes ?? [];
  const [values, setValues] = useState(() => initial(fields));
  const touched = useRef(new Set());
  const [remark, setRemark] = useState("");
  const [own, setOwn] = useState([]);
  const place = useRef(null);
  const result = results.value.get(task.id);
  const told = result?.status === "REJECTED" && ["COMPLETE", "SAVE_DRAFT"].includes(result.action) ? result.errors : [];
  const errors = [...own, ...told];
  const permit = permits.get("COMPLETE");

  useEffect(() => {
    if (errors.some(({ field }) => field?.length)) place.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [own, result]);
  useEffect(() => {
    // Another person's draft, or data that has come: only into fields that this person has not changed.
    setValues((now) => {
      const next = initial(fields);
      for (const key of touched.current) if (key in now) next[key] = now[key];
      return next;
    });
  }, [task.version, task.form]);

  const write = (key, value) => {
    touched.current.add(key);
    setValues((now) => ({ ...now, [key]: value }));
  };
  const gather = () => {
    const { data, errors: found } = collected(fields, values, touched.current);
    setOwn(found);
    return found.length ? null : data;
  };
  const finish = (outcome) => async (event) => {
    event?.preventDefault();
    if (busy.value) return;
    const data = gather();
    if (!data) return;
    const takesData = outcome ? outcome.data !== "UNSUPPORTED" : true;
    await complete(task, { outcome: outcome?.code ?? null, data: takesData && Object.keys(data).length ? data : null, comment: remark });
  };
  const draft = async () => {
    const data = gather();
    if (data && (await saveDraft(task, data))?.status === "APPLIED") touched.current = new Set();
  };
  const atOutcome = errors.filter(({ field }) => field?.[0] === "outcome");
  const atComment = errors.filter(({ field }) => field?.[0] === "comment");
  const takesComment = outcomes.some(({ comment }) => comment === "REQUIRED" || comment === "OPTIONAL");
  const known = new Set(fields.map(({ key }) => key));
  const stray = errors.filter(({ field }) => field?.[0] === "data" && !known.has(field[1]));
  const isFree = task.state === "READY" && !task.assignee && Boolean(permits.get("CLAIM")?.allowed);
  const reason = permit && !permit.allowed ? (isFree ? t("form.claimFirst") : (permit.reason ?? t("action.off"))) : null;
  const isBusy = busy.value === `COMPLETE ${task.id}`;
  if (!task.isOpen && !fields.length) return null;
  return html`
    <section class="part" aria-labelledby="form-title">
      <h3 id="form-title">${t(fields.length ? "part.form" : "part.complete")}</h3>
      <${Elsewhere} task=${task} />
      <form id="form" ref=${place} noValidate onSubmit=${outcomes.length === 1 ? finish(outcomes[0]) : outcomes.length ? (event) => event.preventDefault() : finish(null)}>
        <fieldset disabled=${!task.isOpen || isBusy}>
          <legend class="unseen">${t("part.form")}</legend>
          <${Fields} task=${task} fields=${fields} values=${values} errors=${errors} write=${write} />
          ${task.isOpen &&
          takesComment &&
          html`<div class="field"><label for="remark">${t("form.comment")}</label>
            <textarea id="remark" rows="2" value=${remark} aria-invalid=${atComment.length ? "true" : undefined} aria-describedby=${atComment.length ? "remark-error" : undefined} onInput=${(event) => setRemark(event.target.value)}></textarea>
            ${atComment.length > 0 && html`<p class="error" id="remark-error">${atComment.map(({ message }) => message).join(" ")}</p>`}</div>`}
          ${[...atOutcome, ...stray].map(({ message }) => html`<p class="error" role="alert">${message}</p>`)}
          ${task.isOpen &&
          html`<div class="outcomes">
            ${outcomes.length
              ? outcomes.map((each, index) => html`<button type="button" data-nature=${each.nature} data-outcome=${each.code} class=${isMain(each, index) ? "primary" : ""} aria-disabled=${reason ? "true" : undefined} title=${reason ?? undefined} onClick=${reason ? null : finish(each)}>${each.label ?? each.code}</button>`)
              : html`<button class="primary" data-outcome="" aria-disabled=${reason ? "true" : undefined} title=${reason ?? undefined} type=${reason ? "button" : "submit"}>${t("action.COMPLETE")}</button>`}
            ${permits.get("SAVE_DRAFT")?.allowed && fields.length > 0 && html`<button type="button" class="quiet" onClick=${draft}>${t("action.SAVE_DRAFT")}</button>`}
          </div>`}
          ${reason && task.isOpen && html`<p class="faint">${reason}</p>`}
        </fieldset>
      </form>
    </section>
  `;
}
