// What all views write their elements with.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);

/** The address, if it leads to a web page: a system's text may hold any other scheme. */
export function webAddress(text) {
  try {
    const { protocol, href } = new URL(text);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** A link to a page of a system, in a tab of its own. Without a web address it is only text. */
export function Outside({ href, children }) {
  const address = href && webAddress(href);
  return address ? html`<a class="outside" href=${address} target="_blank" rel="noopener noreferrer">${children}<span aria-hidden="true"> ↗</span></a>` : html`<span>${children}</span>`;
}

const initials = (name) => name.split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((each) => [...each][0].toUpperCase()).join("");

export const Avatar = ({ name }) => html`<span class="avatar" aria-hidden="true" data-initials=${initials(name)}></span>`;

/** The mark of a system: the same colour everywhere. */
export const System = ({ source, sources }) => {
  const place = sources.findIndex(({ id }) => id === source.id);
  return html`<span class="system"><i class="dot" data-hue=${Math.max(place, 0) % 8} aria-hidden="true"></i>${source.name}</span>`;
};
