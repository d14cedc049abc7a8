// A dialog over the page. The browser keeps the focus inside and gives it back.
import { useEffect, useRef } from "preact/hooks";
import { dialog } from "../state.js";
import { t } from "../words.js";
import { html } from "./html.js";

export const close = () => (dialog.value = null);

export function Dialog({ title, children, size = "" }) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`
    <dialog ref=${box} class=${size} aria-labelledby="dialog-title" onCancel=${(event) => { event.preventDefault(); close(); }} onClick=${(event) => event.target === box.current && close()}>
      <div class="inside">
        <header><h2 id="dialog-title">${title}</h2><button type="button" class="icon" aria-label=${t("dialog.close")} onClick=${close}><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="m4 4 8 8M12 4l-8 8" /></svg></button></header>
        ${children}
      </div>
    </dialog>
  `;
}
