// Gives a task to a person or a group that its system takes.
import { t } from "../words.js";
import { assign, busy } from "../writes.js";
import { close, Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Picker } from "./picker.js";

export function AssignDialog({ task, viewer }) {
  const pick = async (to) => {
    // Only a task admin may take a task from its owner; the gateway says so where it is not allowed.
    await assign(task, to, { override: Boolean(task.assignee) && task.assignee.id !== viewer?.user.id });
    close();
  };
  return html`<${Dialog} title=${t("assign.title", { title: task.title })}><${Picker} task=${task} viewer=${viewer} isOff=${Boolean(busy.value)} onPick=${pick} /><//>`;
}
